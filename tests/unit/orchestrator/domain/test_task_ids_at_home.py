"""A task's id is made and cut in one module, and in one of the scripts' parts: elsewhere a dot joins and cuts what is
known to be no task's id. The usual ways to cut and join are told, no more: a dot that has a name of its own is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.support.agreed_lists import must_agree

ROOT: Final = Path(__file__).parents[4]
HOME: Final = "orchestrator/domain/task_id.py"
PATHS: Final = {"path", "place", "parts", "loc", "__module__"}
"""What ways through a document, and names of Python's, are called everywhere."""

NO_IDS: Final = {
    ("orchestrator/console/numbers.py", "pattern"): "a number that may have a fraction",
    ("orchestrator/console/problems.py", "part"): "a way through a document",
    ("orchestrator/coordinator/archive.py", "plan_id"): "a file that is hidden while it is written",
    ("orchestrator/embedded/demo/plans.py", "pattern"): "an address",
    ("orchestrator/files/new_file.py", "name"): "a file that is hidden while it is written",
    ("orchestrator/files/yaml_text.py", "pattern"): "a number that may have a fraction",
    ("orchestrator/ledger/damaged_keys.py", "text"): "a number that may have a fraction",
    ("orchestrator/ledger/script_levels.py", "tables"): "a field of a table of Lua's",
    ("orchestrator/ledger/script_levels.py", "names"): "the same",
    ("orchestrator/ledger/script_parts.py", "name"): "the same",
    ("orchestrator/ledger/script_parts.py", "word"): "the same",
    ("orchestrator/ledger/stored_forms.py", "field"): "a member of a JSON object",
    ("orchestrator/ledger/stored_forms.py", "member"): "the same",
    ("orchestrator/observability/logs.py", "logger_name"): "a logger, and those above it",
    ("orchestrator/observability/logs.py", "name"): "the same",
    ("orchestrator/plans/switch_task.py", "to_camel(one) if name == _ENDPOINTS else one"): "a way through a document",
    ("orchestrator/plans/switch_task.py", "health"): "the same",
    ("orchestrator/plans/switch_task.py", "written"): "the same",
    ("orchestrator/secrets/notations.py", "name"): "a key of a file of settings",
    ("orchestrator/settings/redis_url.py", "pattern"): "a number that may have a fraction",
    ("orchestrator/stages/built_step.py", "key"): "a way through a step's parameters",
}
"""What else is joined or cut by a dot: where, how it is called there, and what it is."""

LUA_HOMES: Final = {
    "orchestrator/ledger/scripts/includes/task_id.lua",
    "orchestrator/ledger/scripts/includes/members.lua",  # a member of a JSON object
    "orchestrator/ledger/scripts/includes/pace.lua",  # a time's fraction
}
CUTS: Final = {"partition", "rpartition", "split", "rsplit", "index", "rindex", "find", "rfind", "replace"}
DOTS: Final = {".", r"\.", "[.]"}
DOT_AND_DIGITS: Final = re.compile(r"(?:\\\.|\[\.\])\(?(?:\?:|\?P<\w+>)?(?:\\d|\[0-9|\d)")
"""As a pattern has them."""


def dotted(text: str) -> Iterator[str]:
    """What Python cuts by a dot, writes before one, or behind one that a text begins with: its name, or the format that
    it is written by."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(value=cut, attr=verb)) if verb in CUTS:
                given = [*node.args[:1], *(named.value for named in node.keywords if named.arg in ("sep", "pattern"))]
                yield from (_name(cut) for one in given if isinstance(one, ast.Constant) and one.value in DOTS)
            case ast.Call(func=ast.Attribute(attr="splitext") | ast.Name(id="splitext"), args=[cut, *_]):
                yield _name(cut)
            case ast.Compare(left=ast.Constant("."), ops=[ast.In() | ast.NotIn()], comparators=[searched]):
                yield _name(searched)
            case ast.Call(func=ast.Attribute(value=ast.Constant("."), attr="join"), args=[joined]):
                yield _name(joined)
            case ast.BinOp(left=first, op=ast.Add(), right=end) if re.match(r"'\.(\d|'$)", ast.unparse(end)):
                yield _name(first)
            case ast.Constant(value=str(form)):
                yield from re.findall(r".*(?:\}|%(?:\(\w+\))?[sd])\.[{%\d].*", form)
                if DOT_AND_DIGITS.search(form):
                    yield "pattern"
            case ast.JoinedStr(values=parts):
                yield from _before_dots(parts)
                match parts:
                    case [ast.Constant(value="."), ast.FormattedValue(value=end), *_]:
                        yield _name(end)


def _before_dots(parts: list[ast.expr]) -> Iterator[str]:
    """A dot alone behind a value at a text's end is a full stop, unless the text has nothing else."""
    for number, (part, behind) in enumerate(pairwise(parts)):
        match part, behind:
            case ast.FormattedValue(value=value), ast.Constant(value=str(text)):
                if re.fullmatch(r"\.(\d+|\*)" if number and number + 2 == len(parts) else r"\.(\d*|\*)", text):
                    yield _name(value)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Subscript(value=value) | ast.Call(func=ast.Attribute(value=value)) | ast.Call(args=[value, *_]):
            return _name(value)
        case ast.GeneratorExp(generators=[ast.comprehension(iter=walked), *_]):
            return _name(walked)
    return ast.unparse(node)


def test_what_is_cut_or_joined_by_a_dot_elsewhere_is_no_task_id() -> None:
    paths = [path for room in ("orchestrator", "workers") for path in (ROOT / room).rglob("*.py")]
    found = {(path.relative_to(ROOT).as_posix(), name) for path in paths for name in dotted(path.read_text())}
    assert {(HOME, "task_id"), (HOME, "plan_id")} <= found
    must_agree(
        {one for one in found if one[0] != HOME and one[1] not in PATHS},
        NO_IDS,
        lacking="{} is cut or joined by a dot: a task's id by a function of orchestrator/domain/task_id.py, what is "
        "none with what it is into NO_IDS",
        left_over="{} is in NO_IDS, and nothing there is cut or joined by a dot",
    )


@pytest.mark.parametrize(
    "text",
    [
        'task_id[: task_id.rindex(".")]',
        'task_id.split(sep=".")',
        'task_id.rsplit(maxsplit=1, sep=".")',
        'task_id.removesuffix(f".{position}")',
        'task_id[: -len(f".{position}")]',
        "os.path.splitext(task_id)",
        're.sub(r"\\.\\d+$", "", task_id)',
        're.fullmatch(r"(.*)[.]([0-9]+)", task_id)',
        're.split(r"\\.", task_id)',
        'task_id.replace(".", "/")',
        '"." not in task_id',
        'f"{plan}.{position}"',
        'f"{plan}." + str(position)',
        'f"task {plan}.0"',
        'f"{plan}.*"',
        'plan + "." + str(position)',
        'plan + ".0"',
        'plan + f".{position}"',
        '"%(plan)s.%(at)d" % {"plan": plan, "at": position}',
        '".".join(map(str, pair))',
        '"{}.{}".format(plan, position)',
    ],
)
def test_an_id_that_is_made_or_cut_is_told(text: str) -> None:
    (name,) = dotted(text)
    assert name not in PATHS


@pytest.mark.parametrize(
    "text",
    ['f"gone: {plan}."', '"%.1f s" % took', '"{:.1f}".format(took)', '"v1.2".split("v")', 'f"...{plan}"', 'r"\\.json"'],
)
def test_other_dots_are_not(text: str) -> None:
    assert not list(dotted(text))


def dots(script: str) -> list[str]:
    """What a script joins or cuts by a dot. What is no more than a number's format (``%.17g``) or a full stop has its
    dot for another reason, as what a comment says."""
    code = re.sub(r"--.*", "", script)
    found = re.findall(r"""\.\. *["']\.(?=["'] *\.\.)|\.\. *["']\.\d|(?<!\.\. )["']\.["']|%[sd]\.|\[\^?\.\]""", code)
    return found + re.findall(r"%\.(?!\d+[a-zA-Z])", code)


def test_scripts_make_and_cut_them_in_one_part() -> None:
    scripts = (ROOT / "orchestrator" / "ledger" / "scripts").rglob("*.lua")
    must_agree(
        {path.relative_to(ROOT).as_posix() for path in scripts if dots(path.read_text())},
        LUA_HOMES,
        lacking="{} cuts or joins by a dot: a task's id by a function of includes/task_id.lua, else into LUA_HOMES",
        left_over="{} is in LUA_HOMES, and nothing there is cut or joined by a dot",
    )


@pytest.mark.parametrize(
    "text",
    [
        "plan .. '.' .. n",
        "plan .. '.0'",
        "string.find(id, '.', 1, true)",
        "table.concat({plan, n}, '.')",
        "string.match(id, '^(.-)[.](%d+)$')",
        "string.match(id, '^[^.]+')",
        "string.match(id, '%.(%d+)$')",
        "string.format('%s.%d', plan, n)",
    ],
)
def test_a_script_that_makes_or_cuts_one_is_told(text: str) -> None:
    assert dots(text)


@pytest.mark.parametrize(
    "text", ["string.format('%.17g', x)", "return 1 -- some 30 %. More is too much.", "'no plan ' .. plan .. '.'"]
)
def test_other_dots_of_scripts_are_not(text: str) -> None:
    assert not dots(text)
