"""Whatever an HTTP gate answers, or does instead: 200 lets on, 202 and no answer at all are asked again, all
else rejects; a rejected gate stops its plan, and nobody else."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, cast

import pytest

from orchestrator.control.fleet_status import current_wave, wave_sentence
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.status import StatusReader
from orchestrator.fleet.rules import FleetRules, Wave
from orchestrator.ledger.awaited import GateQuestion
from orchestrator.ledger.operations import Operation, Order
from orchestrator.ledger.purges import Purges
from orchestrator.settings.model import Settings
from orchestrator.stages.rollback_strategy import PreviousConfig
from orchestrator.stages.stage_factory import StageFactory
from steps import StepRegistry
from tests.support.in_process import InProcess
from tests.support.ledger_world import LedgerWorld
from tests.support.long import mostly_long
from workers import looks
from workers.looks import Looker
from workers.plan_cache import PlanCache

REDIRECT: Final = b"HTTP/1.1 %d x\r\nLocation: /yes\r\nContent-Length: 0\r\n\r\n"
PAGE: Final = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s"
YES, AGAIN, NO = "PASSED", "GATED", "REJECTED"

ANSWERS: Final[dict[str, tuple[bytes | None, str]]] = {
    "yes": (PAGE % (200, 0, b""), YES),
    "yes, with a body that is no JSON": (PAGE % (200, 5, b"{nope"), YES),
    "yes, and a body that says no": (PAGE % (200, 17, b'{"approved":false'), YES),
    "yes, without an end of its body": (b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\nshort", AGAIN),
    "yes, with more than anybody reads": (PAGE % (200, 9_000_000, b"y" * 9_000_000), AGAIN),
    "yes, in a form that nobody asked for": (b"HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\n\r\nyes", AGAIN),
    "no, with more than anybody reads": (PAGE % (403, 9_000_000, b"n" * 9_000_000), NO),
    "not yet": (PAGE % (202, 0, b""), AGAIN),
    "created": (PAGE % (201, 0, b""), NO),
    "nothing to say": (b"HTTP/1.1 204 x\r\n\r\n", NO),
    "redirected": (REDIRECT % 302, NO),
    "redirected for good": (REDIRECT % 308, NO),
    "who are you": (PAGE % (401, 0, b""), NO),
    "never heard of it": (PAGE % (404, 0, b""), NO),
    "broken": (PAGE % (500, 0, b""), NO),
    "away": (PAGE % (503, 0, b""), NO),
    "closes": (b"", AGAIN),
    "hangs": (None, AGAIN),
    "half a head": (b"HTTP/1.1 200", AGAIN),
    "no HTTP": (b"\x15\x03\x01\x00\x02\x02P yes 200\r\n\r\n", AGAIN),
}


class Gate:
    """Says these bytes to whoever asks, and closes; without any it says nothing and keeps the line."""

    def __init__(self, said: bytes | None) -> None:
        self._said = said
        self.asked: list[bytes] = []
        self._kept: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/may-we"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                asking, _ = self._listener.accept()
                self.asked.append(asking.recv(4096))
                if self._said is None:
                    self._kept.append(asking)
                    continue
                # Who has read enough hangs up.
                with asking, suppress(OSError):
                    asking.sendall(self._said)

    def close(self) -> None:
        for one in (self._listener, *self._kept):
            one.close()


@pytest.fixture
def start() -> Iterator[Callable[[bytes | None], Gate]]:
    gates: list[Gate] = []

    def start(said: bytes | None) -> Gate:
        gates.append(Gate(said))
        return gates[-1]

    yield start
    for gate in gates:
        gate.close()


@pytest.fixture
def looker(world: LedgerWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looker]:
    monkeypatch.setattr(looks, "ANSWER_SECONDS", 0.3)
    registry = StepRegistry([])
    with InProcess(world.client, settings, registry) as process:
        plans = PlanCache(process.reader, StageFactory(registry, settings))
        resources = process.runner._resources
        yield Looker(world.awaited, world.operations, plans, resources, PreviousConfig())


@pytest.fixture
def world(redis_client: object, settings: Settings) -> Iterator[LedgerWorld]:
    world = LedgerWorld(redis_client, settings)  # type: ignore[arg-type]
    yield world
    world.check()


def asked(world: LedgerWorld, url: str, timeout_ms: int = 3_600_000) -> GateQuestion:
    """The question to the gate behind a plan's first wave, which has ended; another plan waits for nobody."""
    gate = json.dumps({"url": url, "interval": 30_000, "timeout": timeout_ms})
    waves = (Wave("canary", 1, gate=gate), Wave("rest", 1))
    world.started("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1], stages=["one"])
    world.finish("p.0")
    question = world.awaited.hand_out().question
    assert question is not None
    return question


def state(world: LedgerWorld) -> tuple[str, str]:
    record = world.reader.plan_record("p")
    return record["wave:0:state"], record["status"]


def told(world: LedgerWorld) -> str:
    """What people read of the gate."""
    wave = current_wave(StatusReader(world.reader).summary("p"))
    assert wave is not None
    return wave_sentence(wave, "p")


@pytest.mark.parametrize("answer", mostly_long(ANSWERS, "redirected", "yes, with more than anybody reads"))
def test_what_follows_an_answer(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate], answer: str
) -> None:
    said, then = ANSWERS[answer]
    gate = start(said)
    question = asked(world, f"{gate.url}?token=tok-s3cret")
    looker.ask(question)
    assert state(world) == (then, "PAUSED" if then == NO else "RUNNING")
    # A redirect is answered, not followed.
    assert len(gate.asked) == 1
    assert world.serve("p") == (["p.1"] if then == YES else [])
    told = [event for event in world.events() if event.type.startswith("PlanGate")][-1]
    assert gate.asked[0].startswith(b"GET /may-we?token=tok-s3cret ")
    assert "tok-s3cret" not in f"{world.events()} {StatusReader(world.reader).summary('p')}"
    if then == NO:
        assert gate.url in str(getattr(told, "reason", ""))
        # A person may know better.
        assert world.operations.answer_gate("p", "canary", Order("ada", "known"), approves=True).answer == "ACCEPTED"
        world.ask("resume", "p")
        assert world.serve("p") == ["p.1"]
    before = world.dump()
    looker.ask(question)
    assert (world.dump() == before) or then == AGAIN


def test_a_yes_in_the_middle_of_a_retry_of_many_is_asked_for_again(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate]
) -> None:
    gate = json.dumps({"url": start(PAGE % (200, 0, b"")).url, "interval": 30_000, "timeout": 3_600_000})
    waves = (Wave("first", 1), Wave("canary", 1, gate=gate))
    world.started("p", ["a", "b"], rules=FleetRules(2, waves=waves), wave_of=[0, 1], stages=["one"])
    for task_id in ("p.0", "p.1"):
        world.break_stage(task_id)
        world.coordinate()
    question = world.awaited.hand_out().question
    assert question is not None
    narrowed = Narrowing(cause="*")
    how = (0, 0, "", 1, *narrowed.options)
    order = Order("ada", request_id="r1")
    world.operations.send("retry_some_chunk", Operation.RETRY, f"plan p {narrowed}", "p", order, *how)
    assert looker.ask(question) == "REFUSED"
    record = world.reader.plan_record("p")
    assert (record["wave:1:state"], record["gateSaid"].partition(": ")[2]) == (
        AGAIN,
        "it answered 200, while a retry is under way",
    )
    assert int(record["gateNext"]) - int(record["gateSaidAt"]) == 30_000


def test_an_answer_counts_for_its_own_question_only(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate]
) -> None:
    yes, no = start(PAGE % (200, 0, b"")), start(PAGE % (500, 0, b""))
    old = asked(world, no.url)
    # Put again, for nobody has answered.
    world.client.zadd(world.keys.of("awaited"), {"p": 0})
    question = world.awaited.hand_out().question
    assert question is not None
    assert question.number > old.number
    before = world.state()
    late = world.operations.answer_gate("p", "canary", Order("gate", "late"), approves=False, question=old.number)
    assert (late.answer, late.why) == ("REFUSED", "gate-not-asked")
    assert world.awaited.not_yet(old, "late") == "STALE"
    assert (world.state(), state(world)) == (before, (AGAIN, "RUNNING"))
    assert looker.ask(old) == "STALE"
    # A person is quicker than its answer: nobody is asked any more, and what comes is nobody's.
    world.operations.answer_gate("p", "canary", Order("ada", "errors on the dashboard"), approves=False)
    for number in (old.number, question.number):
        reply = world.operations.answer_gate("p", "canary", Order("gate", "late"), approves=True, question=number)
        assert (reply.answer, reply.why) == ("REFUSED", "gate-not-asked")
    assert (looker.ask(question), state(world), no.asked) == ("STALE", (NO, "PAUSED"), [])
    # Asked again by the resume: from that moment on, and not by what was asked before it.
    world.ask("resume", "p")
    reply = world.operations.answer_gate("p", "canary", Order("gate", "late"), approves=False, question=question.number)
    assert (reply.answer, state(world)) == ("REFUSED", (AGAIN, "RUNNING"))
    assert yes.asked == no.asked == []
    question = world.awaited.hand_out().question
    assert question is not None
    assert (looker.ask(question), state(world), len(no.asked)) == ("ACCEPTED", (NO, "PAUSED"), 1)


def test_a_plan_of_the_same_id_is_not_answered_by_what_the_one_before_it_was(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate]
) -> None:
    gate = start(PAGE % (200, 0, b""))
    old = asked(world, gate.url)
    assert (looker.ask(old), world.serve("p")) == ("ACCEPTED", ["p.1"])
    world.finish("p.1")
    purges = Purges(world.ledger)
    assert purges.purge("p", Order("ada")).answer == "ACCEPTED"
    while purges.chunk():
        pass
    question = asked(world, gate.url)
    assert question.number > old.number
    assert (looker.ask(old), state(world)) == ("STALE", (AGAIN, "RUNNING"))
    assert (looker.ask(question), state(world)) == ("ACCEPTED", (YES, "RUNNING"))


def test_who_cannot_be_reached_is_asked_again_until_its_time_is_over(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate]
) -> None:
    gate = start(b"")
    gate.close()
    question = asked(world, gate.url)
    assert "asked once since" in told(world)
    assert "no answer yet" in told(world)
    looker.ask(question)
    assert state(world) == (AGAIN, "RUNNING")
    gate_words = told(world)
    assert f"by its HTTP gate {gate.url}, asked once since" in gate_words
    assert re.search(r"last answer at [0-9:]+ UTC: [^,]+, asked again at ", gate_words), gate_words
    assert gate_words.endswith("UTC without a yes")
    world.client.hset(world.keys.of("plan", "p"), "gateEnds", 1)
    looker.ask(question)
    assert state(world) == (NO, "PAUSED")
    rejected = [event for event in world.events() if event.type == "PlanGateRejected"]
    assert [str(getattr(event, "reason", "")).startswith("no yes in time") for event in rejected] == [True]


def test_it_is_asked_when_its_time_is_over_and_a_yes_counts_no_more(
    world: LedgerWorld, looker: Looker, start: Callable[[bytes | None], Gate]
) -> None:
    """A time that is no multiple of the interval: it was over when the next question was put, whose yes counted."""
    question = asked(world, start(PAGE % (200, 0, b"")).url, timeout_ms=10_000)
    plan = world.keys.of("plan", "p")

    def next_and_last() -> list[str | None]:
        return cast(list[str | None], world.client.hmget(plan, "gateNext", "gateUntil"))

    # An answer that never comes does not put the last question off either.
    assert next_and_last()[0] == next_and_last()[1]
    assert world.awaited.not_yet(question, "it answered 202, not yet") == "AGAIN"
    assert next_and_last()[0] == next_and_last()[1]
    world.client.hset(plan, "gateEnds", 1)
    assert looker.ask(question) == "ACCEPTED"
    assert state(world) == (NO, "PAUSED")
    rejected = [event for event in world.events() if event.type == "PlanGateRejected"]
    assert [str(getattr(event, "reason", "")).startswith("no yes in time: ") for event in rejected] == [True]
