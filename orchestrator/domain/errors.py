"""Every error a user can meet: one base, a stable code, the exit code of the command line, picklable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

QUOTE_LIMIT = 200
"""A value quoted in an error is cut at this many characters."""


LEFT: Final = 130
"""Exit code of who left a command before its end, by a key or by Ctrl-C: what a shell tells of a process that SIGINT
killed."""


def quoted_value(value: object) -> str:
    """The value as shown in an error: its ``repr`` (strings) or text, cut at ``QUOTE_LIMIT`` characters."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:
        # Python writes no number of so many digits.
        return f"a {type(value).__name__} that is too long to show"
    if len(text) > QUOTE_LIMIT and "://" in text:
        return cut_url(len(text))
    return cut_text(text)


def cut_url(characters: int) -> str:
    """What is said of a text that cannot be cut: in the midst of its password a URL does not look like one that has
    any."""
    return f"text of {characters} characters, with a URL in it"


def cut_text(text: str, most: int = QUOTE_LIMIT) -> str:
    """At most so many characters of what came from outside, and the mark of a cut: by it the mask finds what a cut
    left of a secret (``secrets/known.py``). What steps use is ``exact_text`` of ``steps/told.py``."""
    return text if len(text) <= most else text[:most] + "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where (``tenants[17].tenant_id``), what was given, what was expected."""

    path: str
    value: object
    """As JSON can say it; not typed so, as every command loads this module and pydantic takes its time."""
    message: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        shown = "" if self.value is None else f" (got {quoted_value(self.value)})"
        return f"{where}{self.message}{shown}"


class ChangeoverError(Exception):
    """Base of all errors that Changeover raises on purpose."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2


class InvalidInput(ChangeoverError):
    """The input is wrong; ``problems`` names all of it at once. Mend the file and submit again: nothing was written."""

    code = "invalid_input"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(list(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def error_lines(error: ChangeoverError) -> list[str]:
    """The error for a person: one line beginning ``error: `` a problem. What follows in a longer message is set in, so
    that nothing quoted there can pass for an error of its own.
    """
    if isinstance(error, InvalidInput):
        return [f"error: {problem}" for problem in error.problems]
    first, *others = str(error).splitlines() or [error.code]
    return [f"error: {first}", *(f"  {line}" for line in others)]


class PlanConflict(ChangeoverError):
    """A plan with this id exists and says something else. Take another plan_id, or submit the same content."""

    code = "plan_conflict"


class NotFound(ChangeoverError):
    """No such plan, task or tenant in this namespace. `changeover status` lists what there is."""

    code = "not_found"
    exit_code = 3


class NotAllowed(ChangeoverError):
    """The target's state does not allow this now; the message says which state and what would."""

    code = "not_allowed"
    exit_code = 3


class TenantsMoved(NotAllowed):
    """Tenants are not any more as the preview showed them, so the plan was not submitted. Look at a new preview, and
    submit with its digest."""

    code = "tenants_moved"

    def __init__(self, tenant_ids: Sequence[str], count: int) -> None:
        super().__init__(list(tenant_ids), count)
        self.tenant_ids = list(tenant_ids)

    def __str__(self) -> str:
        _, count = self.args
        named = ", ".join(self.tenant_ids) + (", ..." if count > len(self.tenant_ids) else "")
        who = f"{count} of its tenants" if count != 1 else "1 of its tenants"
        named = f" ({named})" if named else ""
        return f"{who}{named} moved since the preview; nothing was submitted: preview the plan again"


class DamagedData(ChangeoverError):
    """What Changeover reads in Redis is not what it wrote there: a hand, another program or a lost disk has changed it.
    The message says what, and who names the way out: `changeover doctor`, or `explain` of the plan or task.
    """

    code = "damaged_data"
    exit_code = 3


class BadMove(NotAllowed):
    """The transition table has no row for what was about to be done, or its guard does not hold: a fault of Changeover,
    or a hand in its data. Nothing was written. Report it, with the events of the task or plan that the message names.
    """

    code = "bad_move"

    def __init__(self, kind: str, identifier: str, status: str, trigger: str) -> None:
        super().__init__(kind, identifier, status, trigger)
        self.status = status

    def __str__(self) -> str:
        kind, identifier, status, trigger = self.args
        if " " in trigger:
            # No trigger: what Redis, or a script, said of a damaged record.
            return f"nothing can be done with {kind} {identifier}, which is {status or 'nothing'}: {trigger}"
        return f"the transition table does not let {kind} {identifier}, which is {status or 'nothing'}, {trigger}"


class IrreversibleStage(NotAllowed):
    """The rollback has come to a stage marked irreversible. `changeover rollback --task ID --force` goes through it."""

    code = "irreversible_stage"


class NoSnapshot(NotAllowed):
    """There is no old config to go back to. Give the plan's tenants a source_tenant_deploy_config."""

    code = "no_snapshot"


class Unreachable(ChangeoverError):
    """Redis or the broker does not answer; the message names the address (without its password) and what to do."""

    code = "unreachable"
    exit_code = 4


class StoreFault(Unreachable):
    """The checkpoint store that the settings name does not answer, or not as its contract says; the message names it.
    Start it, or mend its package."""

    code = "store_fault"


class OutputLost(ChangeoverError):
    """The command's output could not be written where it was sent. What it was asked to do may have been done: look."""

    code = "output_lost"
    exit_code = 4


class PortTaken(ChangeoverError):
    """Another process listens on this port. End that one, or name another port."""

    code = "port_taken"
    exit_code = 4

    def __init__(self, option: str, where: str) -> None:
        super().__init__(option, where)

    def __str__(self) -> str:
        option, where = self.args
        return f"{option}: cannot listen on {where}: another process listens there; end it, or name another port"


class TooOld(ChangeoverError):
    """This process is of a release that is too old for what is stored. Nothing was changed; update it."""

    code = "too_old"

    def __init__(self, what: str, needed: int, known: int) -> None:
        super().__init__(what, needed, known)
        self.needed = needed

    def __str__(self) -> str:
        what, needed, known = self.args
        return (
            f"this process is too old: {what} has format {needed}, and it knows {known}; update it, nothing was changed"
        )
