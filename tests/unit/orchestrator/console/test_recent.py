"""What is made once for all who ask at the same time is never older than the question."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.console.api.recent import Recent
from tests.support.waiting import wait_until


def test_whoever_asks_while_one_is_made_waits_for_the_next_with_all_others() -> None:
    recent, begun, go_on, made = Recent(), threading.Event(), threading.Event(), list[int]()

    def make() -> int:
        made.append(len(made) + 1)
        number = made[-1]
        begun.set()
        assert go_on.wait(20)
        return number

    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(recent.get, "p", make)
        assert begun.wait(20)
        others = [threads.submit(recent.get, "p", make) for _ in range(5)]
        wait_until(lambda: recent._kept["p"].asked == 6)
        go_on.set()
        assert first.result(20) == 1
        assert {other.result(20) for other in others} == {2}
    assert recent.get("p", make) == 3
    assert recent.get("q", lambda: 4) == 4


def test_what_fails_is_kept_for_nobody() -> None:
    recent = Recent()
    with pytest.raises(ZeroDivisionError):
        recent.get("p", lambda: 1 // 0)
    assert recent.get("p", lambda: 1) == 1
