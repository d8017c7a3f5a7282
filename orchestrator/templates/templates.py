"""Templates in a plan's step parameters: compiled once, rendered for every tenant.

A string that is exactly one ``{{ expression }}`` gives the expression's own value (a list stays a list); any other
template gives text. Keys of mappings are never templates. What a template may do and how much it may cost is the
sandbox's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from orchestrator.templates.plain_names import plain_names
from orchestrator.templates.sandbox import TemplateEnvironment
from steps.expressions.budget import OUTPUT_LIMIT, Budget
from steps.expressions.compile_budget import Token, TooMuchTogether, pay_for
from steps.expressions.judgement import FAULTS, fault_words
from steps.expressions.source_cache import SourceCache
from steps.json_values import LimitExceeded, json_value

TEMPLATE_LIMIT = 16 * 1024
"""Characters a template may have."""
MOST_FAULTS: Final = 50
"""Of one value: what is behind them is not looked at."""

Variables = Mapping[str, Any]
Renderer = Callable[[Variables], Any]
K = TypeVar("K")
_NOTHING: Final[Mapping[Any, Any]] = {}

_environment = TemplateEnvironment()


class TemplateFault(Exception):
    """A template that cannot be compiled or rendered; ``path`` is its place inside the value, ``source`` its text,
    ``others`` are the faults of the same value behind it, ``right``: what those beside it gave, by key."""

    def __init__(
        self,
        path: str,
        source: str,
        message: str,
        others: Sequence[TemplateFault] = (),
        right: Mapping[Any, Any] = _NOTHING,
    ) -> None:
        super().__init__(path, source, message, others, right)
        self.path = path
        self.source = source
        self.message = message
        self.others = others
        self.right = right

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    @property
    def all(self) -> list[TemplateFault]:
        """This one and those behind it."""
        return [self, *self.others]


def is_template(value: object) -> bool:
    """Whether this is a string with Jinja marks in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def has_template(value: object) -> bool:
    """Whether there is one in it, right or wrong."""
    if isinstance(value, Mapping):
        return any(map(has_template, value.values()))
    return any(map(has_template, value)) if isinstance(value, list | tuple) else is_template(value)


def compile_value(value: Any, path: str = "") -> Renderer | None:
    """A function that renders every template inside ``value``, or None when there is none. Raises ``TemplateFault``
    with all that cannot be compiled; so does the function with all that cannot be rendered."""
    renderer, faults = compile_right(value, path)
    if faults:
        raise _joined(faults)
    return renderer


def compile_right(value: Any, path: str = "") -> tuple[Renderer | None, list[TemplateFault]]:
    """The same, and the faults of those templates that cannot be compiled: the function leaves them as they are."""
    faults: list[TemplateFault] = []
    return _compile_value(value, path, faults), faults


def rendered(parts: Iterable[tuple[K, Renderer]], variables: Variables) -> dict[K, Any]:
    """What each of them gives. Raises ``TemplateFault`` with all that cannot be rendered."""
    found: dict[K, Any] = {}
    faults: list[TemplateFault] = []
    for key, renderer in parts:
        try:
            found[key] = renderer(variables)
        except TemplateFault as fault:
            faults += fault.all
            if _is_enough(faults):
                break
    if faults:
        raise _joined(faults[:MOST_FAULTS], found)
    return found


def rendered_both(first: Renderer, second: Renderer, variables: Variables) -> dict[str, Any]:
    """What two of mappings give, as one. Raises ``TemplateFault`` with all that cannot be rendered."""
    found: dict[str, Any] = {}
    faults: list[TemplateFault] = []
    for renderer in (first, second):
        try:
            found |= renderer(variables)
        except TemplateFault as fault:
            found |= fault.right
            faults += fault.all
            if _is_enough(faults):
                break
    if faults:
        raise _joined(faults[:MOST_FAULTS], found)
    return found


def _joined(faults: Sequence[TemplateFault], right: Mapping[Any, Any] = _NOTHING) -> TemplateFault:
    first, *others = faults
    joined = TemplateFault(first.path, first.source, first.message, others, right)
    joined.__cause__ = first.__cause__
    return joined


def _is_enough(faults: Sequence[TemplateFault]) -> bool:
    """Whether those that come next are not looked at: they are too many, or would only be told that this one has used
    up what they share."""
    return len(faults) >= MOST_FAULTS or isinstance(faults[-1].__cause__, LimitExceeded | TooMuchTogether)


def _compile_value(value: Any, path: str, faults: list[TemplateFault]) -> Renderer | None:
    if isinstance(value, str):
        if not is_template(value) or (faults and _is_enough(faults)):
            return None
        try:
            return _compile_text(value, path)
        except TemplateFault as fault:
            faults.append(fault)
            return None
    if isinstance(value, Mapping):
        members = {
            key: _compile_value(item, f"{path}.{key}" if path else str(key), faults) for key, item in value.items()
        }
        some = [(key, renderer) for key, renderer in members.items() if renderer is not None]
        return (lambda variables: {**value, **rendered(some, variables)}) if some else None
    if isinstance(value, list | tuple):
        items = [_compile_value(item, f"{path}[{index}]", faults) for index, item in enumerate(value)]
        places = [(index, renderer) for index, renderer in enumerate(items) if renderer is not None]
        if not places:
            return None

        def render_list(variables: Variables) -> list[Any]:
            found = rendered(places, variables)
            return [found.get(index, item) for index, item in enumerate(value)]

        return render_list
    return None


def render(value: Any, variables: Variables, path: str = "") -> Any:
    """``value`` with every template in it rendered. Raises ``TemplateFault``."""
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
        return fault_words(error, source=source)


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
