"""The server under the console."""

from __future__ import annotations

import uvicorn

from orchestrator.client import Client
from orchestrator.console.app import create_app
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.model import load_settings


def run_console(host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C."""
    settings = load_settings()
    configure_logs(settings)
    with Client(settings) as client:
        config = uvicorn.Config(
            create_app(settings, client),
            host=host,
            port=port,
            log_config=None,
            proxy_headers=False,
            server_header=False,
        )
        uvicorn.Server(config).run()
