"""One application out of the rooms of the console. A new router is included here, or in ``api`` or ``page``."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from orchestrator.client import Client
from orchestrator.console import api, health, page
from orchestrator.console.access import sign_in
from orchestrator.console.access.bodies import Bodies
from orchestrator.console.access.change_rates import ChangeRates
from orchestrator.console.access.door import Doorkeeper
from orchestrator.console.access.hosts import KnownHosts
from orchestrator.console.access.identity import Identities
from orchestrator.console.access.roles import Actor
from orchestrator.console.access.sign_in import Reception
from orchestrator.console.access.streams import OpenStreams
from orchestrator.console.addressed import PartsKept
from orchestrator.console.api.every_mistake import every_mistake
from orchestrator.console.api.shared import Shared
from orchestrator.console.problems import Refusal, install_problems
from orchestrator.ledger.connection import connect, translate_errors
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.sessions import Sessions
from orchestrator.ledger.tokens import Tokens
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import find_servers


def create_app(settings: Settings, client: Client) -> FastAPI:
    """The application; ``client`` is used by all requests and closed by the caller. Raises ``Unreachable`` when no
    server is named."""
    # The API serves its own document and pages: those of FastAPI load scripts from elsewhere.
    # A redirect would name the address as we see it, behind a proxy without its TLS.
    app = FastAPI(
        title="Changeover",
        version=version("changeover"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    url = find_servers(settings).redis_url
    redis = connect(url, patient=False, replicas=settings.redis, namespace=settings.namespace)
    ledger = Ledger(redis, settings)
    identities = Identities(Tokens(ledger), settings.console)
    streams = OpenStreams(identities.still_holds)
    app.state.client = client
    app.state.settings = settings
    app.state.streams = streams
    app.state.bodies = Bodies()
    app.state.rates = ChangeRates()
    app.state.shared = Shared(settings, client)
    translated = partial(translate_errors, url)
    app.state.reception = Reception(identities, Sessions(ledger), settings.console.session_seconds, translated)
    app.state.sign_in_page = page.sign_in_page
    app.state.redis = redis

    def identify(request: Request) -> Actor | None:
        try:
            return identities.of(request).actor
        except Refusal:
            return None

    app.state.identify = identify
    install_problems(app, page.error_page, every_mistake)
    for router in (health.router, sign_in.router, api.router, api.document.pages, page.router):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=page.STATIC), name="static")
    app.add_middleware(PartsKept)
    app.add_middleware(
        Doorkeeper,
        identities=identities,
        hosts=KnownHosts(settings.console),
        streams=streams,
        bodies=app.state.bodies,
        page=page.error_page,
        translated=translated,
    )
    return app
