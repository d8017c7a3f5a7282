"""A step that says a word, and keeps what it was asked to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.records import Admitted, Advanced, Turn
from steps import Done, Failed, Outcome, Step, StepContext, StepParameters
from tests.support.in_process import InProcess
from tests.support.plans import plan, tenant


class SayParameters(StepParameters):
    word: str = ""


class Say(Step[SayParameters]):
    """Returns its word; keeps what it was asked to say; fails on the word ``fail`` while ``failing``."""

    name = "say"
    Parameters = SayParameters
    writes = True

    def __init__(self) -> None:
        self.said: list[str] = []
        self.failing = True

    def run(self, parameters: SayParameters, context: StepContext) -> Outcome:
        self.said.append(parameters.word)
        if parameters.word == "fail" and self.failing:
            return Failed("SaidNo", "no")
        return Done({"word": parameters.word})


def say(*words: str) -> list[dict[str, Any]]:
    return [{"name": f"stage-{word[:20]}", "steps": [{"type": "say", "word": word}]} for word in words]


class Killed(KeyboardInterrupt):
    """Stands for SIGKILL: nothing of ours catches it."""


def at_once(call: Callable[[], Any]) -> Any:
    return call()


def started(worker: InProcess, *words: str, plan_id: str = "p") -> Admitted:
    worker.submit(plan(plan_id, [tenant(f"t-{plan_id}")], say(*words)))
    (task,) = worker.admit(plan_id)
    return task


def dies_before_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(self: Ledger, turn: Turn, checkpoint: str, **_: Any) -> Advanced:
        raise Killed

    monkeypatch.setattr(Ledger, "advance", die)
