"""Nothing that a plan, a service or an argument says steers the terminal of whoever reads it."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rich.console import Group
from rich.table import Table
from rich.text import Text

from orchestrator.cli import drawing, main, output
from orchestrator.cli.event_lines import event_line
from orchestrator.cli.formats import print_list, print_value
from orchestrator.cli.tables import plan_table, plans_table, task_detail
from orchestrator.cli.watch.sections import causes as causes_lines
from orchestrator.cli.watch.sections import footer, head, moving_table, task_list
from orchestrator.cli.watch.view import View
from orchestrator.control.answers import PlanStatus, PlanSummary, TaskStatus
from orchestrator.control.failure_causes import FailureCauses
from orchestrator.control.live_plan import TaskView
from orchestrator.control.pace import Pace
from orchestrator.domain.errors import InvalidInput, NotFound, Problem
from orchestrator.domain.events import FailureInfo
from orchestrator.domain.printable import printable, printable_json, steering_character
from orchestrator.embedded.console import Console
from orchestrator.observability.logs import configure_logs
from orchestrator.settings.model import Settings
from tests.support.long import mostly_long
from tests.support.right_plan import right_plan

TREE = Path(__file__).parents[4]
HOSTILE = [
    *("\x1b[2J", "\x1b]0;title\x07", "a\nerror: forged", "a\rerror: forged", "\x9b2J", "\x85next", "\u2028next"),
    *("\x00", "\x7f", "\x08\x08\x08", "a\tb", "\u202egnp.exe", "\u2066hidden\u2069", "\u200e", "\u200bzero"),
    *(
        "\ufeffmark",
        "\U000e0041tag",
        "ac\u200cme",
        "ac\u200dme",
        "\u180eacme",
        "ac\u034fme",
        "\u115f",
        "\u3164",
        "\uffa0",
    ),
    *("\u17b4", "a\ufe0f", "\U000e0100", "\u206a", "\u206f", "\ufff9", "\U0001d173", "\u2800", "\ud83d"),
]
EVIL = "".join(HOSTILE)
NAMES = ["name", "plan_id", "stages.0.name", "tenants.0.tenant_id", "tenants.0.deploy_unit_name"]


def safe(text: str) -> bool:
    """No character that steers but the ends of lines."""
    return all(steering_character(line) is None for line in text.split("\n"))


@pytest.mark.parametrize("text", HOSTILE)
def test_one_line_and_the_same_json(text: str) -> None:
    assert steering_character(text) is not None
    assert steering_character(printable(text)) is None
    written = printable_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert safe(written)
    assert json.loads(written) == {text: [text]}


def test_no_format_or_control_of_unicode_passes() -> None:
    """Unicode's own data decides, of every version that Python brings."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    codes = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in hidden]
    assert len(codes) > 2200
    assert [code for code in codes if steering_character(f"a{chr(code)}b") is None] == []


def test_plain_text_stays_as_it_is() -> None:
    for text in ("acme", "Zürich", "東京", "עברית", "e\u0301", "👩\u200d💻", "❤\ufe0f", "👩🏽\u200d🚀", ""):
        assert printable(text) == text


def test_what_the_gate_prints(capsys: pytest.CaptureFixture[str]) -> None:
    for renderable in (Text(EVIL), Group(EVIL, Text(EVIL)), Table(EVIL, EVIL)):
        drawing.console().print(renderable, markup=False)
    output.print_line(EVIL)
    output.print_line(event_line({"type": EVIL, "tenantId": EVIL, "failureInfo": {"message": EVIL}, EVIL: EVIL}))
    output.print_json({EVIL: EVIL})
    output.note(EVIL)
    output.print_problems("warning", [Problem(EVIL, EVIL, EVIL)])
    output.print_error(InvalidInput([Problem(EVIL, EVIL, EVIL)]))
    output.print_error(NotFound(EVIL))
    Console(sys.stdout).say(EVIL)
    printed, noted = capsys.readouterr()
    assert safe(printed)
    assert safe(noted)
    # Nothing can pass for an error of ours: two were printed.
    assert len([line for line in noted.split("\n") if line.startswith("error")]) == 2


def test_tables_keep_every_value_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    failure = {"type": EVIL, "message": EVIL, "stage_name": EVIL, "step_name": EVIL}
    known = {"completed_stages": 0, "total_stages": 1, "progress_percent": 0.0, "status": "FAILED"}
    fields: dict[str, Any] = {"task_id": EVIL, "plan_id": EVIL, "tenant_id": EVIL, "failure_info": failure, **known}
    task = TaskStatus.model_validate(fields | {"current_stage": EVIL, "waiting_for": EVIL})
    about = {"plan_id": EVIL, "name": EVIL, "status": "FAILED", "pausing": False, "max_concurrency": 1}
    summary = PlanSummary.model_validate(about | {"counts": {"FAILED": 1}})
    drawing.console().print(plan_table(PlanStatus.model_validate(about | {"counts": {"FAILED": 1}, "tasks": [task]})))
    drawing.console().print(task_detail(task))
    drawing.console().print(plans_table([summary]))
    printed = capsys.readouterr().out
    assert safe(printed)
    assert not [line for line in printed.split("\n") if line.startswith("error")]


def test_the_screen_of_watch_shows_nothing_that_steers(capsys: pytest.CaptureFixture[str]) -> None:
    failure = FailureInfo(type=EVIL, message=EVIL, stage_name=EVIL, step_name=EVIL)
    causes = FailureCauses()
    causes.add("p.1", EVIL, failure)
    fields: dict[str, Any] = {"task_id": EVIL, "plan_id": EVIL, "tenant_id": EVIL, "status": "FAILED"}
    task = TaskStatus.model_validate(fields | {"current_stage": EVIL, "failure_info": failure, "total_stages": 2})
    view = View("failed", filter=EVIL)
    summary = PlanSummary(plan_id=EVIL, name=EVIL, status=EVIL, max_concurrency=1, counts={EVIL: 1})
    live: Any = SimpleNamespace(
        summary=summary, done=0, total=1, moving={}, now=datetime.now(UTC), causes=causes, pace=Pace(),
        seconds_left=None, seconds_run=None,
    )  # fmt: skip
    for width in (60, 100, 200):
        parts = [*head(live, width), *causes_lines(live, width, 5), task_list([task], width)]
        parts += [moving_table(live, [TaskView(task, EVIL, EVIL, EVIL)], width), footer(view, width)]
        parts.append(footer(View(typing=True, filter=EVIL), width))
        for part in parts:
            drawing.console().print(part)
            drawing.show(part)
    assert safe(capsys.readouterr().out)


def test_yaml_escapes_what_steers_and_stays_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {EVIL: [EVIL], "plain": "Zürich, 東京"}
    print_value(value, "yaml")
    print_list({"name": EVIL}, "tasks", iter([value, value]), "yaml")
    printed = capsys.readouterr().out
    assert safe(printed)
    first, second = printed.split("name:")
    assert yaml.safe_load(first) == value
    assert yaml.safe_load("name:" + second) == {"name": EVIL, "tasks": [value, value]}


def test_the_log_of_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    before = logging.getLogger().handlers
    try:
        configure_logs(Settings(log_format="console"))
        logging.getLogger("x").warning("%s", EVIL)
        try:
            raise ValueError(EVIL.replace("\n", ""))
        except ValueError:
            logging.getLogger("x").exception("failed")
    finally:
        logging.getLogger().handlers = before
    assert safe(stream.getvalue())
    assert "forged" in stream.getvalue()


def test_only_the_gate_writes() -> None:
    writes = re.compile(r"(?<![.\w])print\(|\bstd(?:out|err)\.(?:write|buffer)|\becho\(|rich\.print|\bConsole\(")
    for path in (TREE / "orchestrator" / "cli").rglob("*.py"):
        assert path.name in ("output.py", "drawing.py") or not writes.search(path.read_text()), path


@pytest.mark.parametrize("place", mostly_long(NAMES, *list(NAMES)[::3]))
@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_ids_with_such_characters_are_refused(
    place: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan: Any = right_plan()
    *way, last = place.split(".")
    part = plan
    for step in way:
        part = part[int(step) if step.isdigit() else step]
    part[last] = text
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(tmp_path / "plan.json")])
    assert ended.value.code == 2
    lines = [line for line in capsys.readouterr().err.split("\n") if line.startswith("error")]
    assert len(lines) == 1
    assert safe(lines[0])


def test_an_unknown_key_forges_no_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(right_plan() | {"a\nerror: forged\x1b[2J": 1}))
    with pytest.raises(SystemExit):
        main(["validate", str(tmp_path / "plan.json")])
    lines = [line for line in capsys.readouterr().err.split("\n") if not line.startswith("warning")]
    assert [line[:47] for line in lines] == ["error: a\\nerror: forged\\x1b[2J: unknown key; kn", ""]


def test_a_wrong_use_is_one_line_and_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [["status", "--\x1b[2J\nerror: x"], ["nosuch\n"], ["status", "a", "b\x9b"], ["events", "--since", "\u202e"]]
    for arguments in wrong:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        printed, noted = capsys.readouterr()
        first, usage, rest = noted.split("\n")
        assert (printed, rest) == ("", "")
        assert first.startswith("error: ")
        assert usage.startswith("Usage: changeover")
        assert safe(noted)


def test_arguments_that_are_not_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    many = ["pause", "--plan", "\udc80", "--actor", "\udcff"]
    for arguments in (["validate", "pl\udcffan"], ["status", "\udcff"], many):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        printed, noted = capsys.readouterr()
        wrong = [number for number, one in enumerate(arguments, 1) if not one.isascii()]
        assert [line[:18] for line in noted.splitlines()] == [f"error: argument {number}:" for number in wrong]
        assert printed == ""
