"""The page over HTTP: all of it answers, what comes from outside is text, what changes is sent once and small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from orchestrator.client import Client
from orchestrator.console.page.cells import Cells
from orchestrator.console.page.shared_plan import SharedPlan
from orchestrator.control.watched_plan import WatchedPlan
from orchestrator.domain.roles import Role
from orchestrator.domain.status import TaskState
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.plans import noop_stage, plan, tenant

HOSTILE = "<img src=x onerror=alert(1)>"
HTML = {"Accept": "text/html"}


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        yield console


@pytest.fixture
def world(redis_client: Any, settings: Settings) -> LedgerWorld:
    return LedgerWorld(redis_client, settings)


def test_every_page_answers_and_what_comes_from_outside_is_text(client: Client, console: ConsoleServer) -> None:
    hostile = plan("hostile", [tenant("acme"), tenant("birch")], [noop_stage("one")]) | {"name": HOSTILE}
    client.submit(hostile)
    client.freeze(tenants="acme", for_seconds=3600, reason=HOSTILE, actor="ada")
    pages = (
        "/plans",
        "/plans/hostile",
        "/tenants",
        "/tenants/acme",
        "/freezes",
        "/submit",
        "/audit",
        "/webhooks",
        "/tokens",
        "/doctor",
        "/plans/nowhere",
    )
    for path in (*pages, "/plans/hostile/tasks", "/plans/hostile/cells/0", "/plans/hostile/log?kind=asked"):
        answer = console.get(path, headers=HTML)
        assert answer.status_code == (404 if path.endswith("nowhere") else 200), path
        assert HOSTILE not in answer.text, path
        assert " style=" not in answer.text, path
        assert "<script>" not in answer.text, path
    assert "&lt;img" in console.get("/plans/hostile", headers=HTML).text
    assert console.get("/find?id=acme", headers=HTML, follow_redirects=False).headers["location"] == "/tenants/acme"
    dialogs = [
        "pause",
        "resume",
        "cancel",
        "retry",
        "rollback",
        "accept",
        "exclude",
        "override-freeze",
        "purge",
        "approve?wave=x",
    ]
    for verb in dialogs:
        assert "dialog-title" in console.get(f"/plans/hostile/ask/{verb}", headers=HTML).text
    for verb in ("pause", "resume", "cancel", "retry", "rollback", "accept", "skip-stage", "release"):
        assert "dialog-title" in console.get(f"/tenants/acme/ask/{verb}?task=hostile.0", headers=HTML).text
    assert "go back to their plans" in console.get("/freezes/freeze-1/ask/lift", headers=HTML).text
    assert "would be refused now: it is not set" in console.get("/freezes/freeze-2/ask/lift", headers=HTML).text


def test_a_button_does_what_it_asked_in_the_name_of_who_is_signed_in(client: Client, console: ConsoleServer) -> None:
    client.submit(plan("blue", [tenant("acme"), tenant("birch")], [noop_stage("one")]))
    asked = console.get("/plans/blue/ask/cancel", role="operator", headers=HTML).text
    assert "2 waiting tenants will not start" in asked
    form = {"reason": "a mistake", "request_id": "r-1", "actor": "somebody else"}
    refused = console.post("/plans/blue/do/cancel", role="viewer", data=form, headers=HTML)
    assert refused.status_code == 403
    done = console.post("/plans/blue/do/cancel", role="operator", data=form, headers=HTML)
    assert json.loads(done.headers["HX-Trigger"])["told"]["words"].startswith("Cancel the plan")
    (event,) = [one for one in client.events("blue") if one.type == "OperationRequested"]
    assert (event.actor, event.reason, event.request_id) == ("test-operator", "a mistake", "r-1")
    again = console.post("/plans/blue/do/pause", role="operator", data={"request_id": "r-2"}, headers=HTML)
    assert "HX-Trigger" not in again.headers
    assert "note-bad" in again.text
    assert console.post("/plans/blue/do/purge", role="operator", data=form, headers=HTML).status_code == 403
    page = console.get("/plans/blue", role="viewer", headers=HTML).text
    assert "needs the role operator" in page


def test_a_plan_is_checked_shown_and_then_submitted_as_it_was_shown(client: Client, console: ConsoleServer) -> None:
    wrong = console.post("/submit/check", data={"plan": "name: x\nstages: 7"}, headers=HTML).text
    assert "stages" in wrong
    assert "digest" not in wrong
    text = json.dumps(plan("blue", [tenant("acme")], [noop_stage("one")]))
    shown = console.post("/submit/check", data={"plan": text}, headers=HTML).text
    digest = shown.split('name="digest" value="')[1].split('"')[0]
    done = console.post("/submit", data={"plan": text, "digest": digest}, headers=HTML)
    assert done.headers["HX-Redirect"] == "/plans/blue"
    assert client.summary("blue").counts == {TaskState.PENDING: 1}


def test_a_change_is_sent_once_and_whoever_comes_back_gets_what_is_newer(
    client: Client, console: ConsoleServer
) -> None:
    client.submit(plan("blue", [tenant(f"t{index}") for index in range(40)], [noop_stage("one")]))
    page = console.get("/plans/blue", headers=HTML).text
    assert f'data-cells="{"p" * 40}"' in page
    since = page.split("/plans/blue/live?since=")[1].split('"')[0]
    headers = {"Authorization": f"Bearer {console.token('viewer')}"}
    with httpx.stream("GET", f"{console.url}/plans/blue/live?since={since}", headers=headers, timeout=30) as answer:
        lines = answer.iter_lines()
        client.cancel(task_id="blue.7", reason="not this one", actor="ada")
        told = _until(lines, "map")
        assert json.loads(told["map"]) == {"x": [7]}
        seen = told["id"]
    client.cancel(task_id="blue.9", actor="ada")
    again = {**headers, "Last-Event-ID": seen}
    with httpx.stream("GET", f"{console.url}/plans/blue/live?since={since}", headers=again, timeout=30) as answer:
        assert json.loads(_until(answer.iter_lines(), "map")["map"]) == {"x": [9]}
    # Of another process, or from long ago: all of it.
    with httpx.stream("GET", f"{console.url}/plans/blue/live?since=beef-3", headers=headers, timeout=30) as answer:
        assert json.loads(_until(answer.iter_lines(), "map")["map"])["all"].count("x") == 2


def test_the_map_is_what_the_ledger_says_whatever_happens(client: Client, world: LedgerWorld) -> None:
    """Every kind of change, by events alone; the resume of a plan names nobody, and is read."""
    tasks = world.plan("blue", [f"t{index}" for index in range(6)], max_concurrency=3)
    live = client.live("blue")
    assert isinstance(live, WatchedPlan)
    cells = Cells(live)
    live.listeners = (cells.take,)

    def settled() -> str:
        live.look()
        cells.settle()
        assert cells.text == Cells(live).text
        return cells.text

    assert settled() == "pppppp"
    world.serve("blue")
    assert settled() == "rrrppp"
    world.finish(tasks[0])
    world.break_stage(tasks[1])
    assert settled()[:2] == "cf"
    client.pause(plan_id="blue")
    world.begin(tasks[2])
    assert settled() == "cfhppp"
    client.resume(plan_id="blue")
    client.retry(task_id=tasks[1])
    assert settled() == "cppppp"
    client.cancel(task_id=tasks[5])
    assert settled() == "cppppx"


def test_the_table_goes_on_behind_its_last_row_whoever_moves_meanwhile(client: Client, console: ConsoleServer) -> None:
    names = [f"t{index:03}" for index in range(120)]
    client.submit(plan("blue", [tenant(name) for name in names], [noop_stage("one")]))

    def rows(address: str) -> tuple[list[str], str]:
        text = console.get(address, headers=HTML).text
        following = re.findall(r'hx-get="([^"]*)"[^>]*>Next', text)
        return re.findall(r">(t\d+)</a>", text), (following or [""])[0].replace("&amp;", "&")

    first, following = rows("/plans/blue/tasks")
    assert first == names[:50]
    # Ten more stand before these now.
    client.exclude("blue", "t11*", reason="not ready", actor="ada")
    second, following = rows(following)
    assert second == names[50:100]
    assert rows(following) == (names[100:110], "")
    assert rows("/plans/blue/tasks")[0] == [*names[110:], *names[:40]]
    assert rows("/plans/blue/tasks?tenant=t01*") == (names[10:20], "")
    assert console.get("/plans/blue/tasks?cursor=x", headers=HTML).status_code == 422


def test_a_hundred_viewers_cost_one_look(client: Client, settings: Settings) -> None:
    drawn: list[str] = []

    def draw(name: str, role: Role, _: SharedPlan) -> str:
        drawn.append(name)
        return f"{name} {role}"

    client.submit(plan("blue", [tenant("acme")], [noop_stage("one")]))
    shared = SharedPlan(client, "blue", draw)
    for _ in range(100):
        shared.fragments.since(0, Role.OPERATOR, shared.version)
    assert len(drawn) == len(shared.fragments.names)


def _until(lines: Iterator[str], name: str) -> dict[str, str]:
    """The first event of this name, with its id."""
    event: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(": ")
        if key in ("event", "id"):
            event[key] = value
        elif key == "data":
            event["data"] = value
        elif not line and event.get("event") == name:
            return {name: event["data"], "id": event["id"]}
        elif not line:
            event = {}
    raise AssertionError(f"no {name}")
