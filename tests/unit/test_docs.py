"""The pages on settings, catalogue, checkpoints and words say what the code does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.control.consumer import EventsMissed
from orchestrator.domain import errors
from orchestrator.domain.config import TenantDeployConfig
from orchestrator.domain.events import EVENT_TYPES
from orchestrator.settings.model import HealthCheckSettings, Settings
from orchestrator.validation import PlanView, validate_plan
from steps import PollAgain, load_registry
from tests.support.agreed_lists import must_agree
from tests.support.doc_page import blocks_of
from tests.unit.orchestrator.settings.test_settings import DEFAULTS
from tests.unit.test_house import PACKAGES
from workers.middleware import Middleware, StageInfo, StepInfo

DOCS = Path(__file__).parents[2] / "docs"
SETTINGS, OPERATIONS = ((DOCS / f"{name}.md").read_text() for name in ("settings", "operations"))
_ROW = re.compile(r"^\| `([\w.]+)` \| (.*?) \| (.*?) \|", re.MULTILINE)
ROWS = {name: (default, level) for name, default, level in _ROW.findall(SETTINGS)}


def test_every_setting_has_its_row() -> None:
    must_agree(
        DEFAULTS,
        ROWS,
        lacking="`{}` has no row in docs/settings.md: | `name` | default | level | meaning |, where the model has it",
        left_over="`{}` has a row in docs/settings.md, and is no setting of orchestrator/settings/model.py",
    )
    assert list(ROWS) == list(DEFAULTS), (
        "the rows of docs/settings.md are in the order of orchestrator/settings/model.py"
    )


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_and_levels(name: str) -> None:
    assert name in ROWS, f"`{name}` has no row in docs/settings.md"
    default, level = ROWS[name]
    value = DEFAULTS[name]
    shown = f"{value:.10g}" if isinstance(value, float) else str(value)
    assert default.strip("`") == (shown if value not in (None, [], {}) else "-")
    is_step = name.removeprefix("health_check.") in HealthCheckSettings.model_fields
    assert level == ("tenant, plan, application" if is_step else "application")


def code(file: str) -> dict[str, Any]:
    """What the block of the catalogue's page with this title defines."""
    (text,) = (block.text for block in blocks_of("docs/catalogue.md") if block.title == file)
    scope: dict[str, Any] = {"__name__": file}
    exec(compile(text, file, "exec"), scope)
    return scope


def test_the_catalogue_as_printed() -> None:
    catalogue, plan = (yaml.safe_load(b.text) for b in blocks_of("docs/catalogue.md") if b.language == "yaml")
    result = validate_plan(plan, registry=load_registry(), settings=Settings.model_validate(catalogue))
    assert [stage.name for stage in result.require().stages] == ["portal", "gateway-switch"]


def test_the_validator_as_printed() -> None:
    rule = code("acme_rules.py")["every_tenant_has_a_region"]
    tenant = TenantDeployConfig.model_validate({"tenant_id": "acme"})
    (finding,) = rule(PlanView(None, "p", 1, (), ((4, tenant),)))
    assert finding.problem.path == "tenants[4].variables.region"
    assert not finding.is_warning


def test_the_middleware_as_printed() -> None:
    limit = code("acme_limits.py")["OneSwitchAtATime"](Settings())
    assert isinstance(limit, Middleware)
    step = StepInfo(StageInfo("p", "p.0", "t", "s", "RUNNING", 0), "config-write", 0, 1)
    assert limit.before_step(step) is None
    assert isinstance(limit.before_step(step), PollAgain)
    limit.after_step(step, PollAgain(1))
    assert limit.before_step(step) is None


def test_every_error_stands_beside_its_exit_code() -> None:
    base = errors.ChangeoverError
    kinds: list[type[errors.ChangeoverError]] = [EventsMissed]
    kinds += [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, base) and one != base]
    rows = re.findall(r"^\| (\d+) \| .+ \| (.*)\|$", OPERATIONS.partition("## Exit codes")[2], re.MULTILINE)
    told = {code: int(row) for row, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert told == {kind.code: kind.exit_code for kind in kinds}


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text())["nav"]
    must_agree(
        (path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")),
        re.findall(r"[\w/-]+\.md", str(nav)),
        lacking="docs/{} is not in the nav of mkdocs.yml, so nobody finds it",
        left_over="{} is in the nav of mkdocs.yml, and not in docs/",
    )


NO_NOUNS = {
    *("Accepted", "Approved", "Back", "Cancelled", "Completed", "Created", "Failed", "In", "Lifted", "Made", "Paused"),
    *("Progress", "Purged", "Ready", "Recovered", "Rejected", "Reopened", "Requested", "Resumed", "Revoked", "Rolled"),
    *("Rolling", "Set", "Sign", "Skipped", "Soaking", "Started", "Succeeded", "Tripped", "Waiting"),
    *("Limits", "Validation"),
}
"""Of the names of events: what happened, and what means only what it says."""


def test_every_thing_that_events_tell_of_is_in_the_glossary() -> None:
    words = {word for event in EVENT_TYPES for word in re.findall("[A-Z][a-z]+", event.__name__)}
    rows = re.findall(r"^\| (.*?) \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    told = {word.capitalize() for row in rows for word in re.findall(r"\w+", row.partition("(")[0])}
    missing = sorted(words - NO_NOUNS - told)
    assert not missing, f"no row in docs/glossary.md for {', '.join(missing)}; what is no thing: NO_NOUNS here"


def test_files_that_pages_name_are_there() -> None:
    """And what a page says to stand in one of Python or Lua, as "`NAME` of `file`", stands there."""
    root = DOCS.parent
    folders = [root / name for name in (*PACKAGES, "reference", "tests", "examples", "benchmarks", "docs")]
    files = [*root.glob("*.*"), *(path for folder in folders for path in folder.rglob("*.*"))]
    homes: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files:
        homes[path.name].append(path)
    told = []
    for page in (root / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for name in set(re.findall(r"`([\w/-]+\.(?:py|lua|css|js|html))`", text)) - OF_OTHERS:
            if not _called(name, homes):
                told.append(f"{page.name} names `{name}`, which is not there")
        for word, name in re.findall(r"`(\w+)`\s+(?:of|in)\s+`([\w/]+\.(?:py|lua))`", text):
            if not any(word in path.read_text() for path in _called(name, homes)):
                told.append(f"{page.name} names `{word}` of `{name}`, which has none")
    assert not told, "\n".join(["", *sorted(told)])


OF_OTHERS = {"flowerconfig.py"}
"""Files that Changeover has not, and the page says why."""


def _called(name: str, homes: Mapping[str, list[Path]]) -> list[Path]:
    """Files whose path ends so."""
    return [path for path in homes.get(Path(name).name, []) if path.as_posix().endswith(f"/{name}")]


def test_no_change_is_told_twice() -> None:
    lines = re.findall(r"^- .*$", (DOCS.parent / "CHANGELOG.md").read_text(), re.MULTILINE)
    twice = sorted({line for line in lines if lines.count(line) > 1})
    assert not twice, "twice in CHANGELOG.md, take one of each away (a union merge keeps both):\n" + "\n".join(twice)
    assert len(lines) > 100
