"""The one call: log, ledger and effects in, report out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.domain.events import Event
from orchestrator.history.effects import Effect, check_effects
from orchestrator.history.ledger_dump import LedgerDump
from orchestrator.history.ledger_rules import check_all_ended, check_dump, check_fold
from orchestrator.history.log_rules import replay
from orchestrator.history.report import Report


def check_history(
    events: Iterable[Event],
    dump: LedgerDump,
    *,
    effects: Iterable[Effect] = (),
    effect_stages: Sequence[int] = (),
    ended: bool = True,
    overdue_ms: int = 60_000,
) -> Report:
    """Whether I1 to I12 held. ``events`` is the namespace's whole log from its first event on.

    ``effect_stages`` are the indices of the plan stages whose steps leave an effect; ``ended`` says that everything
    submitted must be over by now; a lease overdue by more than ``overdue_ms`` was not answered.
    """
    report = Report()
    world = replay(events, dump.stages, report)
    check_dump(dump, report, overdue_ms=overdue_ms)
    check_fold(world, dump, report)
    if ended:
        check_all_ended(world, report)
    check_effects(effects, world.tasks, effect_stages, report)
    return report
