"""What `doctor` says of releases: which differ, who is too old for the ledger, and whose turns nobody can run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.control.answers import Check
from orchestrator.control.doctor.rows import Row, check
from orchestrator.control.hand_backs import hand_back_of, who_can
from orchestrator.ledger.presence import Process
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.release import FORMATS, own_release, reads

SHOWN: Final = 10
"""Tasks that are named."""


def release_rows(reader: Reader, live: Sequence[Process], lanes: int) -> Iterator[Check]:
    """``live``: the processes that gave a sign of late."""
    yield _releases(live)
    needs = reader.needed_format()
    for process in live:
        if (known := reads(process.formats, "ledger")) < needs:
            finding = f"too old: the ledger needs format {needs}, it knows {known} and does nothing; update it"
            yield check(Row.TOO_OLD, f"release of {process.role} {process.name}", finding, good=False)
    if FORMATS["ledger"] < needs:
        finding = f"too old: the ledger needs format {needs}, it knows {FORMATS['ledger']}; update it"
        yield check(Row.TOO_OLD, "release of this command", finding, good=False)
    yield from _handed_back(reader, live, lanes)


def _releases(live: Sequence[Process]) -> Check:
    by_release: dict[str, list[str]] = defaultdict(list)
    for process in live:
        by_release[process.release or "not told"].append(f"{process.role} {process.name}")
    finding = own_release() or "not installed"
    if len(by_release) > 1:
        # The many are counted, the few are named: these are what is left to update, or what was updated first.
        parts = []
        for release, names in sorted(by_release.items(), key=lambda item: (len(item[1]), item[0])):
            named = ", ".join(sorted(names)[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
            parts.append(f"{release}: {named if len(names) <= SHOWN else f'{len(names)} processes'}")
        finding = f"they differ: {'; '.join(parts)}; an update that is under way is to be finished"
    return check(Row.RELEASES, "releases", finding)


def _handed_back(reader: Reader, live: Sequence[Process], lanes: int) -> Iterator[Check]:
    task_ids = reader.handed_back(SHOWN)
    for task_id, record in zip(task_ids, reader.task_records(task_ids), strict=True):
        found = hand_back_of(record)
        if found is None:
            continue
        queue, able = who_can(found, record.get("tenant", ""), live, lanes)
        finding = f"handed back {found.times} times: worker {found.worker} {found.words}"
        if able:
            finding += f"; worker {', '.join(one.name for one in able[:3])} can, and takes it"
        else:
            finding += f"; no live worker of {queue} can: {found.mend}"
        yield check(Row.HANDED_BACK, f"task {task_id}", finding, good=bool(able))
