"""Which steps there are: the built-in ones, and those that other packages bring by entry point."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from typing import Any

from steps.broadcast import Broadcast
from steps.config_write import ConfigWrite
from steps.contract import Step, StepParameters
from steps.health_check import HealthCheck
from steps.http_request import HttpCall
from steps.installed import entry_points
from steps.noop import Noop
from steps.notify import Notify
from steps.poll import Poll
from steps.raised import is_for_process
from steps.redis_ack import RedisAck
from steps.told import words_of
from steps.wait import Wait
from steps.wording import quote

ENTRY_POINT_GROUP = "changeover.steps"
BUILT_IN: tuple[type[Step[Any]], ...] = (
    ConfigWrite,
    Broadcast,
    HealthCheck,
    HttpCall,
    Poll,
    RedisAck,
    Wait,
    Notify,
    Noop,
)


class StepRegistryError(Exception):
    """Base of what can be wrong with the set of steps."""


class UnknownStep(StepRegistryError):
    """No step has this name; ``nearest`` is the known name most like it, or None. Correct the plan's ``type``."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = tuple(known)
        self.nearest = next(iter(get_close_matches(name, self.known, n=1)), None)

    def __str__(self) -> str:
        hint = f"did you mean {self.nearest!r}?" if self.nearest else f"known: {', '.join(self.known)}"
        return f"unknown step {quote(self.name)}; {hint}"


class DuplicateStep(StepRegistryError):
    """Two steps have one name; the message names both classes. Rename or uninstall one."""


class InvalidStep(StepRegistryError):
    """An entry point does not lead to a usable step class; the message says which and why. Mend or uninstall it."""


class StepRegistry:
    """One object a step, by name. Takes the steps; raises ``DuplicateStep``."""

    def __init__(self, steps: Iterable[Step[Any]]) -> None:
        self._steps: dict[str, Step[Any]] = {}
        for step in steps:
            other = self._steps.setdefault(step.name, step)
            if other is not step:
                raise DuplicateStep(f"step {step.name!r} is both {_path(type(other))} and {_path(type(step))}")

    def get(self, name: str) -> Step[Any]:
        """The step of this name; raises ``UnknownStep`` with the nearest known name."""
        step = self._steps.get(name)
        if step is None:
            raise UnknownStep(name, self.names())
        return step

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._steps)


def load_registry() -> StepRegistry:
    """The built-in steps and every entry point of the group ``changeover.steps``, each a ``Step`` subclass.

    A step's name is its class's ``name``, not the entry point's. Raises ``DuplicateStep`` or ``InvalidStep``: a plan
    must not run with half of the steps that its author had.
    """
    found = [_loaded(point) for point in entry_points(group=ENTRY_POINT_GROUP)]
    return StepRegistry([*(step() for step in BUILT_IN), *found])


def _loaded(point: EntryPoint) -> Step[Any]:
    origin = f"entry point {point.name} = {point.value}"
    try:
        found: object = point.load()
    except BaseException as error:
        if is_for_process(error):
            raise
        raise InvalidStep(f"{origin} cannot be imported: {words_of(error)}") from error
    try:
        step = _checked(found, origin)()
        _require_plain(step, origin)
        return step
    except InvalidStep:
        raise
    except BaseException as error:
        if is_for_process(error):
            raise
        raise InvalidStep(f"{origin} cannot be used: {words_of(error)}") from error


def _checked(found: object, origin: str) -> type[Step[Any]]:
    if not (inspect.isclass(found) and issubclass(found, Step)):
        raise InvalidStep(f"{origin} is not a subclass of steps.Step")
    if inspect.isabstract(found):
        raise InvalidStep(f"{origin} has no run method")
    _require_plain(found, origin)
    return found


def _require_plain(step: object, origin: str) -> None:
    """What a step says of itself is read wherever it is used, so it is no code: of the class, and of its object, which
    may have set another."""
    name, parameters, *facts = (inspect.getattr_static(step, one, None) for one in ("name", "Parameters", *_FACTS))
    if not (type(name) is str and re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)):
        raise InvalidStep(f"{origin} needs a kebab-case class attribute 'name', such as 'drain-queue'")
    if not (inspect.isclass(parameters) and issubclass(parameters, StepParameters)):
        raise InvalidStep(f"{origin} needs a class attribute 'Parameters', a subclass of steps.StepParameters")
    if inspect.getattr_static(step, "__getattribute__") is not object.__getattribute__:
        raise InvalidStep(
            f"{origin} has a __getattribute__ of its own; expected none, as what it says of itself is no code"
        )
    wrong = [one for one, fact in zip(_FACTS, facts, strict=True) if type(fact) is not bool]
    if wrong:
        raise InvalidStep(f"{origin} needs a class attribute {wrong[0]!r} that is True or False")


_FACTS = ("writes", "confirms_health")


def _path(step: type[Step[Any]]) -> str:
    return f"{step.__module__}.{step.__qualname__}"
