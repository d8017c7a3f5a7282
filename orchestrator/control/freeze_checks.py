"""What is wrong with a freeze as it is asked for: all of it, whatever kind the arguments are of, by the names that
``Client.freeze`` has for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from orchestrator.control.order_gate import pattern_problems
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.model import LabelKey, LabelValue, TenantId
from orchestrator.domain.wording import shown
from orchestrator.fleet.calendar import parse_recurrence

LONGEST: Final = timedelta(days=3650)
_SHORTEST_SECONDS: Final = 0.001
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED_TENANTS: Final = "expected a tenant's id or a pattern such as 'eu-*'; an id has no spaces and no braces"
_NO_END: Final = "missing; a freeze has an end (`until`, `for_seconds`), or times that recur (`every`)"
_EXPECTED_LABEL: Final = (
    "expected key=value, such as region=eu; a key has letters, digits, '.', '_', '/' and '-' and begins with a letter "
    "or digit"
)


def check_scope(tenants: Any, label: Any, *, all_tenants: object) -> None:
    """Raises ``InvalidInput`` unless exactly one of them is given, and some tenant can be meant by it."""
    problems = pattern_problems(tenants=tenants, label=label)
    wrong = {problem.path for problem in problems}
    if sum((tenants is not None, label is not None, all_tenants is not False)) != 1:
        problems.append(Problem("", None, "give exactly one of `tenants`, `label` and `all_tenants`"))
    if isinstance(tenants, str) and "tenants" not in wrong and not _can_be(TenantId, tenants.replace("*", "x")):
        problems.append(Problem("tenants", tenants, _EXPECTED_TENANTS))
    if isinstance(label, str) and "label" not in wrong:
        key, _, value = label.partition("=")
        if not (_can_be(LabelKey, key) and _can_be(LabelValue, value)):
            problems.append(Problem("label", label, _EXPECTED_LABEL))
    if problems:
        raise InvalidInput(problems)


def _can_be(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return False
    return True


def check_times(since: object, until: object, for_seconds: object, every: Any) -> None:
    """Raises ``InvalidInput`` for what is wrong with a freeze's times, whatever the time is."""
    unseen = pattern_problems(every=every)
    problems = [*unseen]
    if until is not None and for_seconds is not None:
        problems.append(Problem("until", None, "give `until` or `for_seconds`, not both"))
    if until is None and for_seconds is None and every is None:
        problems.append(Problem("until", None, _NO_END))
    if for_seconds is not None and (fault := _fault_of_seconds(for_seconds)):
        problems.append(Problem("for_seconds", shown(for_seconds), fault))
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and (not isinstance(moment, datetime) or moment.utcoffset() is None):
            said = moment.isoformat() if isinstance(moment, datetime) else shown(moment)
            problems.append(Problem(name, said, "expected a time with its zone, such as 2026-12-01T02:00:00Z"))
    if isinstance(every, str) and not unseen:
        try:
            parse_recurrence(every)
        except ValueError as error:
            problems.append(Problem("every", every, str(error)))
    if problems:
        raise InvalidInput(problems)


def _fault_of_seconds(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "expected how long it lasts, as a number"
    if not _SHORTEST_SECONDS <= value <= LONGEST.total_seconds():
        return "expected a time of at least 0.001 s and at most ten years"
    return ""


def check_moments(
    now: datetime, since: datetime | None, until: datetime | None, for_seconds: float | None
) -> datetime | None:
    """When it ends, None for never. Raises ``InvalidInput`` for what only the ledger's clock shows to be wrong."""
    ends = until if for_seconds is None else _later(since or now, for_seconds)
    problems = []
    if ends is not None and ends <= max(now, since or now):
        message = "expected an end that is to come, and after its begin"
        problems.append(Problem("until" if for_seconds is None else "for_seconds", ends.isoformat(), message))
    for name, moment in (("since", since), ("until" if for_seconds is None else "for_seconds", ends)):
        if moment is not None and not _EARLIEST <= moment <= now + LONGEST:
            problems.append(Problem(name, moment.isoformat(), "expected a time in the next ten years"))
    if problems:
        raise InvalidInput(problems)
    return ends


def _later(begin: datetime, seconds: float) -> datetime:
    try:
        return begin + timedelta(seconds=seconds)
    except OverflowError:
        raise InvalidInput([Problem("since", begin.isoformat(), "expected a time in the next ten years")]) from None
