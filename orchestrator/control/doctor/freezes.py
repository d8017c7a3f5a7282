"""Freezes that stop more than they say, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.freeze_words import whom_it_stops
from orchestrator.ledger.freeze_log import FreezeLog
from orchestrator.ledger.reader import Reader


def freeze_rows(reader: Reader) -> Iterator[Check]:
    """One row for those that are well, and one for each that is not."""
    now_ms = reader.freezes.told_now_ms()
    known = reader.freezes.all()
    for freeze in known:
        lift = f"`changeover unfreeze {freeze.freeze_id} --reason REASON` lifts it"
        if freeze.record is None:
            finding = f"its record is damaged: {whom_it_stops(freeze)}, {freeze.waiting} tasks wait; {lift}"
        elif freeze.record.state(now_ms)[0] and freeze.stops is None:
            finding = "it should be in force and stops nobody: a hand in the data? A coordinator puts it right within "
            finding += "a minute"
        elif freeze.record.has_run_out(now_ms):
            finding = f"its times are known no further, so it counts as in force, {freeze.waiting} tasks wait; "
            finding += f"a coordinator works them out within a minute, or {lift}"
        else:
            continue
        yield check(Row.FREEZES, f"freeze {freeze.freeze_id}", finding, good=False)
    names = {freeze.freeze_id for freeze in known}
    for freeze_id, record in FreezeLog(reader.freezes).not_lifted(now_ms).items():
        if freeze_id not in names:
            finding = (
                f"its record is gone, and nobody has lifted it ({record.scope}, by {record.actor}, {record.reason}):"
            )
            finding += " a hand in the data? A coordinator sets it again within a minute"
            yield check(Row.FREEZES, f"freeze {freeze_id}", finding, good=False)
    in_force = sum(freeze.record is not None and freeze.record.state(now_ms)[0] for freeze in known)
    finding = f"{in_force} of {len(known)} are in force, {sum(freeze.waiting for freeze in known)} tasks wait"
    yield check(Row.FREEZES, "freezes", f"{finding}; `changeover freezes` lists them" if known else "none")
