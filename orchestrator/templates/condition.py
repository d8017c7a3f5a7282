"""Conditions over a tenant, such as a stage's ``when``: one sandboxed expression that gives true or false."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.wording import shown
from orchestrator.templates.templates import Renderer, TemplateFault, Variables, compile_value, is_template


def compile_condition(source: str, path: str) -> Renderer:
    """``tenant.variables.region == 'eu'``, with or without braces around it. Raises ``InvalidInput``."""
    text = source.strip()
    try:
        renderer = compile_value(text if is_template(text) else "{{ " + text + " }}")
    except TemplateFault as fault:
        raise InvalidInput([Problem(path, shown(source), fault.message)]) from fault
    if renderer is None:
        raise InvalidInput([Problem(path, shown(source), "expected an expression over tenant and plan")])

    def run(variables: Variables) -> Any:
        try:
            value = renderer(variables)
        except TemplateFault as fault:
            raise InvalidInput([Problem(path, shown(source), fault.message)]) from fault
        if not isinstance(value, bool):
            # No truth is guessed: the text 'false' would be true.
            message = f"expected true or false, the expression gives {shown(value)!r}; compare it with something"
            raise InvalidInput([Problem(path, shown(source), message)])
        return value

    return run


def condition_holds(condition: Renderer, variables: Variables) -> bool:
    """Whether it holds for these variables. Raises ``InvalidInput`` for what it cannot answer."""
    return condition(variables) is True
