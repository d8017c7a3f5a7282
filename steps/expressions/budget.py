"""What one evaluation may cost, counted before it is spent: work, memory, and processor time as a backstop.

A single C call of Python (a comparison, ``in``, ``repr``) holds the interpreter's lock until it ends: no clock and no
other thread can stop it. So nothing is left to be stopped. Every value that an evaluation holds has been *weighed*,
each part as often as it is met (a list that holds one list 60,000 times weighs 60,000 of it), and every operation first
spends what its operands weigh. The limits are counts, so the same template passes or fails alike on every machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Self

from jinja2 import Undefined

from steps.json_values import VALUE_DEPTH, LimitExceeded
from steps.opaque import Opaque, refuse

OUTPUT_LIMIT: Final = 64 * 1024
"""Characters a template may give, and values a list in it may hold."""

WEIGHT_LIMIT: Final = 1024 * 1024
"""Characters and values of any one value, given or made: a tenant can have many endpoints."""

NUMBER_BITS: Final = 4_096
"""Of a number that an expression makes or calculates with."""

WORK_LIMIT: Final = 2_000_000
"""Steps of about 0.1 microseconds: one a value walked, one for 16 characters, ``OPERATION`` for a filter or call."""

SHARED_WORK_LIMIT: Final = 10 * WORK_LIMIT
"""The same for all evaluations that one ``shared_budget`` covers."""

PLAN_WORK_LIMIT: Final = 10 * WORK_LIMIT
"""The same for all evaluations that one ``bounded_evaluating`` covers; of each only what is beyond ``CHEAP`` counts, so
that a plan may have any number of tenants with templates as people write them."""

CHEAP: Final = 2_000

MEMORY_LIMIT: Final = 32 * 1024 * 1024
"""Bytes that all values made in one evaluation may take, were they all kept."""

TIME_LIMIT_SECONDS: Final = 0.5
"""Processor time of the evaluating thread. The limits above come first, unless a machine is very slow."""

OPERATION: Final = 40
LOOK_UP: Final = 5

_LOOK_AT_CLOCK_EVERY: Final = 20_000
_KEPT_FROM: Final = 32
_local = threading.local()

Weight = tuple[int, int]
"""Values and characters."""


class WrongKind(TypeError):
    """An operand or argument that an operation has no sense for; the message is whole as it is."""


class PlanTooCostly(Exception):
    """The evaluations of one plan have used up what they may cost together; nothing more of it is evaluated."""

    def __str__(self) -> str:
        words = "the templates and expressions of this plan cost more than is evaluated of one plan"
        return f"{words} ({PLAN_WORK_LIMIT:,} steps beside cheap ones): write simpler ones, or split the plan"


@dataclass(slots=True)
class PlanWork:
    """What the evaluations of one block have done together, of what they may."""

    limit: int
    cheap: int
    work: int = 0


class Budget:
    """What is left of one evaluation, which is a ``with`` block on one thread.

    Methods raise ``LimitExceeded`` when it is too little; so does the block's beginning, when those before it have used
    up what they share; ``PlanTooCostly`` when a whole plan has.
    """

    __slots__ = ("_bytes", "_clock_at", "_ends_at", "_secrets", "_weights", "_with_secrets", "_work")

    def __init__(self) -> None:
        self._with_secrets = False
        self._secrets = 0
        self._work = 0
        self._bytes = 0
        self._clock_at = _LOOK_AT_CLOCK_EVERY
        # Most evaluations end before the clock is looked at, so it is not asked when they begin.
        self._ends_at: float | None = None
        # Values do not change while an evaluation lasts, and those kept here cannot give their id to another.
        self._weights: dict[int, tuple[Any, Weight]] = {}

    def __enter__(self) -> Self:
        if (getattr(_local, "shared", None) or 0) > SHARED_WORK_LIMIT:
            raise LimitExceeded("does too much, together with those before it for this tenant's stage")
        plan: PlanWork | None = getattr(_local, "plan", None)
        if plan is not None and plan.work > plan.limit:
            raise PlanTooCostly
        _local.budget = self
        return self

    def __exit__(self, *_: object) -> None:
        # Nothing that was computed outlives its evaluation in an idle thread.
        _local.budget = None
        if getattr(_local, "shared", None) is not None:
            _local.shared += self._work
        plan: PlanWork | None = getattr(_local, "plan", None)
        if plan is not None and self._work > plan.cheap:
            plan.work += self._work - plan.cheap

    def spend(self, work: int) -> None:
        """Counts work about to be done."""
        self._work += work
        if self._work > WORK_LIMIT:
            raise LimitExceeded("does too much: its loops, lists and texts add up to more than one evaluation may do")
        if self._work >= self._clock_at:
            self._look_at_clock()

    def take(self, size: int) -> None:
        """Counts bytes about to be filled."""
        self._bytes += size
        if self._bytes > MEMORY_LIMIT:
            raise LimitExceeded(f"needs more than {MEMORY_LIMIT // 1024 // 1024} MB of memory")

    def weigh(self, value: Any, *, with_secrets: bool = False) -> Weight:
        """The weight of a value about to be walked, which is spent. Raises for what is no value.

        A secret is none, nor what holds one, unless ``with_secrets`` says that nobody will look.
        """
        kind = type(value)
        if kind is str:
            weight = (1, len(value))
            if weight[1] > WEIGHT_LIMIT:
                raise _too_heavy()
        elif kind is bool or kind is float or value is None:
            weight = (1, 0)
        else:
            self._with_secrets = with_secrets
            self._secrets = 0
            weight = self._measure(value, 0)
        self.spend(weight[0] + (weight[1] >> 4))
        return weight

    def admit(self, value: Any) -> Any:
        """A value just made, weighed; a list of their items in the place of iterators, which have no weight."""
        if isinstance(value, Iterator) or type(value) in _VIEWS:
            value = self._listed(value)
        self.weigh(value)
        return value

    def _look_at_clock(self) -> None:
        self._clock_at = self._work + _LOOK_AT_CLOCK_EVERY
        now = time.thread_time()
        if self._ends_at is None:
            self._ends_at = now + TIME_LIMIT_SECONDS
        elif now > self._ends_at:
            raise LimitExceeded(f"takes longer than {TIME_LIMIT_SECONDS} s")

    def _listed(self, items: Any) -> list[Any]:
        found: list[Any] = []
        total = 0
        for item in items:
            values, characters = self.weigh(item)
            total += values + characters
            if total > WEIGHT_LIMIT:
                raise _too_heavy()
            self.take(16)
            found.append(item)
        return found

    def _measure(self, value: Any, depth: int) -> Weight:
        if isinstance(value, str):
            return 1, len(value)
        if isinstance(value, int):
            bits = value.bit_length()
            return 1, bits >> 3 if bits > 64 else 0
        if value is None or isinstance(value, float | Undefined):
            return 1, 0
        if not isinstance(value, dict | list | tuple):
            if not (self._with_secrets and isinstance(value, Opaque)):
                _refuse(value)
            self._secrets += 1
            return 1, len(value.reveal())
        kept = self._weights.get(id(value))
        if kept is not None:
            return kept[1]
        if depth >= VALUE_DEPTH:
            raise LimitExceeded(f"works with a value nested more than {VALUE_DEPTH} levels deep")
        values, characters = 1, 0
        for item in chain(value, value.values()) if isinstance(value, dict) else value:
            kind = type(item)
            if kind is str:
                values += 1
                characters += len(item)
            else:
                inner_values, inner_characters = self._measure(item, depth + 1)
                values += inner_values
                characters += inner_characters
            if values + characters > WEIGHT_LIMIT:
                raise _too_heavy()
        if values >= _KEPT_FROM and not self._secrets:
            self._weights[id(value)] = value, (values, characters)
        return values, characters


_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()), range)


def budget() -> Budget:
    """What is left of this thread's evaluation, under way."""
    found: Budget = _local.budget
    return found


@contextmanager
def shared_budget() -> Iterator[None]:
    """All evaluations of this block on this thread together may do ``SHARED_WORK_LIMIT``, however many they are."""
    _local.shared = 0
    try:
        yield
    finally:
        _local.shared = None


@contextmanager
def bounded_evaluating(limit: int = PLAN_WORK_LIMIT, cheap: int = CHEAP) -> Iterator[PlanWork]:
    """All evaluations of this block on this thread together may do ``limit`` beside what is ``cheap`` of each, then
    ``PlanTooCostly``. One block within another counts for itself."""
    outer = getattr(_local, "plan", None)
    _local.plan = done = PlanWork(limit, cheap)
    try:
        yield done
    finally:
        _local.plan = outer


def _refuse(value: Any) -> None:
    if isinstance(value, Opaque):
        refuse()
    if hasattr(value, "__iter__") and not callable(value):
        iter(value)  # a variable that can only be read by name says so itself
    raise WrongKind("works with a method that is not called" if callable(value) else f"works with {kind_of(value)}")


def kind_of(value: Any) -> str:
    """The kind of a value, in words. Raises for a name that is undefined, and for a secret."""
    if isinstance(value, Opaque):
        refuse()
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    words = {
        int: "a number",
        float: "a number",
        bool: "true or false",
        str: "a text",
        list: "a list",
        tuple: "a list",
        dict: "a mapping",
        type(None): "null",
    }
    return words.get(type(value), f"a {type(value).__name__}")


def _too_heavy() -> LimitExceeded:
    return LimitExceeded(f"works with a value of more than {WEIGHT_LIMIT} characters and items in all")
