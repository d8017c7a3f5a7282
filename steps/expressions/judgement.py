"""Conditions over a JSON answer, such as ``code == 0 and not data.failList``: compiled once, safe to take from a plan.

They run in the sandbox of templates, with its bounds. The members of an answer that is an object are names; ``answer``
is the whole of it and ``http_status`` the status it came with, unless the object has members of these names.
A name that the answer does not have is an error and never false: a slip of the pen in ``not data.failList`` must not
read as success. Write ``not (data.failList | default([]))`` where the member may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from pydantic import JsonValue
from pydantic.fields import FieldInfo

from steps.expressions.budget import Budget, WrongKind
from steps.expressions.compile_budget import TooMuchTogether, pay_for
from steps.expressions.sandbox import NameFault, Sandbox
from steps.expressions.source_cache import SourceCache
from steps.json_values import LimitExceeded
from steps.told import exact_text

EXPRESSION_LIMIT = 2_000
"""Characters an expression may have."""

FAULTS = (
    TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, NameError, RecursionError, TypeError,
    ValueError, SyntaxError,
)  # fmt: skip
"""What a template's or expression's own code can raise; anything else is a fault of ours and should be seen as one."""

_IN_BRACKETS: Final = re.compile(r"\([^()]*\)")
# What nothing closes goes to the end: else each that opens would be followed to there.
_IN_BRACES: Final = re.compile(r"\{[{%](.*?)(?:[}%]\}|\Z)", re.DOTALL)
_TEXT: Final = re.compile(r"'(?:[^'\\]|\\.)*+(?:'|\\?\Z)|\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)", re.DOTALL)
_ASSIGNS: Final = re.compile(r"(?<![=!<>])=(?!=)")
_STRANGE: Final = re.compile(r"(?<![=!<>])(?:===|!==|=>|=<|=!|<>)(?!=)")
_SIGNS: Final = {"===": "==", "!==": "!=", "=>": ">=", "=<": "<=", "=!": "!=", "<>": "!="}
_BY_A_SIGN: Final = re.compile(r"chunk after expression$|'='$|unexpected '>'$|unexpected char '!'")
_sandbox = Sandbox()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the condition holds; ``reason`` says why it could not be judged, else it is empty."""

    holds: bool
    reason: str = ""


def check_expression(source: str) -> str:
    """The expression itself, once it is known to compile; for validators of parameters. Raises ``ValueError``."""
    try:
        compiled = _compiled.get(source)
    except TooMuchTogether as error:
        raise ValueError(str(error)) from error
    if isinstance(compiled, str):
        raise ValueError(compiled)
    return source


def is_expression(field: FieldInfo) -> bool:
    """Whether a parameter is an expression, going by its type: one that ``check_expression`` validates."""
    said = (*field.metadata, *_annotations(field.annotation))
    return any(getattr(one, "func", None) is check_expression for one in said)


def _annotations(kind: Any) -> Iterator[Any]:
    yield from getattr(kind, "__metadata__", ())
    for inner in get_args(kind):
        yield from _annotations(inner)


def holds(source: str, answer: JsonValue, http_status: int) -> Judgement:
    """Whether the condition is true of the answer. Raises nothing on the expression's account."""
    compiled = _compiled.get(source)
    if isinstance(compiled, str):
        return Judgement(False, compiled)
    names: dict[str, Any] = {"answer": answer, "http_status": http_status}
    if isinstance(answer, dict):
        names |= answer
    try:
        with Budget():
            return Judgement(bool(compiled(names)))
    except FAULTS as error:
        return Judgement(False, fault_words(error, "expression"))


def fault_words(error: BaseException, kind: str = "template", source: str = "") -> str:
    """What went wrong in a template or expression, in words for its author; ``source``: its text, if it is at hand."""
    if isinstance(error, NameFault):
        return str(error.message)
    if isinstance(error, UndefinedError):
        return str(error.message)
    if isinstance(error, TemplateSyntaxError):
        return f"{kind} syntax, line {error.lineno}: {error.message}{_meant(str(error.message), source)}"
    if isinstance(error, SecurityError):
        return f"not allowed in a template: {error.message}"
    if isinstance(error, WrongKind):
        return f"the {kind} {error}"
    if isinstance(error, LimitExceeded):
        words = "gives a result that is" if str(error).startswith("longer") else ""
        return " ".join(filter(None, (f"the {kind}", words, str(error))))
    if isinstance(error, RecursionError | MemoryError) or (isinstance(error, SyntaxError) and "nested" in error.msg):
        return f"the {kind} is nested too deeply"
    if isinstance(error, SyntaxError):
        # Python's own word on what Jinja let pass: a keyword given twice.
        return f"the {kind} cannot be compiled: {exact_text(error.msg, 200)}"
    return f"the {kind} fails: {type(error).__name__}: {exact_text(str(error), 200)}"


def _meant(message: str, source: str) -> str:
    if not _BY_A_SIGN.search(message):
        return ""
    code = _TEXT.sub("''", " ".join(_IN_BRACES.findall(source)) or source)
    if (strange := _STRANGE.search(code)) is not None:
        return f"; did you mean '{_SIGNS[strange[0]]}'?"
    # `x = 1` is to Jinja an expression with a chunk after it; within brackets the sign is an argument's.
    assigns = message.endswith("chunk after expression") and _ASSIGNS.search(_IN_BRACKETS.sub("", code))
    return "; did you mean '=='?" if assigns or message.endswith("got '='") else ""


def _compile(source: str) -> Callable[[Mapping[str, Any]], Any] | str:
    if len(source) > EXPRESSION_LIMIT:
        return f"an expression of more than {EXPRESSION_LIMIT} characters"
    try:
        # Lexed as what it is: outside of braces all is data.
        pay_for(_sandbox.lex(f"{{{{{source}}}}}"))
        return _sandbox.compile_expression(source, undefined_to_none=False)
    except FAULTS as error:
        return fault_words(error, "expression", source)


_compiled = SourceCache(_compile)
