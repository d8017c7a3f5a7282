"""One application out of the rooms of the console. A new router is included here, or in ``api`` or ``page``."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from orchestrator.client import Client
from orchestrator.console import api, health, page
from orchestrator.console.access.door import Doorkeeper, Identify
from orchestrator.console.problems import install_problems
from orchestrator.settings.model import Settings


def create_app(settings: Settings, client: Client, identify: Identify = lambda _: None) -> FastAPI:
    """The application; ``client`` is used by all requests and closed by the caller."""
    # The API serves its own document and pages: those of FastAPI load scripts from elsewhere.
    app = FastAPI(title="Changeover", version=version("changeover"), docs_url=None, redoc_url=None, openapi_url=None)
    app.state.client = client
    app.state.settings = settings
    install_problems(app, page.error_page)
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(page.router)
    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")
    app.add_middleware(Doorkeeper, identify=identify, page=page.error_page)
    return app
