"""`watch` in a real terminal of several sizes: the screens as a person sees them, held against pictures."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
import redis

from orchestrator.ledger.records import StageRow, wire_json
from orchestrator.settings.model import Settings
from tests.support.alive import served
from tests.support.cli import changeover
from tests.support.ledger_world import LedgerWorld, config
from tests.support.long import mostly_long
from tests.support.place import Place
from tests.support.redis_server import RedisServer
from tests.support.terminal import CHANGEOVER, Terminal

PICTURES = Path(__file__).parent / "pictures"
PLAN = "blue-to-green-1"
SPEC = (
    '{"name": "Blue to green", "stages": [{"name": "switch-gateway", "steps": [{"type": "config-write"}, '
    '{"type": "broadcast"}, {"type": "health-check"}]}, {"name": "switch-portal", "steps": [{"type": "poll"}]}]}'
)
NOTE = "attempt 3 of 10: 1 of 2 instances not there: gw-2 says version 41 (old version)"


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> Iterator[LedgerWorld]:
    """40 tenants: some done, three failed, sixteen that move, in all the ways that a row can look."""
    world = LedgerWorld(redis_client, settings)
    world.ledger.open_plan(
        plan_id=PLAN,
        digest="d",
        name="Blue to green",
        max_concurrency=16,
        total=40,
        spec=SPEC,
        rollback_order="reverse",
        incarnation="first",
        task_timeout_seconds=None,
        stages=[StageRow("switch-gateway"), StageRow("switch-portal")],
    )
    names = [f"{'eu' if n % 2 else 'us'}-{n:03}" for n in range(40)]
    world.ledger.write_chunk(PLAN, "d", 0, [(name, config(name, PLAN)) for name in names])
    world.ledger.commit_plan(PLAN, "d")
    world.serve(PLAN)
    for n in range(4):
        world.finish(f"{PLAN}.{n}")
    for n in range(4, 7):
        world.break_stage(f"{PLAN}.{n}")
    world.serve(PLAN)
    for n in range(7, 12):
        world.begin(f"{PLAN}.{n}")
    for n in (7, 8):
        world.ledger.poll_again(world.turn(f"{PLAN}.{n}"), 600.0, wire_json({"step": 2, "attempt": 3, "note": NOTE}))
    world.succeed(f"{PLAN}.9")
    world.ask("rollback", f"{PLAN}.10")
    world.succeed(f"{PLAN}.10")
    with served(world):
        yield world


@pytest.fixture
def watch(world: LedgerWorld, place: Place, tmp_path: Path) -> Iterator[Terminal]:
    with Terminal([*CHANGEOVER, "watch", PLAN], place.environment(), tmp_path) as terminal:
        terminal.wait("q leave")
        yield terminal


def steady(text: str) -> str:
    """With the times of a made-up clock, in their places; of a plan that is old, a narrow screen cuts the pace."""
    text = re.sub(r"[\d.]+ a minute, about [^\n…]*?(so far|…) *", "PACE" + " " * 12, text)
    return re.sub(r" +(\d+m )?\d+s$", lambda found: " " * (len(found[0]) - 1) + "T", text, flags=re.MULTILINE).rstrip()


def compare(text: str, name: str) -> list[str]:
    """What differs from the picture."""
    path = PICTURES / f"{name}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = zip_longest(steady(text).splitlines(), lines)
    return [f"{name}\n  {seen!r}\n  {drawn!r}" for seen, drawn in pairs if seen != drawn]


def hold_against(watch: Terminal, name: str) -> list[str]:
    """What differs for good: a screen that is half drawn is partly the one before, and nothing on it says so. A picture
    that is missing is drawn, and differs: somebody has to look at it."""
    try:
        watch.wait_for(lambda text: not compare(text, name))
    except AssertionError:
        text, path = watch.text, PICTURES / f"{name}.txt"
        differences = compare(text, name)
        if not path.exists():
            path.write_text(steady(text) + "\n")
        return differences
    return []


def test_the_screen_at_each_size(watch: Terminal) -> None:
    differences: list[str] = []
    for columns, rows in ((80, 24), (60, 24), (200, 50), (80, 12)):
        watch.resize(columns, rows)
        for key, kind in (("r", "moving"), ("f", "failed")):
            watch.send(key)
            differences += hold_against(watch, f"{kind}-{columns}x{rows}")
    assert not differences, "\n".join(differences)


def test_the_pace_of_an_old_plan_is_steady_too() -> None:
    assert steady("9.8 a minute, about 3m 22s left, 43s so far    16 of 16 slots") == f"PACE{' ' * 12}16 of 16 slots"
    assert steady("0.8 a minute, about 41m 15s left, 1m 12s … 16 of 16 slots") == f"PACE{' ' * 12}16 of 16 slots"


def test_keys(watch: Terminal) -> None:
    first = watch.wait("moving 1 to")
    assert "us-008" in first
    watch.send("\x1b[B")
    watch.wait("moving 2 to")
    watch.send("\x1b[6~")
    watch.wait("16 of 16")
    watch.send("\x1b[H")
    watch.wait("moving 1 to")
    watch.send("/")
    watch.wait("filter: _")
    watch.send("eu-0q")
    watch.wait("filter: eu-0q_", "nothing moves now")
    watch.send("\x7f\r")
    watch.wait("tenants like *eu-0*")
    assert "us-008" not in watch.text
    watch.send("w")
    watch.wait("waiting", "eu-023", "eu-037")
    watch.send("\x1b")
    watch.wait("waiting 1 to", "of 17")
    watch.send("?")
    watch.wait("leave; the plan goes on")
    watch.send("x")
    watch.wait("waiting 1 to")
    watch.send("a")
    watch.wait("all tasks 1 to", "of 40")
    watch.send("G")
    watch.wait("of 40", "us-002")


def test_it_follows_the_plan_and_the_size_of_the_window(watch: Terminal, world: LedgerWorld) -> None:
    watch.wait("failures by cause", "Broken x 3")
    world.begin(f"{PLAN}.11")
    world.fail(f"{PLAN}.11")
    watch.wait("Broken x 4", "4 FAILED")
    world.ask("retry", f"{PLAN}.11")
    watch.wait("Broken x 3")
    watch.resize(60, 30)
    watch.wait_for(lambda text: "RUNNING" in text.splitlines()[0] and len(text.splitlines()[0]) == 60)
    watch.resize(120, 20)
    watch.wait_for(lambda text: len(text.splitlines()[0]) == 120 and "last answer" in text)


@pytest.mark.parametrize("key", mostly_long(["q", "\x03"], "\x03"))
def test_who_leaves_is_told_that_the_plan_goes_on(watch: Terminal, world: LedgerWorld, key: str) -> None:
    watch.send(key)
    assert watch.end() == 130
    assert f"the plan goes on; to come back: changeover watch {PLAN}" in watch.text
    assert world.status(PLAN) == "RUNNING"
    # The cursor is back, and the screen that was there before.
    assert watch.raw.rstrip().rfind(b"\x1b[?25h") > watch.raw.rfind(b"\x1b[?25l")
    assert b"\x1b[?1049l" in watch.raw


def test_a_signal_leaves_the_terminal_in_order(watch: Terminal) -> None:
    watch.kill(signal.SIGTERM)
    assert watch.end() == 128 + signal.SIGTERM
    assert b"\x1b[?1049l" in watch.raw


def test_the_end_of_the_plan_ends_the_screen(watch: Terminal, world: LedgerWorld) -> None:
    world.ask("cancel", PLAN)
    world.serve(PLAN)
    for n in range(7, 23):
        task_id = f"{PLAN}.{n}"
        while world.task(task_id)["status"] in ("RUNNING", "ROLLING_BACK") and world.begin(task_id).value == "BEGUN":
            world.succeed(task_id)
    world.serve(PLAN)
    assert watch.end() == 1
    assert "CANCELLED" in watch.text


def test_plain_lines_for_a_dumb_terminal_and_a_pipe(world: LedgerWorld, place: Place, tmp_path: Path) -> None:
    command = [*CHANGEOVER, "watch", PLAN]
    with Terminal(command, place.environment(), tmp_path, columns=80, rows=24, term="dumb") as terminal:
        terminal.wait("TaskStageFailed")
        assert b"\x1b" not in terminal.raw
        terminal.send("\x03")
        assert terminal.end() == 130
        assert "the plan goes on" in terminal.text
    world.ask("cancel", PLAN)
    done = changeover("events", PLAN, environment=place.environment(), folder=tmp_path)
    assert "\x1b" not in done.stdout


def test_a_server_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    server = RedisServer(tmp_path / "own", databases=2)
    server.start()
    try:
        place = Place(server.user_url(0), server.user_url(1))
        with redis.Redis.from_url(place.admin_url, decode_responses=True) as client:
            world = LedgerWorld(client, Settings(namespace=place.namespace))
            world.started("p", ["a", "b"])
            with Terminal([*CHANGEOVER, "watch", "p"], place.environment(), tmp_path) as terminal:
                terminal.wait("2 RUNNING")
                client.execute_command("CLIENT", "PAUSE", 6000, "ALL")
                terminal.wait("Redis has not answered for")
                terminal.wait_for(lambda text: "has not answered" not in text, 30)
                world.break_stage("p.0")
                terminal.wait("1 FAILED")
    finally:
        server.stop()
