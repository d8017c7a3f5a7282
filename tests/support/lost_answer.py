"""A client whose connection breaks once, when the answer to what it asked is on its way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from pydantic import SecretStr

from orchestrator.client import Client
from orchestrator.settings.model import Settings
from tests.chaos.proxy import TcpProxy
from tests.support.place import Place


@contextmanager
def client_that_loses_an_answer(settings: Settings, place: Place) -> Iterator[Client]:
    """It loses the first that says ``ACCEPTED``, and fails at the end if there was none."""
    port = urlsplit(place.redis_url).port
    assert port is not None
    proxy = TcpProxy(port)
    through = SecretStr(place.redis_url.replace(f":{port}/", f":{proxy.port}/"))
    try:
        with Client(settings.model_copy(update={"redis_url": through})) as client:
            proxy.lose_answers(1, b"ACCEPTED")
            yield client
    finally:
        proxy.close()
    assert proxy.answers_to_lose == 0
