"""What is wrong with parameters, told without what a template that speaks of a secret has given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.errors import Problem
from orchestrator.secrets.known import MASK
from orchestrator.secrets.notations import speaks_of_secret
from orchestrator.secrets.quoted import without_quoted
from orchestrator.templates.templates import has_template
from steps.json_values import canonical_json


def without_given(problem: Problem, name: str, sources: Mapping[str, Any], given: Mapping[str, Any]) -> Problem:
    """A problem with the parameter of this name, or, if that is empty, with them all. ``sources``: the parameters as
    they are written; ``given``: what that gave."""
    secret = [given[one] for one in ([name] if name else given) if _speaks_of_secret(sources.get(one))]
    if not secret:
        return problem
    return replace(problem, value=MASK if name else problem.value, message=without_quoted(problem.message, secret))


def _speaks_of_secret(source: Any) -> bool:
    return has_template(source) and speaks_of_secret(canonical_json(source))
