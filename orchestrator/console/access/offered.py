"""What is offered to type, for who is told: a command that the caller's role may not use says which role may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.console.access.roles import LEAST, Actor, Permission
from orchestrator.control.answers import Explanation, Remark
from orchestrator.control.explain.situations import reasons_of

_NEEDED: Final[dict[str, Permission]] = {
    **dict.fromkeys(("approve", "reject"), Permission.APPROVE),
    **dict.fromkeys(("freeze", "unfreeze"), Permission.FREEZE),
    **dict.fromkeys(
        ("pause", "resume", "cancel", "retry", "rollback", "skip-stage", "accept", "exclude"), Permission.OPERATE
    ),
    "submit": Permission.SUBMIT,
    "release": Permission.RELEASE,
    "purge": Permission.PURGE,
    "token": Permission.TOKENS,
}


def permission_for(command: str) -> Permission:
    """What a command as one types it (``changeover approve --plan p``) takes; what only looks takes reading."""
    words = command.split()
    if "--override-freeze" in words:
        return Permission.OVERRIDE_FREEZE
    return _NEEDED.get(words[1] if len(words) > 1 else "", Permission.READ)


def remarks_for(actor: Actor, remarks: Sequence[Remark]) -> list[Remark]:
    """The remarks as this caller can act on them."""
    return [_for(actor, remark) for remark in remarks]


def explanation_for(actor: Actor, found: Explanation) -> Explanation:
    """The same of a whole explanation."""
    remarks = remarks_for(actor, found.remarks)
    return found.model_copy(update={"remarks": remarks, "reasons": reasons_of(remarks)})


def _for(actor: Actor, remark: Remark) -> Remark:
    wanting = [command for command in remark.commands if not actor.may(permission_for(command))]
    if not wanting:
        return remark
    told = "".join(f"; `{command}` needs the role {LEAST[permission_for(command)]}" for command in wanting)
    left = [command for command in remark.commands if command not in wanting]
    return remark.model_copy(update={"sentence": remark.sentence + told, "commands": left})
