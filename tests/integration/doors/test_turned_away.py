"""Who changes too much at once through a console waits as long as it says, a bounded time, and then says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.console.access.change_rates import ChangeRate
from orchestrator.control.target import OperationTarget, order_of
from orchestrator.domain.errors import InvalidInput, Unreachable
from orchestrator.doors.remote.connection import Connection
from orchestrator.doors.remote.operates import ask
from orchestrator.doors.remote.turned_away import MOST_WAITED_SECONDS
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.plans import noop_stage, plan, tenant


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        console.client.submit(plan("rated", [tenant("acme")], [noop_stage("a")]))
        yield console


def test_it_waits_as_long_as_the_console_says_and_gives_up(console: ConsoleServer) -> None:
    now, slept = [0.0], list[float]()

    def wait(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    connection = Connection(console.url, console.token("operator"), wait)
    console.app.state.rates.changes = ChangeRate("changes", 2, 0.2, lambda: now[0])
    for number in range(4):
        verb = ("pause", "resume")[number % 2]
        answer = ask(connection, OperationTarget("plan", "rated"), verb, order_of(None, "noise", f"r-{number}"))
        assert (answer.accepted, answer.request_id) == (True, f"r-{number}")
    assert slept == [5.0, 5.0]
    console.app.state.rates.changes = ChangeRate("changes", 0, 0.2, lambda: 0.0)
    with pytest.raises(Unreachable, match=r"too many changes of test-operator.*given up after 30 s of waiting"):
        ask(connection, OperationTarget("plan", "rated"), "pause", order_of(None, "noise", "r-9"))
    assert sum(slept[2:]) == MOST_WAITED_SECONDS
    # What takes longer than that is not waited for at all.
    console.app.state.rates.changes = ChangeRate("changes", 0, 0.01, lambda: 0.0)
    with pytest.raises(Unreachable, match=r"the next in 100 s$"):
        ask(connection, OperationTarget("plan", "rated"), "pause", order_of(None, "noise", "r-9"))
    console.app.state.rates.changes = ChangeRate("changes", 9, 1.0)
    with pytest.raises(InvalidInput, match="request_id: it must not be empty"):
        ask(connection, OperationTarget("plan", "rated"), "pause", order_of(None, "noise", " "))
    connection.close()
