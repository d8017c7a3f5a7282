"""docs/events.md says what the models say: every event, every field of its own."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.alias_generators import to_camel

from orchestrator.domain import events
from orchestrator.domain.events import EVENT_TYPES, EventBase, NamespaceEvent, StageEvent, TaskEvent
from tests.support.agreed_lists import must_agree

PAGE = Path(__file__).parents[4] / "docs" / "events.md"
COMMON = {*StageEvent.model_fields, "type"}


def own_fields(model: type[EventBase]) -> set[str]:
    fields = model.model_fields.items()
    return {field.alias or to_camel(name) for name, field in fields if name not in COMMON}


def test_the_page_lists_every_event_with_its_fields() -> None:
    models = EVENT_TYPES
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE.read_text().partition("## Plans")[2], re.MULTILINE))
    must_agree(
        (model.__name__ for model in models),
        rows,
        lacking="`{}` has no row in docs/events.md: | `Event` | own fields | when |, in the table of its kind",
        left_over="`{}` has a row in docs/events.md, and is no model of orchestrator/domain/events/",
    )
    for model in models:
        must_agree(
            own_fields(model),
            re.findall(r"`(\w+)`", rows[model.__name__]),
            lacking=f"{model.__name__}.{{}} is not in the second column of its row in docs/events.md",
            left_over=f"{model.__name__}.{{}} is in the second column of docs/events.md, and no field of its own",
        )


def test_task_and_stage_events_are_told_apart_on_the_page() -> None:
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    by_title = {section.splitlines()[0]: section for section in sections}
    for model in EVENT_TYPES:
        homes = {StageEvent: "Stages", TaskEvent: "Tasks", NamespaceEvent: "The namespace"}
        title = next((home for base, home in homes.items() if issubclass(model, base)), "Plans")
        assert f"| `{model.__name__}` |" in by_title[title], f"its row in docs/events.md stands under '## {title}'"


def test_the_package_hands_on_every_model() -> None:
    lacking = sorted({model.__name__ for model in EVENT_TYPES} - set(events.__all__))
    assert not lacking, f"into orchestrator/domain/events/__init__.py: {lacking}"
