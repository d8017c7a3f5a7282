"""The rows of coordinators and workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.doctor.servers import clock
from orchestrator.control.elsewhere import Elsewhere
from orchestrator.control.live_broker import is_on_another_broker
from orchestrator.control.worrying import SKEW_SECONDS
from orchestrator.domain.lanes import lane_names
from orchestrator.ledger.presence import ALIVE_SECONDS, Process
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.shared_settings import differences, shared_settings
from orchestrator.settings.model import Settings

WORRYING_SECONDS: Final = 120.0
"""A process without a sign for longer has ended: a frozen one ends itself before."""

NAMED: Final = 5


def process_rows(reader: Reader, found: Sequence[Process], settings: Settings) -> Iterator[Check]:
    """``found``: who is alive, and who was; what they say of themselves."""
    live = [process for process in found if process.age_seconds <= ALIVE_SECONDS]
    coordinators = [process for process in live if process.role == "coordinator"]
    workers = [process for process in live if process.role == "worker"]
    elsewhere = Elsewhere(reader)
    yield _coordinators(reader, coordinators, elsewhere)
    yield from _workers(reader, workers, settings, elsewhere)
    yield from _brokers(coordinators, workers)
    yield from _steps(workers)
    yield from _settings(reader, live, settings)
    for process in live:
        if abs(process.clock_ahead_seconds) >= SKEW_SECONDS:
            yield clock(f"clock of {process.role} {process.name}", process.clock_ahead_seconds)
    for process in found:
        if process.age_seconds > ALIVE_SECONDS:
            yield _dead(process)


def _coordinators(reader: Reader, coordinators: Sequence[Process], elsewhere: Elsewhere) -> Check:
    finding = f"{len(coordinators)} alive"
    if not coordinators:
        finding = "none is alive; start one with `changeover coordinator`"
        finding += _elsewhere(reader, elsewhere, "coordinator")
    return check(Row.COORDINATORS, "coordinators", finding, good=bool(coordinators))


def _workers(reader: Reader, workers: Sequence[Process], settings: Settings, elsewhere: Elsewhere) -> Iterator[Check]:
    consumed = {queue for process in workers for queue in process.queues}
    missing = [name for name in lane_names(settings.lanes) if name not in consumed]
    finding = f"{len(workers)} alive"
    if missing:
        finding += f"; nobody consumes {', '.join(missing)}: start one with `changeover worker`"
        finding += "" if workers else _elsewhere(reader, elsewhere, "worker")
    yield check(Row.WORKERS, "workers", finding, good=not missing)
    if workers:
        yield _slots(reader, workers)
    for process in workers:
        if process.silent_seconds >= settings.deaf_seconds:
            finding = f"connected but silent for {process.silent_seconds:.0f} s"
            finding += "; it ends itself, its supervisor starts another"
            yield check(Row.SILENT_WORKER, f"worker {process.name}", finding, good=False)


def _slots(reader: Reader, workers: Sequence[Process]) -> Check:
    """A backlog is no fault: all slots may be busy for hours."""
    total = sum(process.slots for process in workers)
    busy = sum(process.busy for process in workers)
    waiting = reader.overdue_leases("queued", 0)
    finding = f"{busy} of {total} busy"
    if total and busy >= total:
        finding = f"all {total} worker slots are busy"
        finding += f" and {waiting} turns wait for more than a lease" if waiting else ""
        finding += ": add workers with `changeover worker` to go faster"
    return check(Row.WORKER_SLOTS, "worker slots", finding)


def _brokers(coordinators: Sequence[Process], workers: Sequence[Process]) -> Iterator[Check]:
    for process in (*coordinators, *workers):
        if process.broker_away_seconds:
            finding = f"its broker at {process.broker} has not answered for {process.broker_away_seconds:.0f} s"
            finding += ": start it, or give the process the right CHANGEOVER_BROKER_URL"
            if process.broker_refusal:
                finding = f"{process.broker_refusal}, for {process.broker_away_seconds:.0f} s at {process.broker}"
                finding += ": give the process what it wants, and restart it"
            yield check(Row.BROKER_OF_PROCESS, f"broker of {process.role} {process.name}", finding, good=False)
    for process in workers:
        if is_on_another_broker(process, coordinators):
            theirs = ", ".join(sorted({one.broker for one in coordinators})[:NAMED])
            finding = f"{process.broker}, where no coordinator puts anything (they use {theirs})"
            finding += ": give both one CHANGEOVER_BROKER_URL"
            yield check(Row.BROKER_OF_PROCESS, f"broker of worker {process.name}", finding, good=False)


def _steps(workers: Sequence[Process]) -> Iterator[Check]:
    """A worker that lacks a package hands back the stages that need its steps."""
    known = {step for process in workers for step in process.steps}
    for process in workers:
        if lacking := sorted(known - set(process.steps)):
            finding = f"it lacks steps that other workers have ({', '.join(lacking[:NAMED])})"
            finding += ": it hands back what needs them; install their package, restart it"
            yield check(Row.STEPS, f"steps of worker {process.name}", finding, good=False)


def _settings(reader: Reader, live: Sequence[Process], settings: Settings) -> Iterator[Check]:
    shared = reader.shared_settings()
    for process in live:
        if others := differences(process.settings, shared):
            finding = f"{'; '.join(others)}: the coordinators' settings hold; give all processes the same"
            yield check(Row.SETTINGS, f"settings of {process.role} {process.name}", finding, good=False)
    if others := differences(shared_settings(settings), shared):
        yield check(
            Row.SETTINGS, "settings of this shell", f"{'; '.join(others)}: what this shell says changes nothing"
        )


def _dead(process: Process) -> Check:
    """Told of for ten minutes; after two it can only have ended, and its work was taken over long ago."""
    name, age = f"{process.role} {process.name}", process.age_seconds
    if age > WORRYING_SECONDS:
        return check(Row.DEAD_PROCESS, name, f"ended without a word {age / 60:.0f} min ago; what it did was taken over")
    finding = f"no sign for {age:.0f} s; if it still runs it is frozen, or this Redis refuses it, which its log says:"
    finding += " restart it, with this shell's CHANGEOVER_REDIS_URL"
    return check(Row.DEAD_PROCESS, name, finding, good=False)


def _elsewhere(reader: Reader, elsewhere: Elsewhere, role: str) -> str:
    found = elsewhere.find(role)
    return f" (one is alive in namespace {found[0]!r}, this is {reader.namespace!r})" if found else ""
