"""A private PostgreSQL for a test session: a throw-away cluster in a temporary folder, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.redis_server import free_port

PASSWORD = "p-@ss/word"  # with characters that a URL must escape
URL_PASSWORD = "p-%40ss%2Fword"


def find_binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: Debian's newest, else the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """Starts it, and stops and deletes it. PostgreSQL refuses to run as root, so root runs it as another user."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="changeover-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"postgresql://changeover:{URL_PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(PASSWORD)
        password_file.chmod(0o644)
        self._run(
            "initdb",
            *("-D", str(self._folder / "data"), "-U", "changeover", "--pwfile", str(password_file)),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync"),
        )
        self.run_server()

    def run_server(self) -> None:
        """Starts the server of the folder and waits until it answers."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder}"
        data = str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-o", options, "-l", str(self._folder / "log"), "-w", "start")

    def kill(self) -> None:
        """Ends it at once, as a crash would; ``run_server`` recovers it."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            cwd=self._folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            stdout=subprocess.DEVNULL,
            # A pipe would be held open by the server that pg_ctl leaves behind.
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            log = self._folder / "log"
            raise AssertionError(f"{program} failed: {log.read_text() if log.exists() else done.returncode}")


def _unprivileged() -> pwd.struct_passwd:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]
