"""What the servers and processes have to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.control.answers import Remark
from orchestrator.control.explain.scene import Scene, clock_words, seconds_words, some_of
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.hand_backs import HandBack, who_can
from orchestrator.control.live_broker import is_on_another_broker
from orchestrator.control.worrying import SKEW_SECONDS
from orchestrator.domain.lanes import lane_name, lane_of
from orchestrator.domain.typed import typed
from orchestrator.ledger.presence import GONE_SECONDS, Process

START_COORDINATOR: Final = typed("coordinator")
START_WORKER: Final = typed("worker")


def servers(scene: Scene) -> Iterator[Remark]:
    """The ledger takes nothing: then nothing else matters much."""
    if scene.refusal:
        yield remark(Situation.LEDGER_REFUSES, f"nothing can be recorded, so nothing moves: {scene.refusal}")


def clocks(scene: Scene) -> Iterator[Remark]:
    """Times are Redis'; a person reads them by the clock of this machine. What is shown may stand still."""
    if abs(scene.ahead_seconds) >= SKEW_SECONDS:
        where = "ahead of" if scene.ahead_seconds > 0 else "behind"
        sentence = (
            f"this machine's clock is {seconds_words(abs(scene.ahead_seconds))} {where} Redis', whose times these are"
        )
        yield remark(Situation.CLOCK_SKEW, f"{sentence}; it decides nothing")
    if scene.shown.ahead_seconds >= SKEW_SECONDS:
        stands = f"stands at {clock_words(scene.shown.shown_ms)} until Redis' clock, which was put back, is there too"
        sentence = f"the time that is shown {stands}, in {seconds_words(scene.shown.ahead_seconds)}"
        yield remark(
            Situation.SHOWN_TIME,
            f"{sentence}: freezes and soaks last on meanwhile, and a plan's not_before and not_after come early",
            typed("doctor"),
        )


def no_coordinator(scene: Scene) -> Iterator[Remark]:
    """Nobody admits, nobody sweeps. In a ledger that takes no writes nobody can give a sign of life."""
    if not scene.coordinators and not scene.refusal:
        sentence = f"no coordinator is alive{_last_seen(scene, 'coordinator')}"
        yield remark(Situation.NO_COORDINATOR, sentence, START_COORDINATOR)
        yield from _elsewhere(scene, "coordinator")


def broker_away(scene: Scene) -> Iterator[Remark]:
    """Every coordinator says that its broker does not answer."""
    away = [one for one in scene.coordinators if one.broker_away_seconds]
    if away and len(away) == len(scene.coordinators):
        places = some_of(sorted({one.broker for one in away}))
        seconds = seconds_words(min(one.broker_away_seconds for one in away))
        sentence = f"the coordinators' broker at {places} has not answered for {seconds}: nothing is handed out"
        mend = "start it, or give the coordinators the right CHANGEOVER_BROKER_URL"
        if refusals := sorted({one.broker_refusal for one in away if one.broker_refusal}):
            sentence = f"{some_of(refusals)}, for {seconds} at {places}: nothing is handed out"
            mend = "give the coordinators what it wants"
        yield remark(Situation.BROKER_AWAY, f"{sentence}; {mend}", typed("doctor"))


def handed_back(scene: Scene, found: HandBack, tenant_id: str, sentence: str, *, has_begun: bool = False) -> Remark:
    """Workers could not run the tenant's turn, as the sentence says: who can, or what lets one; of a stage that
    ``has_begun``, where no boundary comes before its end, also what does without."""
    queue, able = who_can(found, tenant_id, scene.workers, scene.lanes)
    if able:
        sentence += f"; worker {some_of([one.name for one in able])} can, and takes it in the end"
        return remark(Situation.HANDED_BACK, sentence, typed("doctor"))
    sentence += f"; no live worker of {queue} can: {found.mend}"
    takes = scene.offers.release(tenant_id, force=True) if has_begun else []
    if takes:
        sentence += (
            "; it has begun, so a pause or cancel waits for its end: only a forced release ends it before, as FAILED"
        )
    return remark(Situation.HANDED_BACK, sentence, START_WORKER, *takes)


def last_sign(scene: Scene, worker: str, what: str) -> str:
    """To stand behind a worker that gives none any more. One that was told to stop takes its entry out first, and may
    still be at what it ends."""
    known = scene.process(worker)
    if known is None:
        return f", which has signed off or is gone: it ends {what} if it still runs"
    return f", which gave its last sign {_ago(known)}"


def no_worker_takes_it(scene: Scene, tenant_id: str, *, is_due: bool = True) -> list[Remark]:
    """Why no worker takes the tenant's message; empty when one should. One that is not due yet waits for no free
    slot."""
    if scene.refusal:
        return []
    if away := list(broker_away(scene)):
        return away
    queue = lane_name(lane_of(tenant_id, scene.lanes))
    consumers = [one for one in scene.workers if queue in one.queues]
    if not consumers:
        sentence = f"no worker consumes queue {queue}{_last_seen(scene, 'worker', queue)}"
        return [remark(Situation.NO_WORKER, sentence, START_WORKER), *_elsewhere(scene, "worker")]
    return [one for one in _none_of(scene, consumers, queue) if is_due or one.situation != Situation.WORKERS_BUSY]


def _none_of(scene: Scene, consumers: Sequence[Process], queue: str) -> list[Remark]:
    elsewhere = [one for one in consumers if is_on_another_broker(one, scene.coordinators)]
    if len(elsewhere) == len(consumers):
        return [_other_broker(scene, elsewhere)]
    near = [one for one in consumers if one not in elsewhere]
    silent = [one for one in near if one.silent_seconds >= scene.silence_seconds]
    if len(silent) == len(near):
        names = some_of([one.name for one in silent])
        seconds = seconds_words(min(one.silent_seconds for one in silent))
        sentence = f"worker {names} consumes queue {queue}, and has got nothing from the broker for {seconds}"
        return [remark(Situation.WORKERS_SILENT, f"{sentence}: it ends itself, start others", START_WORKER)]
    ready = [one for one in near if one not in silent]
    slots, busy = sum(one.slots for one in ready), sum(one.busy for one in ready)
    if slots and busy >= slots:
        sentence = f"all {slots} worker slots of queue {queue} are busy: add workers"
        return [remark(Situation.WORKERS_BUSY, sentence, START_WORKER)]
    return []


def _other_broker(scene: Scene, workers: Sequence[Process]) -> Remark:
    theirs = some_of(sorted({one.broker for one in scene.coordinators}))
    named = some_of([f"{one.name} ({one.broker})" for one in workers])
    sentence = f"the coordinators hand out at the broker {theirs}, and worker {named} listens at another"
    return remark(
        Situation.OTHER_BROKER, f"{sentence}: restart it with the coordinators' CHANGEOVER_BROKER_URL", typed("doctor")
    )


def _last_seen(scene: Scene, role: str, queue: str | None = None) -> str:
    """The one that was there last, if that is not long ago: it ended, froze, or cannot reach Redis."""
    gone = [one for one in scene.processes if one.role == role and (queue is None or queue in one.queues)]
    last = min(gone, key=lambda one: one.age_seconds, default=None)
    if last is None or last.age_seconds > GONE_SECONDS:
        return ""
    return f" ({role} {last.name} gave its last sign {_ago(last)})"


def _ago(process: Process) -> str:
    return f"{seconds_words(process.age_seconds)} ago"


def _elsewhere(scene: Scene, role: str) -> Iterator[Remark]:
    """One that works in another namespace is often the one that was meant."""
    if found := scene.elsewhere.find(role):
        namespace, names = found
        sentence = f"{role} {some_of(names)} is alive in namespace {namespace!r}, this is {scene.reader.namespace!r}"
        yield remark(Situation.OTHER_NAMESPACE, f"{sentence}: give plans and processes one CHANGEOVER_NAMESPACE")
