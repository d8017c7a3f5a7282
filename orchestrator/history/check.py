"""The one call: log, ledger, broker and effects in, report out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile

from orchestrator.domain.events import Event
from orchestrator.history.bound_rules import check_bounds
from orchestrator.history.broker_dump import StageMessages
from orchestrator.history.dump_groups import check_groups
from orchestrator.history.dump_plans import check_plans
from orchestrator.history.dump_tasks import check_tasks
from orchestrator.history.dump_tenants import check_tenants
from orchestrator.history.effects import Effect, check_effects
from orchestrator.history.fold_rules import check_all_ended, check_fold
from orchestrator.history.isolation_rules import check_isolation
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.log_rules import replay
from orchestrator.history.report import Report
from orchestrator.history.unreadable import name_unreadable
from orchestrator.history.way_back_rules import check_ways_back
from orchestrator.history.world import World


def check_log(
    events: Iterable[Event],
    stages: Mapping[str, Sequence[str]] | None = None,
    *,
    is_cut: bool = False,
) -> Report:
    """What the log alone can say. Without ``stages``, the names of each plan's stages, their order is not judged."""
    report = Report()
    known = stages or {}
    replay(World(lambda plan_id, _: tuple(known.get(plan_id, ())), is_cut=is_cut), events, report)
    return report


def check_history(
    events: Iterable[Event],
    dump: LedgerDump,
    *,
    ended: bool = True,
    is_cut: bool = False,
    effects: Iterable[Effect] = (),
    effect_stages: Sequence[int] = (),
    messages: StageMessages | None = None,
    lost_workers: int = 0,
    damaged: Collection[str] = (),
    overdue_ms: int = 60_000,
) -> Report:
    """Whether I1 to I19 held.

    ``events`` is the namespace's log, whole unless ``is_cut``; what came before a cut is not judged. ``ended`` is the
    judgement at the end: everything submitted must be over. Without it the judgement is that of one moment, of a dump
    taken while things run; read the log after the dump, what is newer than the dump is left out.

    ``effect_stages`` are the indices of the plan stages whose steps leave an effect. ``messages`` are the stage
    messages in the broker (``read_messages``); ``lost_workers`` ended while they may have had some. ``damaged`` are
    plans that a hand has damaged: of these nothing is claimed, but that they hold up nobody else. A lease overdue by
    more than ``overdue_ms`` was not answered.
    """
    report = Report()
    name_unreadable(dump, report)
    world = World(dump.stages_of_created, is_cut=is_cut, damaged=damaged)
    until_dump = takewhile(lambda event: event.sequence_id <= dump.seq, events)
    replay(world, events if ended else until_dump, report)
    check_plans(dump, report)
    check_tasks(dump, report, overdue_ms=overdue_ms)
    check_tenants(dump, report)
    check_groups(dump, report)
    check_fold(world, dump, report, damaged=damaged)
    check_ways_back(world, dump, report)
    check_bounds(dump, report, messages=messages or StageMessages(), lost_workers=lost_workers, ended=ended)
    check_isolation(world, dump, report, damaged=damaged, ended=ended, overdue_ms=overdue_ms)
    if ended:
        check_all_ended(world, report, damaged=damaged)
    check_effects(effects, world, effect_stages, report)
    return report
