"""The Jinja environment of templates and expressions: it can compute from its variables, and do nothing else.

Plan files come from people who must not be able to run code, read the process or exhaust it. Jinja's own sandbox
stops the first two; this one works from lists of what is allowed (``grammar``, ``allowed``), and counts what is left
before it happens (``budget``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, ClassVar

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from steps.expressions import allowed, arithmetic, filters
from steps.expressions.budget import LOOK_UP, budget, kind_of
from steps.expressions.grammar import restricted
from steps.opaque import Opaque, refuse
from steps.told import exact_text

_LONGEST_COMPARED = 64
_MOST_COMPARED = 200
_LOOP = frozenset(("depth", "first", "index", "index0", "last", "length", "revindex", "revindex0"))
_METHOD = type("".upper)


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
        name = exact_text(str(self._undefined_name), 200)
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


class Sandbox(ImmutableSandboxedEnvironment):
    """Allows the listed filters, tests and methods; see the module's docstring for its bounds.

    Whoever runs something in it does so inside a ``with Budget()``; compiling computes nothing.
    """

    intercepted_binops: ClassVar[frozenset[str]] = arithmetic.OPERATORS  # type: ignore[misc]
    intercepted_unops: ClassVar[frozenset[str]] = arithmetic.UNARY  # type: ignore[misc]

    def __init__(self, missing: type[Missing] = Missing) -> None:
        # Nothing is computed at compile time: that would be an evaluation that nobody has begun.
        super().__init__(
            undefined=missing, keep_trailing_newline=True, finalize=_output, autoescape=False, optimized=False
        )
        self.filters = allowed.filters()
        self.tests = dict(allowed.tests())
        self.globals = {"range": filters.make_range}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``: a mapping's own keys go first, so that ``variables.items`` is the user's key."""
        budget().spend(LOOK_UP)
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        if isinstance(obj, ReadByName):
            return obj[attribute]
        if isinstance(obj, Opaque):
            refuse()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``."""
        left = budget()
        left.spend(LOOK_UP)
        left.weigh(argument)
        if isinstance(obj, Opaque):
            refuse()
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have it."""
        return allowed.method_size(obj, attr) is not None or (isinstance(obj, LoopContext) and attr in _LOOP)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        """Stands for an attribute that there is and that a template may not have."""
        name = exact_text(str(attribute), 100)
        return self.undefined(f"{name!r} of {kind_of(obj)} may not be used here", exc=SecurityError)

    def call(self, context: Context, target: Any, *args: Any, **kwargs: Any) -> Any:
        """``range`` and the listed methods; everything else is refused."""
        # What the compiler passes along inside loops, for functions that ask for the context.
        kwargs.pop("_loop_vars", None)
        kwargs.pop("_block_vars", None)
        if target is filters.make_range:
            for bound in args:
                arithmetic.number(bound)
            return target(*args, **kwargs)
        if isinstance(target, self.undefined):
            target._fail_with_undefined_error()
        owner = getattr(target, "__self__", None)
        size = allowed.method_size(owner, target.__name__) if type(target) is _METHOD else None
        if size is None:
            raise SecurityError("only range and a few methods can be called")
        function = getattr(type(owner), target.__name__)
        return allowed.call_guarded(function, target.__name__, size, (owner, *args), kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """An operator between two values."""
        return arithmetic.binary(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """A sign before a number."""
        return arithmetic.unary(operator, arg)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return restricted(super()._parse(source, name, filename))

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        # What compile_expression makes does not pass _parse; it is its one assignment, which no text may have.
        first = source.body[0] if source.body else None
        if isinstance(first, nodes.Assign):
            holder = nodes.Output([first.node])
            restricted(nodes.Template([holder], lineno=1))
            first.node = holder.nodes[0]
        return super()._generate(source, *args, **kwargs)


@pass_context
def _output(_: Context, value: Any) -> Any:
    """What is written of a value inside text; the context only keeps Jinja from writing it at compile time."""
    return value.reveal() if isinstance(value, Opaque) else filters.to_text(value)
