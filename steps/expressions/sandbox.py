"""The Jinja environment of templates and expressions: it can compute from its variables, and do nothing else.

Plan files come from people who must not be able to run code, read the process or exhaust it. Jinja's own sandbox
stops the first two; this one works from lists of what is allowed, and bounds what is left: no loops inside loops, no
`set`, macros, includes or imports; text and lists no longer than ``OUTPUT_LIMIT``; a deadline that every loop turn and
filter looks at.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import wraps
from typing import Any, ClassVar

from jinja2 import Environment, StrictUndefined, Undefined, nodes, pass_environment
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from steps.json_values import LimitExceeded, canonical_json, json_size, json_value

OUTPUT_LIMIT = 64 * 1024
"""Characters a template may give, and values a list in it may hold."""

INPUT_LIMIT = 1024 * 1024
"""The same for what a filter may be given: a tenant can have many endpoints."""

RANGE_LIMIT = 1_000
NUMBER_BITS = 4_096
TIME_LIMIT_SECONDS = 0.5

_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length",
    "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr",
    "sort", "sum", "title", "trim", "unique", "upper", "urlencode",
)  # fmt: skip
_TESTS = (
    "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "greaterthan", "gt", "in",
    "integer", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string", "true",
    "undefined", "upper", "==", "!=", "<", "<=", ">", ">=",
)  # fmt: skip
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset((
        "capitalize", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower", "isupper", "lower", "lstrip",
        "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip", "split", "splitlines",
        "startswith", "strip", "title", "upper",
    )),
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    LoopContext: frozenset(("depth", "first", "index", "index0", "last", "length", "revindex", "revindex0")),
}  # fmt: skip
_REFUSED: tuple[tuple[type[nodes.Node], str], ...] = (
    (nodes.Macro, "macro"),
    (nodes.CallBlock, "call"),
    (nodes.FilterBlock, "filter"),
    (nodes.Assign, "set"),
    (nodes.AssignBlock, "set"),
    (nodes.Include, "include"),
    (nodes.Import, "import"),
    (nodes.FromImport, "from"),
    (nodes.Extends, "extends"),
    (nodes.Block, "block"),
    (nodes.With, "with"),
)
_LONGEST_COMPARED = 64
_MOST_COMPARED = 200
_clock = threading.local()


class NameFault(TemplateError):
    """A name that cannot be given a value; the message is whole as it is."""


class ReadByName(ABC):
    """A variable that is no mapping, whose members templates read by name: ``secret.NAME``."""

    @abstractmethod
    def __getitem__(self, name: str) -> Any:
        """The member. Raises ``NameFault``."""

    def __iter__(self) -> Iterator[Any]:
        raise NameFault(f"{self} can only be read by name")


class Missing(StrictUndefined):
    """A name that is not there: any use is an error that says which, and which known one is near."""

    may_be_unset: ClassVar[frozenset[str]] = frozenset()
    """Names that are false in a condition when they are missing from a mapping that has ``marks_a_config``."""

    unset_hint: ClassVar[str] = ""
    marks_a_config: ClassVar[str] = ""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)[:200]
        if self._undefined_hint or not isinstance(self._undefined_obj, dict):
            return self._undefined_hint or f"the name {name!r} is undefined"
        if name in self.may_be_unset and self.marks_a_config in self._undefined_obj:
            return f"the name {name!r} is undefined: {self.unset_hint}"
        known = [key for key in self._undefined_obj if isinstance(key, str) and len(key) <= _LONGEST_COMPARED]
        near = get_close_matches(name, known[:_MOST_COMPARED], n=1) if len(name) <= _LONGEST_COMPARED else []
        return f"the name {name!r} is undefined" + (f"; did you mean {near[0]!r}?" if near else "")

    def __bool__(self) -> bool:  # type: ignore[override]
        if isinstance(self._undefined_obj, dict) and self._undefined_name in self.may_be_unset:
            return False
        self._fail_with_undefined_error()


def start_clock() -> None:
    """Begin the time of one rendering on this thread."""
    _clock.ends_at = time.monotonic() + TIME_LIMIT_SECONDS


def check_clock() -> None:
    """Raise ``LimitExceeded`` once the rendering has had its time."""
    if time.monotonic() > _clock.ends_at:
        raise LimitExceeded(f"takes longer than {TIME_LIMIT_SECONDS} s")


class Sandbox(ImmutableSandboxedEnvironment):
    """Allows the listed filters, tests and methods; see the module's docstring for its bounds."""

    intercepted_binops: ClassVar[frozenset[str]] = frozenset(("+", "*", "**", "%"))  # type: ignore[misc]

    def __init__(self, missing: type[Missing] = Missing) -> None:
        super().__init__(undefined=missing, keep_trailing_newline=True, finalize=_text, autoescape=False)
        self.filters = {name: _guarded(FILTERS[name]) for name in _FILTERS}
        self.filters |= {
            "join": _guarded(_join),
            "replace": _guarded(_replace),
            "string": _guarded(_string),
            "tojson": _guarded(_to_json),
            "_concat": _concat,
            "_turns": _turns,
        }
        self.tests = {name: TESTS[name] for name in _TESTS}
        self.globals = {"range": _range}

    def getattr(self, obj: Any, attribute: str) -> Any:
        # A mapping's own keys go first: `variables.items` is the user's key, should there be one.
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if isinstance(obj, ReadByName):
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr in _METHODS.get(type(obj), ())

    def is_safe_callable(self, obj: Any) -> bool:
        return obj is _range or type(obj) is type("".upper)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check_clock()
        if operator == "%" and isinstance(left, str):
            raise SecurityError("formatting with % is not allowed in a template; use ~ to join text")
        sizes = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
        if operator == "+" and len(sizes) == 2 and sum(sizes) > OUTPUT_LIMIT:
            raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
        if operator == "*" and sizes:
            times = left if isinstance(left, int) else right
            if isinstance(times, int) and sizes[0] * times > OUTPUT_LIMIT:
                raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
        if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() + right.bit_length() if operator == "*" else left.bit_length() * abs(right)
            if bits > NUMBER_BITS:
                raise LimitExceeded("a number too large")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        _restrict(template, in_loop=False)
        return template

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        # What compile_expression makes does not pass _parse; it is its one assignment, which no text may have.
        first = source.body[0] if source.body else None
        if isinstance(first, nodes.Assign):
            holder = nodes.Output([first.node])
            _restrict(holder, in_loop=False)
            first.node = holder.nodes[0]
        return super()._generate(source, *args, **kwargs)


def _restrict(node: nodes.Node, in_loop: bool) -> None:
    """Refuse statements that are not allowed, and route loops and ``~`` through the bounded functions below."""
    for kind, word in _REFUSED:
        if isinstance(node, kind):
            raise TemplateSyntaxError(f"{{% {word} %}} is not allowed in a template", node.lineno)
    if isinstance(node, nodes.For):
        if in_loop or node.recursive:
            raise TemplateSyntaxError("a loop inside a loop is not allowed in a template", node.lineno)
        node.iter = nodes.Filter(node.iter, "_turns", [], [], None, None, lineno=node.lineno)
        in_loop = True
    for child in node.iter_child_nodes():
        _restrict(child, in_loop)
    for field, value in list(node.iter_fields()):
        if isinstance(value, nodes.Concat):
            setattr(node, field, _bounded_concat(value))
        elif isinstance(value, list):
            value[:] = [_bounded_concat(item) if isinstance(item, nodes.Concat) else item for item in value]


def _bounded_concat(node: nodes.Concat) -> nodes.Filter:
    items = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(items, "_concat", [], [], None, None, lineno=node.lineno)


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, after a look at the clock and at the size of all that it is given (lists in lists add up)."""

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check_clock()
        for arg in args:
            if isinstance(arg, str | list | tuple | dict):
                json_size(arg, INPUT_LIMIT)
        return function(*args, **kwargs)

    return checked


def _text(value: Any) -> Any:
    """What ``{{ value }}`` becomes inside other text."""
    if value is None:
        raise LimitExceeded("gives null inside text; use `| default(...)` or a condition")
    if isinstance(value, Undefined | str | int | float):
        return value
    return _to_json(value)


def _to_json(value: Any) -> str:
    return canonical_json(json_value(value, OUTPUT_LIMIT))


def _string(value: Any) -> str:
    return str(_text(value))


def _concat(items: Iterable[Any], separator: str = "") -> str:
    check_clock()
    parts: list[str] = []
    size = 0
    for item in items:
        parts.append(str(_text(item)))
        size += len(parts[-1]) + len(separator)
        if size > OUTPUT_LIMIT:
            raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
    return separator.join(parts)


@pass_environment
def _join(environment: Environment, items: Iterable[Any], d: str = "", attribute: str | None = None) -> str:
    if attribute is not None:
        items = map(make_attrgetter(environment, attribute), items)
    return _concat(items, d)


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = _string(value), str(old), str(new)
    if len(text) + text.count(old) * len(new) > OUTPUT_LIMIT:
        raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
    return text.replace(old, new)


def _turns(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        check_clock()
        yield item


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > RANGE_LIMIT:
        raise LimitExceeded(f"a range of more than {RANGE_LIMIT} numbers")
    return numbers
