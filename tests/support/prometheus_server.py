"""A private Prometheus for a test: our own configuration, with processes of the test instead of names of services."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import yaml

from tests.support.redis_server import free_port
from tests.support.waiting import wait_until

CONFIGURATION: Final = Path(__file__).parents[2] / "deploy" / "prometheus" / "prometheus.yml"
PROGRAM: Final = shutil.which("prometheus")
"""None on a machine without it (Debian: prometheus)."""


class PrometheusServer:
    """``ports``: of each job, where its process serves metrics. Use as a context manager."""

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        self._folder, self._port = folder, free_port()
        found = yaml.safe_load(CONFIGURATION.read_text())
        found["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        found["rule_files"] = [str(CONFIGURATION.parent / name) for name in found["rule_files"]]
        for job in found["scrape_configs"]:
            del job["dns_sd_configs"]
            job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[job['job_name']]}"]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(found))
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, path: str, **parameters: str) -> Any:
        """What its HTTP API answers, without the frame; a mistake in a query fails the test."""
        answer = httpx.get(f"http://127.0.0.1:{self._port}/api/v1/{path}", params=parameters, timeout=10.0).json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that it finds now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=output,
                stderr=output,
            )
        wait_until(self._is_ready, 60, f"Prometheus does not start: see {self._folder / 'output'}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "output").read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/-/ready", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False
