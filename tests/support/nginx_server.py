"""A private nginx before a console, as a signing-in proxy: it says who the user is, whatever the user says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import httpx

from tests.support.redis_server import free_port
from tests.support.waiting import wait_until

CONFIGURATION = """
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    auth_basic "sign in"; auth_basic_user_file {folder}/users;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Authorization "";
      proxy_set_header X-Remote-User $remote_user;
      proxy_set_header X-Remote-Groups $groups;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_buffering off;
    }}
  }}
  map $remote_user $groups {{ default ""; ada "sre"; eve "leads,sre"; }}
}}
"""


def find_nginx() -> str | None:
    """Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class NginxServer:
    """Knows ada (of group sre), eve (of leads too) and bob (of none); their passwords are their names."""

    def __init__(self, folder: Path, behind: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        users = "".join(f"{name}:{{PLAIN}}{name}\n" for name in ("ada", "bob", "eve"))
        (folder / "users").write_text(users)
        # Root's workers would be nobody's, who may read no folder of pytest's; of all others nginx takes no user.
        user = "user root root; " if os.getuid() == 0 else ""
        self._file = folder / "nginx.conf"
        self._file.write_text(CONFIGURATION.format(folder=folder, port=self.port, behind=behind, user=user))

    def __enter__(self) -> NginxServer:
        binary = find_nginx()
        assert binary is not None
        self._process = subprocess.Popen([binary, "-c", str(self._file), "-e", "stderr"])
        wait_until(lambda: self._answers() or self._process.poll() is not None)
        assert self._process.poll() is None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False
