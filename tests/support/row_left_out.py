"""A plugin of pytest: the code's transition table without one row, as if somebody had deleted it there.

``-p tests.support.row_left_out`` with ``ROW_LEFT_OUT=task,PENDING,admit`` in the environment. The row is gone before
any other module reads the table, whatever imports it first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

VARIABLE: Final = "ROW_LEFT_OUT"
_TRANSITIONS: Final = "orchestrator.domain.transitions"
# Where the rows of each kind stand, under which name, and the lookup that is made of them.
_WHERE: Final = {
    "task": (_TRANSITIONS, "TASK_TRANSITIONS", "TASK_MOVES"),
    "plan": (_TRANSITIONS, "PLAN_TRANSITIONS", "PLAN_MOVES"),
    "wave": ("orchestrator.domain.waves", "WAVE_MOVES", ""),
}


class _Without(MetaPathFinder):
    def __init__(self, kind: str, source: str, trigger: str) -> None:
        self.module, self._rows, self._moves = _WHERE[kind]
        self._pair = source, trigger

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self.module else None
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_cut(module: ModuleType) -> None:
            run(module)
            self._cut(module)

        spec.loader.exec_module = run_and_cut  # type: ignore[method-assign]
        return spec

    def _cut(self, module: Any) -> None:
        whole = getattr(module, self._rows)
        left = tuple(row for row in whole if (row.source, row.trigger) != self._pair)
        assert len(left) == len(whole) - 1, f"the table has no row {self._pair}"
        setattr(module, self._rows, left)
        if self._moves:
            setattr(module, self._moves, module.table(left))


if VARIABLE in os.environ:
    without = _Without(*os.environ[VARIABLE].split(","))
    assert without.module not in sys.modules, "the table has been read already"
    sys.meta_path.insert(0, without)
