"""A freeze as it is kept: whom it stops and when, the windows of the coming weeks worked out for the scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final, NotRequired

from pydantic import AfterValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from orchestrator.domain.pattern import is_like
from orchestrator.fleet.calendar import Window, parse_recurrence

HORIZON_MS: Final = 8 * 7 * 86_400_000
"""So far ahead windows are worked out."""

AHEAD_MS: Final = 14 * 7 * 86_400_000
"""So far beyond that they are looked for: where one ends that is open then, and for the next two, should fewer be
before. The 31st comes at most 62 days after another, or twice that, should a clock's jump take one out."""

RENEW_MS: Final = 6 * 7 * 86_400_000
"""What is known of less is worked out anew: long before it runs out."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom it stops: ``tenants`` of a pattern, those with a ``label`` (``key=value``), or all when neither is given."""

    tenants: str | None = None
    label: str | None = None

    def covers(self, tenant_id: str, labels: Mapping[str, str]) -> bool:
        """Whether a tenant is one of them."""
        if self.tenants is not None:
            return is_like(tenant_id, self.tenants)
        if self.label is not None:
            key, _, value = self.label.partition("=")
            return labels.get(key) == value
        return True

    def __str__(self) -> str:
        if self.tenants is not None:
            return f"tenants {self.tenants}"
        return f"label {self.label}" if self.label is not None else "all tenants"


@dataclass(frozen=True, slots=True)
class FreezeRecord:
    """One freeze. ``from_ms`` None: since it was set; ``until_ms`` None: until it is lifted, only where it recurs
    (``every``). ``known_until_ms``: up to when the windows of one that recurs are worked out; None when all are."""

    scope: Scope
    actor: str
    reason: str
    set_at_ms: int
    from_ms: int | None = None
    until_ms: int | None = None
    every: str | None = None
    rollbacks: bool = False
    windows: tuple[Window, ...] = ()
    known_until_ms: int | None = None

    def planned(self, now_ms: int) -> FreezeRecord:
        """The same with the windows from now on. Raises ``ValueError`` for an ``every`` that cannot be read."""
        begin = self.from_ms if self.from_ms is not None else self.set_at_ms
        if self.every is None:
            assert self.until_ms is not None, "one that does not recur has an end"
            return replace(self, windows=((begin, self.until_ms),), known_until_ms=None)
        horizon = max(now_ms, begin) + HORIZON_MS
        is_whole = self.until_ms is not None and self.until_ms <= horizon
        until = horizon + AHEAD_MS if self.until_ms is None else min(self.until_ms, horizon + AHEAD_MS)
        found = parse_recurrence(self.every).windows(max(begin, now_ms), until)
        if found:
            horizon = max(horizon, found[:2][-1][0] + 1)
        # Up to the horizon only what begins before it is known; it is known to its end.
        end = self.until_ms
        cut = [(max(start, begin), stop if end is None else min(stop, end)) for start, stop in found if start < horizon]
        return replace(self, windows=tuple(cut), known_until_ms=None if is_whole else horizon)

    def needs_windows(self, now_ms: int) -> bool:
        """Whether windows are to be worked out anew."""
        return self.known_until_ms is not None and self.known_until_ms - now_ms < RENEW_MS

    def state(self, now_ms: int) -> tuple[bool, int | None]:
        """Whether it is in force, and when that changes next; None when nobody knows, or nothing changes any more."""
        for start, stop in self.windows:
            if now_ms < start:
                return False, start
            if now_ms < stop:
                return True, self.until_ms if self.is_always else stop
        if self.known_until_ms is None:
            return False, None
        return (False, self.known_until_ms) if now_ms < self.known_until_ms else (True, None)

    def has_run_out(self, now_ms: int) -> bool:
        """Whether it recurs, and its windows have not been worked out in time: then it counts as in force."""
        is_known = any(now_ms < stop for _, stop in self.windows)
        return not is_known and self.known_until_ms is not None and now_ms >= self.known_until_ms

    @property
    def is_always(self) -> bool:
        """Whether it recurs, and is never out of force between its begin and its end."""
        return self.every is not None and parse_recurrence(self.every).is_always

    def stored(self) -> str:
        """As the scripts take it (``includes/freeze.lua``)."""
        known: dict[str, Any] = {
            "tenants": None if self.scope.tenants is None else self.scope.tenants.split("*"),
            "label": self.scope.label,
            "all": self.scope == Scope() or None,
            "rollbacks": self.rollbacks,
            "windows": self.windows,
            "knownUntil": self.known_until_ms,
            "told": asdict(self) | {"windows": (), "scope": asdict(self.scope)},
        }
        return json.dumps({name: value for name, value in known.items() if value is not None}, separators=(",", ":"))


def _is_recurrence(text: str) -> str:
    parse_recurrence(text)
    return text


_LAST_MS: Final = 200_000_000_000_000
"""In the year 8307: what is worked out from there on can still be told as a date."""
_Moment = Annotated[int, Field(ge=0, le=_LAST_MS)]
_Every = Annotated[str, AfterValidator(_is_recurrence)]


class _ScopeFields(TypedDict):
    tenants: str | None
    label: str | None


class _FreezeFields(TypedDict):
    scope: _ScopeFields
    actor: str
    reason: str
    set_at_ms: _Moment
    from_ms: NotRequired[_Moment | None]
    until_ms: NotRequired[_Moment | None]
    every: NotRequired[_Every | None]
    rollbacks: NotRequired[bool]


class _Stored(TypedDict):
    told: _FreezeFields
    windows: list[tuple[_Moment, _Moment]]
    knownUntil: NotRequired[_Moment]


_stored: Final = TypeAdapter(_Stored)


def read_freeze(text: str) -> FreezeRecord:
    """A stored record, in which each part is what it should be. Raises ``ValueError`` for a damaged one."""
    known = _stored.validate_json(text, strict=True)
    told: dict[str, Any] = {**known["told"], "scope": Scope(**known["told"]["scope"])}
    record = FreezeRecord(**told, windows=tuple(known["windows"]), known_until_ms=known.get("knownUntil"))
    if record.every is None and record.until_ms is None:
        raise ValueError("neither an end nor times that recur")
    return record
