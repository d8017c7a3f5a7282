"""Conditions over a tenant, such as a stage's ``when``: one sandboxed expression that gives true or false."""

from __future__ import annotations

import re
from typing import Any, Final

from orchestrator.domain.config import TenantConfig
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.wording import shown
from orchestrator.secrets.known import MASK
from orchestrator.secrets.notations import speaks_of_secret
from orchestrator.templates.templates import Renderer, TemplateFault, Variables, compile_value, is_template

_TENANT: Final = re.compile(r"tenant(?:\s*\.\s*(\w+))?")


def fields_read(source: str) -> frozenset[str] | None:
    """The fields of a tenant's config that a condition's value can depend on; None when it may be all of them.

    Told from its text: whatever is not plainly ``tenant.labels`` and the like counts as all.
    """
    fields = frozenset(found[1] for found in _TENANT.finditer(source))
    return fields if fields <= TenantConfig.model_fields.keys() else None


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
            given = MASK if speaks_of_secret(source) else shown(value)
            message = f"expected true or false, the expression gives {given!r}; compare it with something"
            raise InvalidInput([Problem(path, shown(source), message)])
        return value

    return run


def condition_holds(condition: Renderer, variables: Variables) -> bool:
    """Whether it holds for these variables. Raises ``InvalidInput`` for what it cannot answer."""
    return condition(variables) is True
