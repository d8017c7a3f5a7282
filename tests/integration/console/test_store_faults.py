"""A checkpoint store of another package that fails is told as such, by the console and by commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest
import redis
from structlog.testing import capture_logs

import checkpoint.registry
from checkpoint import Checkpoint, CheckpointStoreUnavailable, MemoryCheckpointStore, StoreOptions
from orchestrator.cli import main
from orchestrator.client import Client
from orchestrator.control.keeping import Keeping
from orchestrator.ledger.keys import Keys
from orchestrator.secrets.known import KnownSecrets
from orchestrator.settings.kept_data import CheckpointSettings
from orchestrator.settings.model import Settings
from tests.support.console_server import ConsoleServer
from tests.support.hostile_errors import HOSTILE, SECRET
from tests.support.long import IS_LONG, longer
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant

SAID = "the checkpoint store acme raised "
FAULTS: dict[str, tuple[str, Any, str]] = {
    "none": ("answer", None, f"{SAID}TypeError: load_many answered a NoneType, expected a dict"),
    "away": ("raises", CheckpointStoreUnavailable(f"no {SECRET}\nthere"), "checkpoint store acme: no *** there"),
    "redis": ("raises", redis.ConnectionError(f"no {SECRET}"), f"{SAID}ConnectionError: no ***"),
    "exits": ("raises", SystemExit(0), f"{SAID}SystemExit: 0"),
    "mute": ("raises", HOSTILE["words-raise-it-again"](), f"{SAID}Hostile, which cannot say what it is"),
    "open": ("closes", SystemExit(0), f"{SAID}SystemExit: 0"),
}


class Store(MemoryCheckpointStore):
    fault: ClassVar[tuple[str, Any]]

    def load_many(self, task_ids: Sequence[str]) -> dict[str, Checkpoint]:
        kind, what = self.fault
        if kind == "raises":
            raise what
        found: dict[str, Checkpoint] = what if kind == "answer" else {}
        return found

    def close(self) -> None:
        kind, what = self.fault
        if kind == "closes":
            raise what


def make(options: StoreOptions) -> Store:
    return Store()


def test_what_is_no_exception_fails_its_request_alone(
    shared_console: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        raise SystemExit(0)

    monkeypatch.setattr(Keeping, "checkpoint", leave)
    with capture_logs() as lines:
        answer = shared_console.get("/api/v1/tasks/p.0/checkpoint")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    (failed,) = [line for line in lines if line["action"] == "request-failed"]
    assert str(failed["exc_info"]) == "a request raised SystemExit: 0"


@longer
def test_it_is_the_stores_fault_on_one_line(
    settings: Settings,
    client: Client,
    redis_client: redis.Redis,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets().with_values([SECRET]))
    points = [EntryPoint("acme", f"{__name__}:make", checkpoint.registry.ENTRY_POINT_GROUP)]
    monkeypatch.setattr(checkpoint.registry, "entry_points", lambda group: points)
    for name, value in (place.environment() | {"CHANGEOVER_CHECKPOINT__STORE_TYPE": "acme"}).items():
        monkeypatch.setenv(name, value)
    client.submit(plan("p", [tenant("a")], [noop_stage("s")]))
    marker = {"epoch": 1, "completed_stages": 1, "last_stage": "s", "store": "acme"}
    redis_client.set(Keys(settings.namespace).of("checkpoint", "p.0"), json.dumps(marker))
    chosen = settings.model_copy(update={"checkpoint": CheckpointSettings(store_type="acme")})
    with ConsoleServer(chosen) as console:
        for kind, what, said in list(FAULTS.values())[:: 1 if IS_LONG else 3]:
            Store.fault = (kind, what)
            with capture_logs() as lines:
                answers = [console.get(f"/api/v1/{path}") for path in ("tasks/p.0/checkpoint", "plans/p/checkpoints")]
            assert [(one.status_code, one.json()["code"]) for one in answers] == [(502, "store_fault")] * 2, said
            assert SECRET not in answers[0].text + answers[1].text
            told = [line["event"] for line in lines if line["action"] == "store-fault"]
            assert told == [said] * 2
            for through in ("", console.url):
                monkeypatch.setenv("CHANGEOVER_API_URL", through)
                monkeypatch.setenv("CHANGEOVER_API_TOKEN", console.token("admin"))
                with pytest.raises(SystemExit) as ended, capture_logs():
                    main(["checkpoint", "p"])
                out, err = capsys.readouterr()
                seen = (
                    "error: the checkpoint store failed; the console's log has the reason"
                    if through
                    else f"error: {said}"
                )
                assert (ended.value.code, out, err) == (4, "", f"{seen}\n")
