"""What a caller hands in is quoted in an error without the password of an address, and without a secret: an error ends
in the log of whoever called."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from orchestrator.client import Client
from orchestrator.domain.errors import ChangeoverError
from orchestrator.facade import DeploymentTaskFacade
from orchestrator.secrets import masking
from orchestrator.secrets.known import KnownSecrets
from tests.support.cli import in_this_process
from tests.support.place import Place

URL: Final = "redis://u:hunter2secret@h:1/0"
Ask = Callable[[Any, str], Any]

TOLD: Final[dict[str, tuple[Ask, str]]] = {
    "of another kind": (lambda client, url: client.status("p", by_interest=url), "(got 'redis://***@h:1/0')"),
    "its making": (
        lambda _, url: Client(url),  # type: ignore[arg-type]
        "(got 'redis://***@h:1/0')",
    ),
    "a console": (lambda _, url: Client.through(url, "t"), "(got 'redis://h:1/0')"),
    "an id": (lambda client, url: client.summary(url), "no plan 'redis://***@h:1/0' in namespace"),
    "one by one": (lambda client, url: next(client.events(url)), "no plan 'redis://***@h:1/0' in namespace"),
    "a verb": (lambda client, url: client.pause(tenant_id=url), "tenant 'redis://***@h:1/0'"),
    "a path": (lambda client, url: client.submit(Path(url)), "redis://***: no such file"),
    "judged by itself": (
        lambda client, url: client.freeze(reason="r", label=url, for_seconds=1.0),
        "redis://***@h:1/0",
    ),
    "unquoted": (lambda client, url: client.sign_in_link(actor=url), "token for redis://***@h:1/0; name one"),
    "the facade": (
        lambda client, url: DeploymentTaskFacade(client).query_task_status([url]),  # type: ignore[arg-type]
        "not ['redis://***@h:1/0']",
    ),
}


def test_no_password_of_an_address_is_told(client: Client) -> None:
    for what, (ask, words) in TOLD.items():
        with pytest.raises(ChangeoverError) as told:
            ask(client, URL)
        assert words in str(told.value), what
        whole = [repr(told.value), *traceback.format_exception(told.value)]
        assert "hunter2secret" not in "".join(whole), what


def test_no_secret_that_the_process_can_find_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", KnownSecrets())
    monkeypatch.setattr(masking, "_source", None)
    monkeypatch.setenv("CHANGEOVER_SECRET_S1", "plantedsecret9431")
    with pytest.raises(ChangeoverError, match=r"^no plan '\*\*\*' in namespace"):
        client.summary("plantedsecret9431")


def test_nor_does_a_command(place: Place) -> None:
    for arguments in (["status", URL], ["status", "x", URL], [URL], ["submit", URL], ["up", "--pool", URL]):
        code, told = in_this_process(*arguments, environment=place.environment())
        assert (code in (2, 3), "redis://***" in told, "hunter2secret" in told) == (True, True, False), told
