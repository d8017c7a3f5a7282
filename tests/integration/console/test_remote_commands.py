"""Commands and ``Client`` through a console answer as they do on Redis: each is run both ways, and said is the same.

`make test` runs every third command; `make test-long` all, and whole files of other tests through a console
(``CHANGEOVER_TEST_DOOR=console``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from orchestrator import Client, InvalidInput, NotFound, Unreachable
from orchestrator.cli import main
from orchestrator.control.live_plan import LiveView
from orchestrator.doors.remote.connection import Connection
from orchestrator.doors.remote.errors import ConsoleFailed, TokenRefused
from orchestrator.doors.remote.event_lines import RemoteNews
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.ledger_world import LedgerWorld
from tests.support.long import IS_LONG, longer
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant

READING = """
status|status --json|status p|status p --json|status p --failed --limit 1 --json|status p --tenant t1* --page 2 --limit 3
status --tenant t1|status --task p.0 --json|status p.1 -o yaml|explain p.1|explain --plan p --whole --json|explain t9
events --plan p --json|events --type TaskFailed|events --since 30|checkpoint p|checkpoint p.1 --json|freezes --json
export p|drift --plan p --json|validate good.json --json|validate good.json --show|validate wrong.yaml
submit wrong.yaml|submit nowhere.yaml|submit other.json|watch done --json|watch done|preview wrong.yaml
status nowhere|events --plan nowhere|explain --task nowhere.0|pause --plan nowhere|status p --status NONE|freezes
approve p --request-id a|retry --plan p --cause None --request-id b|skip-stage p.0 --reason x --request-id c
pause p --json --request-id d|resume p --json --request-id e|cancel --tenant t1 --request-id f --reason why
retry p --tenant t2* --request-id g|accept --task p.2 --reason known --request-id h|rollback p.0 --request-id i
exclude --plan p --tenant t19 --reason r --request-id j|release t5 --reason r --request-id k
unfreeze no --reason r|purge p|cancel p --json --request-id m|retry t1|freeze --tenant x --reason r|reject p
"""  # noqa: E501 - commands as they are typed
COMMANDS = [command.strip() for command in READING.replace("\n", "|").split("|") if command.strip()]


@pytest.fixture
def world(redis_client: redis.Redis, settings: Settings) -> LedgerWorld:
    world = LedgerWorld(redis_client, settings)
    world.started("done", ["d1", "d2"], max_concurrency=2)
    for task in ("done.0", "done.1"):
        world.finish(task)
    world.started("p", [f"t{n}" for n in range(20)], max_concurrency=4)
    world.finish("p.0")
    world.break_stage("p.1")
    world.break_stage("p.2")
    world.serve("p")
    world.stage("p.3")
    return world


@pytest.fixture
def console(settings: Settings) -> Iterator[ConsoleServer]:
    with ConsoleServer(settings) as console:
        console.token("admin")
        yield console


@longer
def test_commands_say_the_same_through_both_doors(
    world: LedgerWorld,
    console: ConsoleServer,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    good = plan("good", [tenant("t1"), tenant("new")], [noop_stage("a")])
    Path("good.json").write_text(json.dumps(good))
    Path("other.json").write_text(json.dumps({**good, "plan_id": "p"}))
    Path("wrong.yaml").write_text("name: x\nmax_concurency: 3\ntenants: [{tenant_id: a b}]\n")
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)

    def said(command: str, *, through_console: bool) -> tuple[int, str, str]:
        monkeypatch.setenv("CHANGEOVER_API_URL", console.url if through_console else "")
        monkeypatch.setenv("CHANGEOVER_API_TOKEN", console.token("admin"))
        with pytest.raises(SystemExit) as ended:
            main(command.split())
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    # Its log lines, which are written in this process too.
    with capture_logs():
        for command in COMMANDS if IS_LONG else COMMANDS[::3]:
            straight = said(command, through_console=False)
            events = world.now()
            remote = said(command, through_console=True)
            assert remote == straight, command
            # What is asked once more with the same request id is no second request, whichever way it comes.
            assert world.now() == events or "--request-id" not in command


def test_a_client_through_a_console(world: LedgerWorld, console: ConsoleServer) -> None:
    with Client.through(console.url, console.token("operator")) as client:
        assert [one.plan_id for one in client.plans()] == ["p", "done"]
        assert client.wait("done").status == "COMPLETED"
        with pytest.raises(NotFound, match="no plan 'nowhere'"):
            client.summary("nowhere")
        with pytest.raises(InvalidInput, match="who asks is told by the token"):
            client.pause(plan_id="p", actor="eve")
        assert client.pause(plan_id="p").accepted
        assert client.summary("p").last_operation.actor == "test-operator"  # type: ignore[union-attr]
        with pytest.raises(TokenRefused, match="needs the role admin"):
            client.purge("done")
        live: LiveView = client.live("p")
        assert (live.total, [(group.cause.type, group.count) for group in live.causes]) == (20, [("Broken", 2)])
        assert [view.task.task_id for view in live.views(["p.3"])] == ["p.3"]
        seen = []
        for event in client.events(since=world.now() - 1, follow=True):
            seen.append(event.type)
            if len(seen) == 1:
                world.begin("p.3")
            if event.type == "TaskPaused":
                break
        assert "TaskPaused" in seen
        world.started("short", ["s1"])
        followed = client.events("short", follow=True)
        first = next(followed)
        world.finish("short.0")
        assert [first.type, *(event.type for event in followed)][::100] == ["PlanCreated"]
        # Who comes too late for some events gets the next there are, as straight from the ledger.
        world.client.xtrim(world.keys.of("feed"), maxlen=3, approximate=False)
        late = RemoteNews(Connection(console.url, console.token("viewer")))
        assert next(late(None, 1)).sequence_id == next(console.client.events()).sequence_id > 2
    with Client.through(console.url, "chg_nobody") as stranger, pytest.raises(TokenRefused, match="refuses the token"):
        stranger.plans()
    with Client.through("http://127.0.0.1:1", "x") as nobody, pytest.raises(Unreachable, match="does not answer"):
        nobody.plans()
    with Client.through(f"{console.url}/static", "x") as other, pytest.raises((TokenRefused, ConsoleFailed, NotFound)):
        other.plans()
    for wrong in ("changeover.example.com", "ftp://x", "https://me:secret@x", "https://x/?a"):
        with pytest.raises(InvalidInput, match="CHANGEOVER_API_URL") as refused:
            Client.through(wrong, "x")
        assert "secret" not in str(refused.value)
