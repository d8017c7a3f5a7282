"""The transition table bears weight: what the scripts do is what its rows say, and without a row every verb refuses.

Each case is run with the whole table, then with each row left out that starts where the case's task or plan stands: a
row that the case takes makes it refuse with nothing written, any other changes nothing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.domain.errors import BadMove
from orchestrator.domain.transitions import PLAN_TRANSITIONS, TASK_TRANSITIONS, Guard
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Reply, Taken
from orchestrator.ledger.script_source import Tables
from orchestrator.settings.model import Settings
from tests.support.ledger_world import LedgerWorld
from tests.support.table_cases import Case, Row, cases

CASES = list(cases())
ROWS: dict[Row, Any] = {
    **{("task", row.source.value, row.trigger.value): row for row in TASK_TRANSITIONS},
    **{("plan", row.source.value, row.trigger.value): row for row in PLAN_TRANSITIONS},
}
NewWorld = Callable[[], LedgerWorld]


@pytest.fixture
def new_world(redis_client: redis.Redis, settings: Settings) -> NewWorld:
    numbers = itertools.count()
    return lambda: LedgerWorld(
        redis_client, settings.model_copy(update={"namespace": f"{settings.namespace}-{next(numbers)}"})
    )


def without(row: Row) -> Tables:
    kind = row[0]
    tasks = [known for key, known in ROWS.items() if key[0] == "task" and key != row]
    plans = [known for key, known in ROWS.items() if key[0] == "plan" and key != row]
    assert len(tasks) + len(plans) == len(ROWS) - 1, kind
    return Tables(tasks, plans)


def states(world: LedgerWorld) -> tuple[str, str]:
    return world.task("p.0").get("status", ""), world.status("p")


def cut(world: LedgerWorld, row: Row) -> LedgerWorld:
    """The same namespace as a release sees it whose table lacks the row."""
    return world.on(Ledger(world.client, world.settings, without(row)))


def traces(dump: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is kept of the task p.0, but the time at which the sweeps look at it again."""
    for key, value in dump.items():
        name = key.rpartition("}:")[2]
        if name in ("task:p.0", "checkpoint:p.0", "tenant:a", "line:a"):
            yield name, value
        elif name.startswith(("leases-", "deadlines", "slots:p", "plan-paused:p")):
            yield name, "p.0" in dict.fromkeys(value if isinstance(value, set) else [member for member, _ in value])
        elif name == "queue:p":
            yield name, [pair for pair in value if pair[0] == "p.0"]
        elif name == "log:p":
            yield name, [entry for _, entry in value if entry["k"] == "p.0"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_row_less_refuses_what_takes_it_and_nothing_else(case: Case, new_world: NewWorld) -> None:
    world = new_world()
    case.make(world)
    task_state, plan_state = states(world)
    case.act(world)
    after = states(world)
    for kind, before, now in (("task", task_state, after[0]), ("plan", plan_state, after[1])):
        targets = {ROWS[row].target.value for row in case.rows if row[0] == kind}
        assert now in (targets or {before, now}), kind
    nearby = {row for row in ROWS if row[:2] in (("task", task_state), ("plan", plan_state))}
    for row in sorted(case.rows | case.asked | nearby):
        world = new_world()
        case.make(world)
        before_act = world.state()
        if row in case.rows | case.asked:
            refuses(case, row, cut(world, row), before_act)
        else:
            case.act(cut(world, row))
            assert states(world) == after, f"without {row}"


def refuses(case: Case, row: Row, world: LedgerWorld, before: dict[str, Any]) -> None:
    with capture_logs() as logs:
        try:
            answer = case.act(world)
        except BadMove as error:
            assert (error.args[0], error.args[2], error.args[3]) == row
            assert world.state() == before, f"without {row} it was refused, and yet something was written"
            return
    if isinstance(answer, Reply) and not case.several:
        assert (answer.answer, answer.why) == (Taken.REFUSED, "state"), f"without {row}: {answer}"
        assert world.state() == before
        return
    assert case.several, f"without {row} it was done all the same: {answer}"
    named = [log["event"] for log in logs if log.get("action") == "bad-move"]
    assert any(f"{row[0]} p" in text and f"is {row[1]}, {row[2]}" in text for text in named), (row, named)
    assert dict(traces(world.state())) == dict(traces(before)), f"without {row} the task was half moved"


def test_every_row_has_a_case_and_writes_its_events(new_world: NewWorld) -> None:
    written: dict[Row, set[str]] = defaultdict(set)
    for case in CASES:
        world = new_world()
        case.make(world)
        since = world.now()
        case.act(world)
        kinds = set(world.kinds(since, task_id="p.0")) | {kind for kind in world.kinds(since) if kind[:4] == "Plan"}
        for row in case.rows:
            is_plans = {kind for kind in kinds if kind.startswith("Plan") and kind != "PlanProgress"}
            written[row] |= is_plans if row[0] == "plan" else kinds - is_plans
    # Of what comes before the move in the same call: the operation, the recovery, the stage that ends.
    stages = {kind for kinds in written.values() for kind in kinds if "Stage" in kind}
    of_others = {"OperationRequested", "TaskRecovered", *stages}
    assert {row: kinds - of_others for row, kinds in written.items()} == {
        row: set(known.events) for row, known in ROWS.items()
    }
