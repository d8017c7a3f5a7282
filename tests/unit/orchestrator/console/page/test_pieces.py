"""What the page is made of: each piece once however many look, runs of positions, bars, stages, words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from orchestrator.console.page.cells import CODES, MAP_STATES, UNKNOWN, grouped, ranges_of
from orchestrator.console.page.fragments import Fragments
from orchestrator.console.page.rendering import piece
from orchestrator.console.page.tenants import stage_lines
from orchestrator.console.page.words import BAR, segments, slug
from orchestrator.control.answers import TaskStatus
from orchestrator.control.live_plan import FAILED
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.roles import Role
from orchestrator.domain.status import DAMAGED, PlanState, TaskState
from tests.support.agreed_lists import must_agree


def test_a_piece_is_drawn_once_a_version_and_sent_to_whoever_has_an_older_one() -> None:
    drawn: list[tuple[str, Role]] = []
    says = {"head": "one", "actions": "buttons"}

    def draw(name: str, role: Role) -> str:
        drawn.append((name, role))
        return says[name] + (f" of {role}" if name == "actions" else "")

    pieces = Fragments(draw, ("head", "actions"), by_role=("actions",))
    for _ in range(100):
        assert pieces.since(0, Role.VIEWER, 1) == [("head", "one"), ("actions", "buttons of viewer")]
    assert len(drawn) == 2
    assert pieces.since(0, Role.ADMIN, 1) == [("head", "one"), ("actions", "buttons of admin")]
    assert drawn[2:] == [("actions", Role.ADMIN)]

    says["head"] = "two"
    assert pieces.since(1, Role.VIEWER, 2) == [("head", "two")]
    # Who was away for both gets what is new since then, and nothing that is not.
    assert pieces.since(1, Role.VIEWER, 3) == [("head", "two")]
    assert pieces.since(2, Role.VIEWER, 3) == []


@pytest.mark.parametrize(
    ("positions", "told"),
    [([], ""), ([7], "7"), ([0, 1, 2], "0-2"), ([0, 1, 5, 9, 10, 11], "0-1 5 9-11"), ([3, 5], "3 5")],
)
def test_runs_of_positions_are_drawn_together(positions: list[int], told: str) -> None:
    assert ranges_of(positions) == told


HERE = "orchestrator/console/page"
STATIC = resources.files("orchestrator.console.page") / "static"
TEMPLATES = Path(str(resources.files("orchestrator.console.page"))) / "templates"


def test_the_script_draws_every_state_by_its_letter_and_has_the_rest_from_the_page() -> None:
    script = (STATIC / "map.js").read_text()
    no_state = f"{HERE}: {{}} is no TaskState"
    must_agree(TaskState, CODES, lacking=f"{HERE}/cells.py: no letter for {{}} in CODES", left_over=no_state)
    # What has a mark of its own: all but a damaged one, which is what is drawn of anything else.
    must_agree(
        CODES.values(),
        re.findall(r'case "(.)":', script),
        lacking=f"""{HERE}/static/map.js draws no `case "{{}}":`, a letter of CODES in cells.py""",
        left_over=f"""{HERE}/static/map.js draws `case "{{}}":`, no letter of CODES in cells.py""",
    )
    must_agree(
        set(TaskState) - {TaskState.PENDING},
        BAR,
        lacking=f"{HERE}/words.py: {{}} has no part in BAR",
        left_over=f"{HERE}/words.py: {{}} in BAR is what waits, or no TaskState",
    )
    told = json.loads(MAP_STATES)
    assert set(told) == {*CODES.values(), UNKNOWN}
    assert {code for code, state in told.items() if state["bad"]} == {CODES[state] for state in FAILED}
    assert told[CODES[TaskState.ROLLING_BACK]] == {"name": "rolling-back", "words": "rolling back", "bad": False}
    assert told[UNKNOWN] == {"name": "damaged", "words": "damaged", "bad": False}


def test_style_sheet_marks_and_templates_know_all_states_and_no_other() -> None:
    known = {slug(state) for state in (*TaskState, *PlanState, DAMAGED)}
    styles = "".join((STATIC / name).read_text() for name in ("console.css", "plan.css", "pages.css"))
    must_agree(
        known,
        re.findall(r"\.st-([a-z-]+)", styles),
        lacking=f"{HERE}/static/console.css has no colour for a state: .st-{{}} {{{{ color: ...; }}}}",
        left_over=f"{HERE}/static/*.css: .st-{{}} is no state's",
    )
    signs = set(re.findall(r'symbol id="i-([a-z-]+)"', (TEMPLATES / "_icons.html").read_text()))
    assert known <= signs, f"no symbol i-... in {HERE}/templates/_icons.html for {sorted(known - signs)}"
    drawn = "".join(path.read_text() for path in [*TEMPLATES.rglob("*.html"), Path(str(STATIC / "map.js"))])
    assert set(re.findall(r"\bst-([a-z-]+)", drawn)) <= known
    assert set(re.findall(r'icon\("([a-z-]+)"\)', drawn)) <= signs


def test_a_change_of_the_map_is_sent_by_what_its_cells_became() -> None:
    assert grouped({7: "c", 2: "f", 5: "c"}) == {"f": [2], "c": [5, 7]}


def test_a_bar_shows_what_is_there_at_all() -> None:
    parts = list(segments({TaskState.PENDING: 98_999, TaskState.FAILED: 1, TaskState.COMPLETED: 1_000}))
    assert [(part.slug, part.x) for part in parts] == [("completed", 0), ("failed", 1.0)]
    assert parts[1].width == 0.4


def _moved(**how: object) -> TaskStatus:
    known: dict[str, object] = {"task_id": "p.0", "plan_id": "p", "tenant_id": "acme", "total_stages": 3}
    return TaskStatus.model_validate(known | how)


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (
            lambda: _moved(status=TaskState.RUNNING, completed_stages=1, current_stage="b"),
            [("a", "completed"), ("b", "running"), ("c", "pending")],
        ),
        (
            lambda: _moved(
                status=TaskState.FAILED,
                completed_stages=1,
                failure_info=FailureInfo(type="X", message="", stage_name="b"),
            ),
            [("a", "completed"), ("b", "failed"), ("c", "pending")],
        ),
        (
            lambda: _moved(
                status=TaskState.ROLLING_BACK, goes_back=True, total_stages=2, completed_stages=1, current_stage="a"
            ),
            [("b", "rolled-back"), ("a", "rolling-back")],
        ),
    ],
)
def test_stages_stand_in_the_order_in_which_the_move_takes_them(
    task: Callable[[], TaskStatus], told: list[tuple[str, str]]
) -> None:
    assert [(line.name, slug(line.state)) for line in stage_lines(["a", "b", "c"], task())] == told


def test_what_comes_from_outside_is_text_and_steers_nothing() -> None:
    problem = {"title": "<script>alert(1)</script>", "detail": "a\u202eb", "errors": [], "status": 404, "code": "x"}
    told = piece("_problem.html", problem=problem)
    assert "<script>" not in told
    assert "&lt;script&gt;" in told
    assert "\u202e" not in told
    assert "\\u202e" in told
