"""Every button in every state: it can be pressed if, and only if, what its dialog sends then is taken and changes
something; and one that cannot says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, Final
from uuid import uuid4

import pytest

from orchestrator.client import Client
from orchestrator.domain.status import TaskState
from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.ledger.operations import Order
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long

HTML = {"Accept": "text/html"}
TASK: Final = ("pause", "resume", "retry", "rollback", "cancel", "skip-stage", "accept", "release")
GATE: Final = ("approve", "reject")
STRICT: Final = Tolerance(0, strict=False)


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


@pytest.fixture
def world(redis_client: Any, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


def started(world: LedgerWorld, plan_id: str, **options: Any) -> list[str]:
    tenants = [f"{plan_id}-{name}" for name in "abcd"]
    return world.started(plan_id, tenants, max_concurrency=2, **options)


def waves(world: LedgerWorld, plan_id: str, on_breach: str = "pause", **first: Any) -> list[str]:
    rules = FleetRules(4, STRICT, on_breach, (Wave("first", 2, **first), Wave("rest", 2)))
    return started(world, plan_id, rules=rules, wave_of=[0, 0, 1, 1])


def all_done(world: LedgerWorld, plan_id: str) -> list[str]:
    tasks = started(world, plan_id)
    for task in tasks:
        world.serve(plan_id)
        world.finish(task)
    return tasks


def asked(*words: str) -> Callable[[LedgerWorld, str], None]:
    def make(world: LedgerWorld, plan_id: str) -> None:
        started(world, plan_id)
        for word in words:
            world.ask(word, plan_id)

    return make


def ready(world: LedgerWorld, plan_id: str) -> None:
    world.plan(plan_id, [f"{plan_id}-a"])


def some_failed(world: LedgerWorld, plan_id: str) -> None:
    world.break_stage(started(world, plan_id)[0])


def sent_back(world: LedgerWorld, plan_id: str, end: Callable[[str], object]) -> None:
    """All were done and are asked to go back; each way back ends so."""
    tasks = all_done(world, plan_id)
    world.ask("rollback", plan_id)
    for _ in tasks:
        world.serve(plan_id)
        for task in tasks:
            if world.status(task) == TaskState.ROLLING_BACK:
                end(task)


def only_rollback_failed(world: LedgerWorld, plan_id: str) -> None:
    sent_back(world, plan_id, world.break_stage)


def rolled_back(world: LedgerWorld, plan_id: str) -> None:
    sent_back(world, plan_id, world.finish)


def accepted(world: LedgerWorld, plan_id: str) -> None:
    some_failed(world, plan_id)
    world.operations.send("accept_task", "accept", f"task {plan_id}.0", f"{plan_id}.0", Order("ada", "known"))


def tripped(world: LedgerWorld, plan_id: str) -> None:
    tasks = waves(world, plan_id)
    world.finish(tasks[0])
    world.break_stage(tasks[1])


def taken_back(world: LedgerWorld, plan_id: str) -> None:
    tasks = waves(world, plan_id, "rollback_wave")
    world.finish(tasks[0])
    world.break_stage(tasks[1])
    world.serve(plan_id)
    world.finish(tasks[0])
    world.finish(tasks[1])


def taking_back(world: LedgerWorld, plan_id: str) -> None:
    tasks = waves(world, plan_id, "rollback_wave")
    world.finish(tasks[0])
    world.break_stage(tasks[1])


def gated(world: LedgerWorld, plan_id: str) -> None:
    tasks = waves(world, plan_id, gate="manual")
    world.finish(tasks[0])
    world.finish(tasks[1])


def rejected(world: LedgerWorld, plan_id: str) -> None:
    gated(world, plan_id)
    world.operations.answer_gate(plan_id, "first", Order("ada", "no"), approves=False)


def cancelled(world: LedgerWorld, plan_id: str) -> None:
    ready(world, plan_id)
    world.ask("cancel", plan_id)
    world.serve(plan_id)


def cancelled_alone(world: LedgerWorld, plan_id: str) -> None:
    started(world, plan_id)
    world.ask("cancel", f"{plan_id}.3")


def cancelled_by_breaker(world: LedgerWorld, plan_id: str) -> None:
    world.break_stage(waves(world, plan_id, "cancel")[0])
    world.serve(plan_id)


def passes_freezes(world: LedgerWorld, plan_id: str) -> None:
    started(world, plan_id)
    world.override(plan_id)


STATES: Final[dict[str, Callable[[LedgerWorld, str], object]]] = {
    "ready": ready,
    "running": started,
    "pausing": asked("pause"),
    "resumed": asked("pause", "resume"),
    "cancelling": asked("cancel"),
    "rolling back": asked("rollback"),
    "done": all_done,
    "failed": some_failed,
    "accepted": accepted,
    "only could not go back": only_rollback_failed,
    "rolled back": rolled_back,
    "cancelled": cancelled,
    "cancelled alone": cancelled_alone,
    "cancelled by its breaker": cancelled_by_breaker,
    "tripped": tripped,
    "taking back": taking_back,
    "taken back": taken_back,
    "gated": gated,
    "rejected": rejected,
    "passes freezes": passes_freezes,
}


def buttons_of(page: str) -> dict[str, str]:
    """By its label why it cannot be pressed, "" for one that can; the first of each label."""
    found: dict[str, str] = {}
    for given, label in re.findall(r"<button type=\"button\"([^>]*)>([^<]*)</button>", page):
        if "hx-get" in given or "aria-disabled" in given:
            why = re.search(r'title="([^"]*)"', given)
            found.setdefault(label, unescape(why[1]) if why and "aria-disabled" in given else "")
    return found


def press(console: ConsoleServer, address: str, verb: str, query: str = "") -> None:
    """Opens the dialog and sends it as it stands, with a reason."""
    dialog = console.get(f"{address}/ask/{verb}{query}", headers=HTML).text
    form = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', dialog)}
    form |= dict.fromkeys(re.findall(r'type="checkbox" name="(\w+)" checked', dialog), "on")
    sent = console.post(f"{address}/do/{verb}", data={**form, "reason": "asked", "tenants": "*"}, headers=HTML)
    assert sent.status_code == 200, sent.text


LABELS: Final = {
    "pause": "Pause",
    "resume": "Resume",
    "retry": "Retry failed",
    "retry-cancelled": "Move cancelled again…",
    "rollback": "Roll back",
    "cancel": "Cancel",
    "accept": "Accept failures…",
    "exclude": "Exclude tenants…",
    "override-freeze": "Pass freezes…",
    "purge": "Purge…",
    "approve": "Approve",
    "reject": "Reject",
}
OF_TASK: Final = {
    "retry": "Retry",
    "accept": "Accept failure…",
    "skip-stage": "Skip stage…",
    "release": "Release tenant…",
}


@pytest.mark.parametrize("state", mostly_long(STATES, "taken back", "only could not go back"))
def test_buttons_of_a_plan(state: str, client: Client, console: ConsoleServer, world: LedgerWorld) -> None:
    wrong = []
    for verb in LABELS:
        plan_id = f"p-{uuid4().hex[:8]}"
        STATES[state](world, plan_id)
        shown = buttons_of(console.get(f"/plans/{plan_id}", headers=HTML).text)
        if LABELS[verb] not in shown:
            assert verb in GATE
            continue
        before = len(list(client.events()))
        press(console, f"/plans/{plan_id}", verb, "?wave=first" if verb in GATE else "")
        changed = len(list(client.events())) > before
        if changed is not (shown[LABELS[verb]] == ""):
            wrong.append(f"{verb}: {shown[LABELS[verb]]!r}, and {'taken' if changed else 'refused'}")
    assert wrong == []


@pytest.mark.parametrize("state", mostly_long(STATES, "only could not go back"))
def test_buttons_of_a_move(state: str, client: Client, console: ConsoleServer, world: LedgerWorld) -> None:
    wrong = []
    for verb in TASK:
        plan_id = f"p-{uuid4().hex[:8]}"
        STATES[state](world, plan_id)
        address, task_id = f"/tenants/{plan_id}-a", f"{plan_id}.0"
        label = OF_TASK.get(verb) or LABELS[verb]
        shown = buttons_of(console.get(f"{address}?task={task_id}", headers=HTML).text)
        before = len(list(client.events()))
        press(console, address, verb, f"?task={task_id}")
        changed = len(list(client.events())) > before
        if changed is not (shown[label] == ""):
            wrong.append(f"{verb}: {shown[label]!r}, and {'taken' if changed else 'refused'}")
    assert wrong == []


def test_what_cannot_go_back_is_not_retried(console: ConsoleServer, world: LedgerWorld) -> None:
    only_rollback_failed(world, "p")
    page = console.get("/plans/p", headers=HTML).text
    shown = buttons_of(page)
    assert shown["Retry failed"] == "it has no failed task"
    assert shown["Retry these"].startswith("not possible while it is ROLLBACK_FAILED")
    assert "queue again" not in console.get("/plans/p/ask/retry", headers=HTML).text
    assert "0 of 4 tenants" in page


def test_page_explain_and_status_tell_the_same_of_a_wave_that_was_taken_back(
    client: Client, console: ConsoleServer, world: LedgerWorld
) -> None:
    taken_back(world, "p")
    page = console.get("/plans/p", headers=HTML).text
    assert "Breaker tripped" not in page
    assert "its breaker took 2 tenants of wave first back" in unescape(page)
    assert "0 of 4 tenants moved, 2 back" in page
    reasons = " ".join(client.explain(plan_id="p").reasons)
    assert "its breaker took 2 tenants of wave first back" in reasons
    assert "--accept-failures" in reasons
    dialog = console.get("/plans/p/ask/resume", headers=HTML).text
    assert "it is refused: its breaker took 2 tenants of wave first back" in unescape(dialog)
    assert 'name="accept_failures" checked' in dialog


def test_what_is_offered_to_type_knows_the_callers_role(console: ConsoleServer, world: LedgerWorld) -> None:
    gated(world, "p")

    def told(role: str) -> tuple[str, list[str]]:
        remarks = console.get("/api/v1/explain?plan=p", role=role).json()["remarks"]
        (gate,) = [one for one in remarks if "approval" in one["sentence"]]
        return gate["sentence"], gate["commands"]

    sentence, commands = told("operator")
    assert commands == []
    assert "`changeover approve --plan p --wave first --reason 'say why'` needs the role approver" in sentence
    sentence, commands = told("approver")
    assert [command.split()[1] for command in commands] == ["approve", "reject"]
    assert "needs the role" not in sentence
