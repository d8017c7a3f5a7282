"""Errors of a user's code whose words and parts are code too: by a name, how each is raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

SECRET: Final = "plantedsecret9431"


class _Leaving(list[str]):
    def __iter__(self) -> Any:
        raise SystemExit(SECRET)

    def __len__(self) -> int:
        raise SystemExit(SECRET)


class _Odd(str):
    def __format__(self, form: str) -> Any:
        raise SystemExit(SECRET)

    __str__ = __len__ = __eq__ = __getitem__ = __format__  # type: ignore[assignment]
    __hash__ = str.__hash__


def _error(base: type[BaseException] = Exception, **members: Any) -> BaseException:
    kind = type("Hostile", (base,), members)
    made = kind.__new__(kind, SECRET)
    assert isinstance(made, BaseException)
    return made


def _leaves(error: BaseException, *_: Any) -> Any:
    raise SystemExit(SECRET)


def _again(error: BaseException, *_: Any) -> Any:
    raise BaseException.__new__(type(error), SECRET)


def _interrupts(error: BaseException, *_: Any) -> Any:
    raise KeyboardInterrupt(SECRET)


_Nameless: Final[Any] = type("_Nameless", (type,), {"__name__": property(_leaves), "__module__": property(_leaves)})


def _noted(notes: Any) -> BaseException:
    error = ValueError("noted")
    error.__dict__["__notes__"] = notes
    return error


def _chained(count: int) -> BaseException:
    error: BaseException = ValueError("first")
    for number in range(count):
        later = ValueError(str(number))
        later.__cause__ = error
        error = later
    return error


def _circle() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__context__ = other, one
    return one


def _grouped(depth: int) -> BaseException:
    error: Exception = ValueError("inmost")
    for _ in range(depth):
        error = ExceptionGroup("around", [error] * 30)
    return error


def _raises_own_words(words: Any) -> BaseException:
    return _error(__str__=lambda _: words)


HOSTILE: Final[dict[str, Callable[[], BaseException]]] = {
    "words-leave": lambda: _error(__str__=_leaves, __repr__=_leaves),
    "words-raise-it-again": lambda: _error(BaseException, __str__=_again, __repr__=_again),
    "words-interrupt": lambda: _error(BaseException, __str__=_interrupts),
    "words-are-odd": lambda: _raises_own_words(_Odd(SECRET)),
    "words-are-none": lambda: _raises_own_words(7),
    "words-are-long": lambda: ValueError("x" * 5_000_000),
    "parts-leave": lambda: _error(__getattr__=_leaves),
    "all-parts-leave": lambda: _error(BaseException, __getattribute__=_leaves),
    "all-parts-raise-it-again": lambda: _error(BaseException, __getattribute__=_again),
    "setting-leaves": lambda: _error(__setattr__=_leaves),
    "class-leaves": lambda: _error(__class__=property(_leaves)),
    "notes-leave": lambda: _noted(_Leaving([SECRET])),
    "notes-are-odd": lambda: _noted([_Odd("note"), 7, *["n" * 50_000] * 1_000]),
    "notes-are-none": lambda: _noted(7),
    "causes-leave": lambda: _error(__cause__=property(_leaves), __context__=property(_leaves)),
    "trace-leaves": lambda: _error(__traceback__=property(_leaves)),
    "truth-leaves": lambda: _error(__bool__=_leaves, __len__=_leaves, __eq__=_leaves, __hash__=_leaves),
    "name-leaves": lambda: _Nameless("Hostile", (Exception,), {})(SECRET),
    "long-chain": lambda: _chained(3_000),
    "circle": _circle,
    "groups": lambda: _grouped(6),
}
