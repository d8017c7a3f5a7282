"""``record-effect``: a step of the tests that leaves one effect at a real instance, under its idempotency key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from steps import Done, Failed, Outcome, PollAgain, Step, StepContext, StepParameters
from tests.support.installed_package import install_package

ENTRY_POINTS = "[changeover.steps]\nrecord-effect = tests.support.effect_step:RecordEffect\n"


class RecordEffectParameters(StepParameters):
    """``url`` of the tenant's instance."""

    url: str


class RecordEffect(Step[RecordEffectParameters]):
    """Posts its idempotency key; the instance says whether that was it, or when to come again."""

    name = "record-effect"
    Parameters = RecordEffectParameters
    writes = True
    confirms_health = True

    def run(self, parameters: RecordEffectParameters, context: StepContext) -> Outcome:
        request = urllib.request.Request(parameters.url, data=context.idempotency_key.encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                said = json.load(answer)
        except (urllib.error.URLError, OSError) as error:
            return PollAgain(0.5, str(error))
        if said.get("fail"):
            return Failed("InstanceRefused", "the instance was told to refuse")
        return PollAgain(said["again"], "not yet") if said.get("again") else Done()


def install(folder: Path) -> Path:
    """Makes the step known to every process whose module path holds the answer and this repository."""
    return install_package(folder, "effect-step", ENTRY_POINTS)
