"""The Python API's page, from signatures and docstrings of what is public."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import checkpoint
import orchestrator
import steps
from orchestrator import facade
from orchestrator.control import answers


def python_api() -> str:
    """A section a module, a part a name."""
    parts = ["# Python API", "Made by `make docs` from the docstrings."]
    parts += ["## orchestrator", *_names(orchestrator, orchestrator.__all__)]
    public = [name for name, one in vars(facade).items() if getattr(one, "__module__", "") == facade.__name__]
    parts += ["## orchestrator.facade", *_names(facade, [name for name in public if name[0] != "_"])]
    told = [name for name, one in vars(answers).items() if getattr(one, "__module__", "") == answers.__name__]
    parts += ["## Answers: orchestrator.control.answers", *_names(answers, [name for name in told if name[0] != "_"])]
    parts += ["## steps: to write one", *_names(steps, steps.__all__)]
    parts += ["## checkpoint: to write a store", *_names(checkpoint, checkpoint.__all__)]
    return "\n\n".join(parts) + "\n"


def _names(module: Any, names: list[str]) -> Iterator[str]:
    for name in names:
        one = getattr(module, name)
        if inspect.isclass(one):
            yield f"### {name}"
            yield _words(one)
            yield from _fields(one)
            yield from _methods(name, one)
        elif inspect.isfunction(one):
            yield f"### {name}"
            yield f"```python\n{name}{_signature(one)}\n```"
            yield _words(one)


def _methods(owner: str, kind: type) -> Iterator[str]:
    if issubclass(kind, BaseException) or not _has_own_methods(kind):
        return
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if (name[0] != "_" or name == "__init__") and method.__module__.split(".")[0] in _OURS and method.__doc__:
            shown = owner if name == "__init__" else f"{owner}.{name}"
            yield f"```python\n{shown}{_signature(method)}\n```"
            yield _words(method)


class _Plain(str):
    """An annotation that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(function: Any) -> inspect.Signature:
    found = inspect.signature(function)
    parameters = [
        one.replace(
            annotation=one.annotation if one.annotation is one.empty else _Plain(one.annotation),
            # A function shows its address.
            default=_Plain("...") if inspect.isfunction(one.default) else one.default,
        )
        for one in found.parameters.values()
        if one.name != "self"
    ]
    return found.replace(parameters=parameters, return_annotation=_Plain(found.return_annotation))


_OURS = ("orchestrator", "steps", "checkpoint")


def _has_own_methods(kind: type) -> bool:
    return not hasattr(kind, "model_fields")


def _fields(kind: type) -> Iterator[str]:
    fields = getattr(kind, "model_fields", None)
    names = list(fields or (getattr(kind, "__dataclass_fields__", {}) if is_dataclass(kind) else {}))
    if names:
        yield "Fields: " + ", ".join(f"`{name}`" for name in names if name[0] != "_") + "."


def _words(one: Any) -> str:
    """The docstring of its own, code in single backticks; an example that is indented stays one."""
    return inspect.cleandoc(one.__doc__ or "").replace("``", "`")
