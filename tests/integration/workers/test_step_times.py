"""Times of steps reach the ledger's counters once, whatever becomes of an answer."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, cast

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from orchestrator.ledger.ledger import Ledger
from orchestrator.observability.buckets import power_of
from orchestrator.settings.model import Settings
from steps import Done, Failed, PollAgain
from workers.step_times import StepTimes


@pytest.fixture
def ledger(user_client: redis.Redis, settings: Settings) -> Ledger:
    return Ledger(user_client, settings)


def counters(ledger: Ledger) -> dict[str, str]:
    return cast(dict[str, str], ledger.client.hgetall(ledger.keys.of("counters")))


def test_what_is_left_is_sent_at_the_stop(ledger: Ledger) -> None:
    times = StepTimes(ledger)
    times.took("noop", Done(), 0.004)
    times.took("noop", Done(), 0.9)
    times.took("health-check", PollAgain(1.0), 0.02)
    times.took("health-check", Failed("Unhealthy", "no"), 0.02)

    times.stop()

    assert counters(ledger) == {
        "step:noop:done:3": "1",
        "step:noop:done:10": "1",
        "step:noop:done:sum": "904",
        "step:health-check:again:5": "1",
        "step:health-check:again:sum": "20",
        "step:health-check:failed:5": "1",
        "step:health-check:failed:sum": "20",
    }
    times.send()
    assert counters(ledger)["step:noop:done:3"] == "1"


@pytest.mark.parametrize("comes_through", [True, False], ids=["answer lost", "call lost"])
def test_a_batch_in_doubt_counts_once(comes_through: bool, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    times = StepTimes(ledger)
    real = ledger.count

    def broken(*arguments: Any) -> None:
        if comes_through:
            real(*arguments)
        raise RedisConnectionError("gone")

    times.took("noop", Done(), 0.004)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "count", broken)
        times.send()
    times.took("noop", Done(), 0.004)

    times.send()
    times.stop()

    assert counters(ledger)["step:noop:done:3"] == "2"


@pytest.mark.parametrize("milliseconds", [0, 1, 7, 8, 9, 16, 17, 1024, 4194304, 4194305, 10**9])
def test_python_and_lua_have_the_same_buckets(milliseconds: int, ledger: Ledger) -> None:
    observe = (files("orchestrator.ledger") / "scripts/includes/counters.lua").read_text()
    key = ledger.keys.of("counters")
    source = f"local K = {{counters = function() return KEYS[1] end}}\n{observe}\nobserve('x', tonumber(ARGV[1]))"

    ledger.client.eval(source, 1, key, str(milliseconds))

    assert counters(ledger) == {f"x:{power_of(milliseconds)}": "1", "x:sum": str(milliseconds)}
