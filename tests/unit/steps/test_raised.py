"""What a user's code raises is its own fault, but for what ends the process, or the greenlet."""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from steps.instances.sources import Instances
from steps.public import InstanceSource, SourceUnavailable
from steps.raised import Escaped, contained, is_for_process

OWN = [SystemExit("bye"), SystemExit(1), asyncio.CancelledError(), GeneratorExit()]


@pytest.mark.parametrize("error", [*OWN, KeyError("a"), ConnectionError("away")], ids=repr)
def test_what_nobody_expects_is_contained_and_named(error: BaseException) -> None:
    with pytest.raises(Escaped, match=rf"^the store raised {type(error).__name__}"), contained("the store"):
        raise error


def test_what_its_contract_names_passes() -> None:
    with pytest.raises(TimeoutError), contained("the store", OSError):
        raise TimeoutError


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(15 - 256)], ids=repr)
def test_what_ends_the_process_passes_in_the_main_thread_alone(error: BaseException) -> None:
    with pytest.raises(type(error)), contained("the store"):
        raise error
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(is_for_process, error).result()


@pytest.mark.parametrize("handler", [signal.SIG_IGN, print], ids=["ignored", "of-a-worker"])
def test_where_ctrl_c_raises_nothing_it_is_the_codes_own(monkeypatch: pytest.MonkeyPatch, handler: object) -> None:
    monkeypatch.setattr(signal, "getsignal", {signal.SIGINT: handler}.get)
    with pytest.raises(Escaped, match=r"^the store raised KeyboardInterrupt"), contained("the store"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("error", OWN, ids=repr)
def test_a_source_that_raises_it_cannot_say(error: BaseException) -> None:
    class Broken(InstanceSource):
        def find(self, name: str) -> list[str] | None:
            raise error

    with pytest.raises(SourceUnavailable, match=f"^Broken cannot say: {type(error).__name__}"):
        Instances({}, [Broken()]).pick("a", "all", "/")
