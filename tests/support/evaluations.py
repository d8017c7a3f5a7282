"""Evaluates untrusted expressions in a process of its own and says what each one cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

TREE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one evaluation, its compilation included. Infinite when the process had to be killed for it."""

    seconds: float
    megabytes: float
    said: str

    @property
    def too_much(self) -> bool:
        """Whether it breaks the promise: 1 s of processor time, 64 MB."""
        return self.seconds > 1 or self.megabytes > 64


class Evaluator:
    """A context: the process starts with the first evaluation, and again after one that it died of."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()

    def cost(self, kind: str, source: str) -> Cost:
        """Evaluates a ``template`` or an ``expression``."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tests.support.evaluation_child"],
                cwd=TREE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"kind": kind, "source": source}) + "\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer:
            code = self._child.wait()
            self._child.communicate()
            self._child = None
            return Cost(float("inf"), float("inf"), f"the process died of it ({code})")
        return Cost(**json.loads(answer))

    def costs(self, kind: str, sources: Iterable[str]) -> dict[str, Cost]:
        """Each source's cost."""
        return {source: self.cost(kind, source) for source in sources}
