"""Expressions drawn at random cost no more than promised, and tell nothing of a secret.

A few seconds in the suite, minutes with ``make fuzz``. ``FUZZ_SEED`` draws the expressions of a failure again.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.references import Secrets
from orchestrator.templates.templates import TemplateFault, render
from steps.expressions.budget import TIME_LIMIT_SECONDS
from tests.support.evaluations import Evaluator
from tests.support.expression_grammar import ExpressionGrammar

SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(2**32))
GUESSED = "aaaa-bbbb"
"""The value of a secret that a plan names too; another of its length must make no difference."""

OUT_OF_TIME = f"refused: the template takes longer than {TIME_LIMIT_SECONDS} s"
"""What is near the limit meets it or not by what else the machine does, whatever the secret is."""

SECONDS = float(os.environ.get("FUZZ_SECONDS", "3"))


@pytest.mark.timeout(SECONDS * 4 + 120)
def test_nothing_costs_more_than_promised(evaluator: Evaluator) -> None:
    grammar = ExpressionGrammar(SEED)
    ends_at = time.monotonic() + SECONDS
    tried = 0
    while time.monotonic() < ends_at or tried < 50:
        kind, source = grammar.source()
        cost = evaluator.cost(kind, source)
        assert not cost.too_much, f"FUZZ_SEED={SEED}: {kind} {source!r} took {cost}"
        tried += 1
    print(f"FUZZ_SEED={SEED}: {tried} expressions, the last {source!r}")


def outcome(source: str, secret: str) -> str:
    given = Secrets(Path("/nowhere"), {"CHANGEOVER_SECRET_TOKEN": secret})
    names: dict[str, Any] = {
        "secret": given,
        "tenant": {"tenant_id": "acme", "variables": {"guess": GUESSED}, "network_endpoints": [{"key": "a"}]},
        "plan": {"plan_id": GUESSED},
        "long": GUESSED,
        "wide": [1, 2],
        "x": GUESSED,
    }
    try:
        said = repr(render(source, names))
    except TemplateFault as fault:
        said = f"refused: {fault.message}"
    return said.replace(secret, "THE SECRET").replace(GUESSED, "THE SECRET")


@pytest.mark.timeout(SECONDS * 4 + 120)
def test_what_comes_out_depends_on_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.masking._known", KnownSecrets())
    grammar = ExpressionGrammar(SEED + 1)
    ends_at = time.monotonic() + SECONDS / 2
    tried = 0
    while time.monotonic() < ends_at or tried < 50:
        kind, drawn = grammar.source()
        source = f"{{{{ {drawn} }}}}" if kind == "expression" else drawn
        tried += "secret" in source
        guessed, other = outcome(source, GUESSED), outcome(source, "Q7\u00fc/+=% x")
        if OUT_OF_TIME in (guessed, other):
            continue
        assert guessed == other, f"FUZZ_SEED={SEED}: {source!r}"
    print(f"FUZZ_SEED={SEED}: {tried} expressions with secrets")
