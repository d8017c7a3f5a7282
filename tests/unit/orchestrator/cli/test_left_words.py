"""Who leaves `watch` is told what the plan does, and what would change that."""

from __future__ import annotations

import pytest

from orchestrator.cli.watch import left_words

BACK = "to come back: changeover watch p"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("RUNNING", [f"the plan goes on; {BACK}", "to stop it: changeover pause p"]),
        ("PAUSED", [f"the plan is paused and stays so; {BACK}", "to let it go on: changeover resume p"]),
        ("FAILED", [f"the plan is FAILED; {BACK}"]),
    ],
)
def test_no_command_is_named_that_would_do_nothing(status: str, said: list[str]) -> None:
    assert left_words("p", status) == said
