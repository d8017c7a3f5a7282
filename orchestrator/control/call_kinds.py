"""One gate for all calls: before any of them begins each argument is of the kind that its signature names, and of what
the caller handed in no secret goes into an error that leaves.

Python lets anything pass; a script would take 0 for true, and what was meant for one thing be stored as another. An
error ends in the log of whoever called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from types import FunctionType, GeneratorType, NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, Unpack, get_args, get_origin, get_type_hints

from orchestrator.control.mistakes import Mistakes
from orchestrator.control.narrowed_retry import Narrowing
from orchestrator.control.order_gate import check_order, check_patterns
from orchestrator.control.target import OperationTarget
from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem
from orchestrator.domain.wording import shown
from orchestrator.ledger.operations import Order
from orchestrator.observability.refusals import take_secrets_out

_Class = TypeVar("_Class", bound=type)
_WORDS: Final[Mapping[Any, str]] = {
    bool: "true or false",
    str: "text",
    int: "a whole number",
    float: "a number",
    datetime: "a time with its zone",
    timedelta: "how long ago",
    Path: "a path",
    Mapping: "a mapping",
    Collection: "a list",
    Callable: "a function",
}
_NAMES: Final = frozenset(
    {"plan_id", "task_id", "tenant_id", "freeze_id", "event_id", "identifier", "against_plan", "name"}
    | {"tenants", "cause", "wave", "pattern", "label", "actor", "tenant", "plan"}
)
"""Arguments that are an id, a name or a pattern, where they are text and nothing else."""
_ONLY_TEXT: Final = (str, str | None)
_NEVER_SHOWN: Final = frozenset({"secret", "token"})


def judges_kinds(*, but: Collection[str] = ()) -> Callable[[_Class], _Class]:
    """Of the class all public calls and its making: they raise ``InvalidInput`` with every argument that is of another
    kind than their signature names, and do nothing; ``but`` those that judge all of theirs themselves."""

    def over(kind: _Class) -> _Class:
        for name, call in list(vars(kind).items()):
            if name.startswith("_") and name != "__init__":
                continue
            gate = _masking if name in but else _judging
            if isinstance(call, FunctionType):
                setattr(kind, name, gate(call))
            elif isinstance(call, classmethod):
                setattr(kind, name, classmethod(gate(call.__func__)))
        return kind

    return over


def check_flags(**flags: object) -> None:
    """Raises ``InvalidInput`` for what is neither True nor False."""
    if problems := [found for name, value in flags.items() for found in _wrong(name, value, bool)]:
        raise InvalidInput(problems)


@contextmanager
def _errors_masked() -> Iterator[None]:
    try:
        yield
    except ChangeoverError as error:
        take_secrets_out(error)
        raise


def _masking(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def asked(*args: Any, **kwargs: Any) -> Any:
        with _errors_masked():
            answer = call(*args, **kwargs)
        return _one_by_one(answer) if isinstance(answer, GeneratorType) else answer

    return asked


def _one_by_one(answers: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    with _errors_masked():
        return (yield from answers)


def _judging(call: Callable[..., Any]) -> Callable[..., Any]:
    @_masking
    @wraps(call)
    def asked(*args: Any, **kwargs: Any) -> Any:
        signature, hints = _signature(call)
        problems: list[Problem] = []
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                problems += _wrong_of_rest(value, hints[name])
            elif name in hints:
                problems += _wrong(name, value, hints[name])
        if problems:
            raise InvalidInput(problems + _else_wrong(call, signature.bind(*args, **kwargs).arguments, problems))
        return call(*args, **kwargs)

    return asked


def _else_wrong(call: Callable[..., Any], given: Mapping[str, Any], problems: Collection[Problem]) -> list[Problem]:
    """What the call would refuse beside arguments of another kind: of names, patterns and an order."""
    signature, hints = _signature(call)
    told = {one.path for one in problems}
    every = dict(given)
    for value in given.values():
        if isinstance(value, Order):
            every |= {one.name: getattr(value, one.name) for one in fields(value)}
        elif isinstance(value, OperationTarget):
            every[f"{value.type}_id"] = value.identifier
    every |= rest if isinstance(rest := given.get("target"), dict) else {}
    texts = {name: value for name, value in every.items() if isinstance(value, str) and name not in told}
    named = {name: text for name, text in texts.items() if name in _NAMES and hints.get(name, str) in _ONLY_TEXT}
    actor = "-"
    if not signature.parameters.keys().isdisjoint(("reason", "request_id", "order")):
        # Who asks for nothing has one to look for.
        actor = named.pop("actor", actor)
    who = Order(actor, texts.get("reason", ""), request_id=texts.get("request_id", "-"))
    mistakes = Mistakes()
    with mistakes:
        check_patterns(**named)
    for value in given.values():
        if isinstance(value, Narrowing):
            mistakes.found += [one for one in value.problems() if one.path not in told]
    with mistakes:
        override = texts.get("override_freeze")
        check_order(replace(who, override_freeze=override), needs_reason=_has_to_say_why(signature, told))
    return mistakes.found


def _has_to_say_why(signature: inspect.Signature, told: Collection[str]) -> bool:
    """Whether the call is refused without a reason, and that of this one is not told of yet."""
    reason = signature.parameters.get("reason")
    return reason is not None and reason.default is reason.empty and "reason" not in told


@cache
def _signature(call: Callable[..., Any]) -> tuple[inspect.Signature, Mapping[str, Any]]:
    return inspect.signature(call), get_type_hints(call)


def _wrong_of_rest(given: Mapping[str, Any], hint: Any) -> Iterator[Problem]:
    """What a signature names as ``**``: each of one kind, or those of a ``TypedDict``. None: it was not given."""
    known = get_type_hints(get_args(hint)[0]) if get_origin(hint) is Unpack else dict.fromkeys(given, hint)
    for name, value in given.items():
        if value is not None and name in known:
            yield from _wrong(name, value, known[name])


def _wrong(name: str, value: Any, hint: Any) -> Iterator[Problem]:
    if not _is_a(value, hint):
        said = None if name in _NEVER_SHOWN else shown(value)
        yield Problem(name, said, f"expected {_words(hint)}" + ("" if value is not None else ", not nothing"))
    elif is_dataclass(hint):
        for field, its_hint in _fields(hint).items():
            yield from _wrong(field, getattr(value, field), its_hint)


def _fields(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _is_a(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return any(_is_a(value, one) for one in get_args(hint))
    if origin is Literal:
        return any(value == one for one in get_args(hint))
    if hint in (int, float):
        # True is a number to Python alone.
        return not isinstance(value, bool) and isinstance(value, int if hint is int else int | float)
    if origin is Collection:
        is_list = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
        return is_list and all(_is_a(one, get_args(hint)[0]) for one in value)
    kind = origin or hint
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return True
    return isinstance(value, kind)


def _words(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(dict.fromkeys(_words(one) for one in get_args(hint) if one is not NoneType))
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    return _WORDS.get(get_origin(hint) or hint) or f"a value of {hint.__name__}"
