"""A plan that is being written: since when nobody has written it, and the way out."""

from __future__ import annotations

from orchestrator.control.answers import Remark
from orchestrator.control.explain.scene import Scene, seconds_words
from orchestrator.control.explain.situations import Situation, remark
from orchestrator.control.worrying import ABANDONED_SECONDS, UNWRITTEN_SECONDS
from orchestrator.domain.typed import typed
from orchestrator.ledger.records import Record


def draft(scene: Scene, plan_id: str, record: Record) -> Remark:
    """Who submits it is not known: only when it was written to last."""
    written, total = record["written"], record["total"]
    touched = scene.reader.drafts().get(plan_id)
    idle = (scene.now_ms - touched) / 1000 if touched is not None else ABANDONED_SECONDS
    if idle < UNWRITTEN_SECONDS:
        return remark(Situation.DRAFT, f"it is being submitted: {written} of {total} tenants are written")
    purge = typed("purge", "--plan", plan_id)
    if idle < ABANDONED_SECONDS:
        sentence = f"{written} of {total} tenants are written, and nobody has written for {seconds_words(idle)}: "
        sentence += "if its submit has failed, submit the same plan again and it goes on, or take it out"
        return remark(Situation.DRAFT, sentence, purge)
    sentence = f"its submit was cut off after {written} of {total} tenants, {seconds_words(idle)} ago"
    sentence += ": submit the same plan again and it goes on; after an hour it is deleted"
    return remark(Situation.DRAFT_ABANDONED, sentence, purge)
