"""Templates in a plan's step parameters: compiled once, rendered for every tenant.

A string that is exactly one ``{{ expression }}`` gives the expression's own value (a list stays a list); any other
template gives text. Keys of mappings are never templates. What a template may do and how much it may cost is the
sandbox's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.templates.plain_names import plain_names
from orchestrator.templates.sandbox import TemplateEnvironment
from steps.expressions.budget import OUTPUT_LIMIT, Budget
from steps.expressions.compile_budget import Token, TooMuchTogether, pay_for
from steps.expressions.judgement import FAULTS, fault_words
from steps.expressions.source_cache import SourceCache
from steps.json_values import LimitExceeded, json_value

TEMPLATE_LIMIT = 16 * 1024
"""Characters a template may have."""

Variables = Mapping[str, Any]
Renderer = Callable[[Variables], Any]

_environment = TemplateEnvironment()


class TemplateFault(Exception):
    """A template that cannot be compiled or rendered; ``path`` is its place inside the value, ``source`` its text."""

    def __init__(self, path: str, source: str, message: str) -> None:
        super().__init__(path, source, message)
        self.path = path
        self.source = source
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def is_template(value: object) -> bool:
    """Whether this is a string with Jinja marks in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def compile_value(value: Any, path: str = "") -> Renderer | None:
    """A function that renders every template inside ``value``, or None when there is none. Raises ``TemplateFault``."""
    if isinstance(value, str):
        return _compile_text(value, path) if is_template(value) else None
    if isinstance(value, Mapping):
        members = {key: compile_value(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
        rendered = [(key, renderer) for key, renderer in members.items() if renderer is not None]
        if not rendered:
            return None
        return lambda variables: {**value, **{key: renderer(variables) for key, renderer in rendered}}
    if isinstance(value, list | tuple):
        items = [compile_value(item, f"{path}[{index}]") for index, item in enumerate(value)]
        if not any(items):
            return None
        pairs = list(zip(items, value, strict=True))
        return lambda variables: [renderer(variables) if renderer else item for renderer, item in pairs]
    return None


def render(value: Any, variables: Variables, path: str = "") -> Any:
    """``value`` with every template in it rendered. Raises ``TemplateFault`` at the first fault."""
    renderer = compile_value(value, path)
    return value if renderer is None else renderer(variables)


def _compile_text(source: str, path: str) -> Renderer:
    try:
        evaluate = _compiled.get(source)
    except TooMuchTogether as error:
        raise TemplateFault(path, source, str(error)) from error
    if isinstance(evaluate, str):
        raise TemplateFault(path, source, evaluate)

    def run(variables: Variables) -> Any:
        try:
            return evaluate(variables)
        except FAULTS as error:
            raise TemplateFault(path, source, fault_words(error)) from error

    return run


def _compile(source: str) -> Renderer | str:
    """The evaluating function, or why there is none: a fault is worth keeping too."""
    if len(source) > TEMPLATE_LIMIT:
        return f"a template of more than {TEMPLATE_LIMIT} characters"
    try:
        tokens = pay_for(_environment.lex(source))
        expression = _single_expression(source, tokens)
        full = _text(source) if expression is None else _expression(expression)
        return plain_names(source, tokens, expression is not None, full)
    except FAULTS as error:
        return fault_words(error)


def _single_expression(source: str, tokens: Sequence[Token]) -> str | None:
    """The text between the braces when they hold all of ``source``. The lexer knows where strings and braces end."""
    if not (source.startswith("{{") and source.endswith("}}")):
        return None
    begins = [kind for _, kind, _ in tokens if kind in ("variable_begin", "block_begin", "comment_begin", "data")]
    if begins != ["variable_begin"]:
        return None
    return "".join(text for _, _, text in tokens[1:-1])


def _expression(source: str) -> Renderer:
    evaluate = _environment.compile_expression(source, undefined_to_none=False)

    def run(variables: Variables) -> Any:
        with Budget():
            return json_value(evaluate(variables), OUTPUT_LIMIT)

    return run


def _text(source: str) -> Renderer:
    template = _environment.from_string(source)

    def run(variables: Variables) -> str:
        pieces: list[str] = []
        size = 0
        with Budget() as left:
            for piece in template.root_render_func(template.new_context(dict(variables))):
                pieces.append(piece)
                size += len(piece)
                if size > OUTPUT_LIMIT:
                    raise LimitExceeded(f"longer than {OUTPUT_LIMIT} characters")
                left.spend(4 + (len(piece) >> 4))
        return "".join(pieces)

    return run


_compiled = SourceCache(_compile)
