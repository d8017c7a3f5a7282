"""A settings file with many mistakes: the first are told, the rest counted; of more, see test_few_mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.mistakes import MOST_TOLD
from orchestrator.settings.model import load_settings


@pytest.mark.parametrize(("more", "last"), [(0, None), (1, "and 1 more problem"), (50, "and 50 more problems")])
def test_the_first_mistakes_are_told_and_the_rest_counted(
    more: int, last: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = [f"  s{number}: {{wrong: 1, steps: [{{type: noop}}]}}" for number in range(MOST_TOLD + more)]
    (tmp_path / "settings.yaml").write_text("\n".join(["services:", *lines]))
    monkeypatch.setenv("CHANGEOVER_CONFIG", str(tmp_path / "settings.yaml"))
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    told = [problem.path for problem in refused.value.problems[:MOST_TOLD]]
    assert told == [f"services.s{number}.wrong" for number in range(MOST_TOLD)]
    assert [problem.message for problem in refused.value.problems[MOST_TOLD:]] == ([last] if last else [])
