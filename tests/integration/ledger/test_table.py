"""The transition tables bear weight: what the scripts do is what its rows say, and without a row every verb refuses.

Each case is run with the code's tables, then with each row left out that starts where its task, plan or wave stands: a
row that the case takes makes it refuse with nothing written, any other changes nothing (``make test`` leaves out one of
these others a case). The situation of a case is made with the whole table (``tests/support/whole_table.py``), whatever
the code's lacks. So a row that is deleted in ``transitions.py`` fails exactly the cases of its transition, those that
take it or ask for it, by its name: ``test_rows_left_out.py`` deletes each.
"""

from __future__ import annotations

import itertools
import json
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator.control.replies import reason_words
from orchestrator.domain.errors import BadMove
from orchestrator.domain.status import TaskState
from orchestrator.domain.transitions import Guard
from orchestrator.domain.waves import WaveMove
from orchestrator.ledger import script_source
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.operations import Operation, Reply, Taken
from orchestrator.ledger.script_source import TABLES, Tables
from orchestrator.settings.model import Settings
from tests.support.agreed_lists import must_agree
from tests.support.history import judged
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, longer, mostly_long
from tests.support.table_cases import Case
from tests.support.table_steps import hand_over, last_stage, serve, succeed, then
from tests.support.wave_cases import every_case, waves
from tests.support.whole_table import WHOLE, Row, by_row, named, without

CASES = list(every_case())
# A verb that asks for one move of the task p.0, or of a plan, of which it is told some facts.
PROBE = """
-- @include task
-- @include move
local subject = ARGV[1] == 'task' and read_task('p.0') or {id = 'p'}
for name, fact in pairs(cjson.decode(ARGV[4])) do subject[name] = fact end
subject.status = ARGV[2]
local move = (ARGV[1] == 'task' and ask_task or ask_plan)(subject, ARGV[3])
return {'ASKED', subject.to or move.to}
"""
# Of each guard: facts under which it holds, and under which it does not.
FACTS: dict[Guard, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    Guard.FREE_SLOT_AND_TENANT: ([{}], [{"tenant": "held"}, {"plan": "full"}]),
    Guard.ALL_STAGES_DONE: ([{"stage": 2, "legs": 2}], [{"stage": 1, "legs": 2}]),
    Guard.PAUSE_REQUESTED: ([{"pause": True}, {"plan_pauses": True}], [{}, {"cancel": True}]),
    Guard.CANCEL_REQUESTED: (
        [{"cancel": True}, {"plan_cancels": True}, {"plan_status": "ROLLING_BACK"}],
        [{}, {"pause": True}, {"plan_status": "ROLLING_BACK", "touched": 1}],
    ),
    Guard.RETRIES_LEFT: ([{"retries": 2}], [{"retries": 3}, {"rollback": True}]),
    Guard.RETRIES_LEFT_FROM_SCRATCH: ([{"from_scratch": True}], [{}, {"from_scratch": True, "retries": 3}]),
    Guard.ROLLBACK_REQUESTED: ([{"rollback": True}, {"plan_status": "ROLLING_BACK"}], [{}]),
    Guard.WAVE_SOAKS: ([{"wave": 0}], [{}, {"wave": 1}]),
    Guard.ALL_TASKS_WRITTEN: ([{"written": "2", "total": "2"}], [{"written": "1", "total": "2"}]),
    Guard.NOTHING_RUNS: ([{"RUNNING": 0}], [{"RUNNING": 1}]),
    Guard.NOTHING_OPEN: ([{"open": 0}], [{"open": 1}]),
    Guard.ALL_FAILURES_ACCEPTED: (
        [{"COMPLETED": 1, "accepted": 1, "total": 2}],
        [{"COMPLETED": 1, "accepted": 0, "total": 2}],
    ),
}
ROWS = by_row(TABLES)
NewWorld = Callable[[], LedgerWorld]


@pytest.fixture
def new_world(redis_client: redis.Redis, settings: Settings) -> NewWorld:
    numbers = itertools.count()

    def world() -> LedgerWorld:
        own = settings.model_copy(update={"namespace": f"{settings.namespace}-{next(numbers)}"})
        return with_rows(LedgerWorld(redis_client, own), WHOLE)

    return world


def with_rows(world: LedgerWorld, tables: Tables) -> LedgerWorld:
    """The same namespace as a release sees it that has this table."""
    return world.on(Ledger(world.client, world.settings, tables))


def cut(world: LedgerWorld, left_out: Row) -> LedgerWorld:
    return with_rows(world, without(WHOLE, left_out))


def states(world: LedgerWorld) -> dict[str, str]:
    """Of the task, of its plan and of its first wave; '' of a plan without waves."""
    record = world.reader.plan_record("p")
    wave = record.get("wave:0:state", "PENDING") if "waves" in record else ""
    return {"task": world.task("p.0").get("status", ""), "plan": world.status("p"), "wave": wave}


def traces(dump: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is kept of the task p.0, but the time at which the sweeps look at it again."""
    for key, value in dump.items():
        name = key.rpartition("}:")[2]
        if name in ("task:p.0", "checkpoint:p.0", "tenant:a", "line:a"):
            yield name, value
        elif name.startswith(("leases-", "deadlines", "slots:p", "plan-paused:p")):
            yield name, "p.0" in dict.fromkeys(value if isinstance(value, set) else [member for member, _ in value])
        elif name == "queue:p":
            # Absent while nobody is in it.
            yield from ((name, pair) for pair in value if pair[0] == "p.0")
        elif name == "log:p":
            yield name, [entry for _, entry in value if entry["k"] == "p.0"]


@longer
@pytest.mark.parametrize("case", mostly_long(CASES, *CASES[::2]), ids=str)
def test_a_row_less_refuses_what_takes_it_and_nothing_else(case: Case, new_world: NewWorld) -> None:
    world = new_world()
    case.make(world)
    was = states(world)
    before_act, world = world.state(), with_rows(world, TABLES)
    for row in sorted((case.rows | case.asked) - ROWS.keys()):
        refuses(case, row, world, before_act)
        pytest.fail(f"the table lacks a row that this takes: {named(row)}; it was refused, and nothing written")
    case.act(world)
    after = states(world)
    for kind, now in after.items():
        targets = {ROWS[row].target.value for row in case.rows if row[0] == kind}
        assert now in (targets or {now}), kind
    nearby = {row for row in ROWS if row[:2] in was.items()}
    if ROWS.keys() != by_row(WHOLE).keys():
        # What a second row less does is asked of the whole table.
        return
    others = sorted(nearby - case.rows - case.asked)
    if not IS_LONG:
        # One of them, and another one in the case that follows.
        others = others[CASES.index(case) % len(others) :][:1] if others else []
    for row in sorted(case.rows | case.asked | set(others)):
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
        answer = outcome(case, world)
    if isinstance(answer, BadMove):
        assert (answer.args[0], answer.args[2], answer.args[3]) == row
        assert world.state() == before, f"without {row} it was refused, and yet something was written"
    elif not case.several:
        assert isinstance(answer, Reply), f"without {row} it was done all the same: {answer}"
        assert (answer.answer, answer.why) == (Taken.REFUSED, "state"), f"without {row}: {answer}"
        assert world.state() == before
    else:
        named = [log["event"] for log in logs if log.get("action") == "bad-move"]
        assert any(f"{row[0]} p" in text and f"is {row[1]}, {row[2]}" in text for text in named), (row, named)
        assert dict(traces(world.state())) == dict(traces(before)), f"without {row} the task was half moved"
        wrong = judged(world.client, world.keys).of("I7")
        assert not wrong, f"without {row} the log tells something else than the ledger: {wrong}"


def outcome(case: Case, world: LedgerWorld) -> Any:
    try:
        return case.act(world)
    except BadMove as error:
        return error


def test_a_question_that_the_table_refuses_says_so_and_advises_no_purge(new_world: NewWorld) -> None:
    world = new_world()
    world.plan("p", ["a"])
    reply = cut(world, ("plan", "READY", "cancel")).operations.would(Operation.CANCEL, "task", "p.0")
    assert (reply.answer, reply.status) == (Taken.REFUSED, "READY")
    assert reason_words(reply) == "the transition table does not let plan p, which is READY, cancel"


def test_every_row_has_a_case_and_writes_its_events(new_world: NewWorld) -> None:
    written: dict[Row, set[str]] = defaultdict(set)
    for case in CASES:
        world = new_world()
        case.make(world)
        since = world.now()
        case.act(world)
        kinds = set(world.kinds(since, task_id="p.0")) | {kind for kind in world.kinds(since) if kind[:4] == "Plan"}
        if case.act is hand_over:
            # That of the task that ended.
            kinds.discard("PlanProgress")
        for row in case.rows:
            is_waves = {kind for kind in kinds if kind.startswith(("PlanWave", "PlanGate"))}
            is_plans = {kind for kind in kinds if kind.startswith("Plan") and kind != "PlanProgress"} - is_waves
            written[row] |= {"plan": is_plans, "wave": is_waves, "task": kinds - is_plans - is_waves}[row[0]]
    # Of what comes before the move in the same call: the operation, the recovery, the stage that ends.
    stages = {kind for kinds in written.values() for kind in kinds if "Stage" in kind}
    of_others = {"OperationRequested", "TaskRecovered", "PlanBreakerTripped", *stages}
    found = {row: kinds - of_others for row, kinds in written.items() if row in ROWS}
    taken, table = "tests/support/table_cases.py", "orchestrator/domain/transitions.py"
    must_agree(
        (" ".join(row) for row in ROWS),
        (" ".join(row) for row in found),
        lacking=f"{{}}: no case in {taken} takes this row",
        left_over=f"{{}}: taken in {taken}, and no row of {table}",
    )
    for row, known in ROWS.items():
        must_agree(
            known.events,
            found[row],
            lacking=f"{' '.join(row)}: the row in {table} has {{}}, and no case in {taken} has it written",
            left_over=f"{' '.join(row)}: writes {{}}, which the row in {table} lacks",
        )


def test_a_guard_that_does_not_hold_refuses(new_world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world()
    world.plan("p", ["a"])
    world.plan("full", ["b", "held"], max_concurrency=1)
    world.serve("full")
    world.client.hset(world.keys.of("tenant", "held"), "holder", "full.1")
    world.client.hset(world.keys.of("plan", "p"), "wave:0:state", "SOAKING")
    for state in TaskState:
        world.client.hset(world.keys.of("plan", "p"), f"wave:0:n:{state}", 1)
    monkeypatch.setattr(script_source, "read_script", lambda _: PROBE)
    before, ledger = world.state(), Ledger(world.client, world.settings)
    must_agree(
        set(Guard) - {Guard.NONE},
        FACTS,
        lacking="{} has no facts in FACTS of tests/integration/ledger/test_table.py: when it holds, when it does not",
        left_over="{} has facts in FACTS here, and is no guard",
    )
    for (kind, source, trigger), row in ROWS.items():
        if isinstance(row, WaveMove):
            continue
        holds, fails = FACTS.get(row.guard, ([{}], []))
        for facts in holds:
            assert ledger.call("probe", kind, source, trigger, json.dumps(facts)) == ["ASKED", row.target]
        for facts in fails:
            with pytest.raises(BadMove):
                ledger.call("probe", kind, source, trigger, json.dumps(facts))
    assert world.state() == before


@pytest.mark.parametrize("state", ["[", ".*", "NONE"])
def test_a_wave_whose_state_a_hand_has_damaged_is_named_and_left_as_it_is(state: str, new_world: NewWorld) -> None:
    world = new_world()
    then(waves(gate="manual"), serve, last_stage)(world)
    world.client.hset(world.keys.of("plan", "p"), "wave:0:state", state)
    before = world.state()
    with pytest.raises(BadMove, match="wave first of plan p, which is ") as refused:
        succeed(world)
    assert refused.value.args[2:] == (state, "ask")
    assert world.state() == before


def test_bad_moves_say_what_was_about_to_be_done() -> None:
    error = BadMove("task", "p.0", "RUNNING", "resume")
    assert str(error) == "the transition table does not let task p.0, which is RUNNING, resume"
    assert pickle.loads(pickle.dumps(error)).args == error.args
    assert "which is nothing, start" in str(BadMove("plan", "p", "", "start"))
