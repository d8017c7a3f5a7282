"""House rules that no linter knows: one name for one thing, states at home, doors kept shut."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from orchestrator.domain.status import DAMAGED, LOST, PURGED, PlanState, TaskState
from orchestrator.domain.waves import WaveState
from tests.support.agreed_lists import must_agree

ROOT = Path(__file__).parents[2]
PACKAGES = ("steps", "checkpoint", "orchestrator", "workers")
SHARED_NAMES = {
    "app": "the application object, which its runner looks for by this name: Typer's and Celery's",
    "main": "what a process runs; each is called by the name of its module",
    "register": "each module of commands adds its own to the one Typer app",
    "router": "each module of routes adds its own to the one FastAPI application",
    "T": "a type variable: whatever type the call says",
}
"""Public names of types, functions and objects that several modules may have, with the reason."""

STATES = {state.value for state in (*TaskState, *PlanState, *WaveState)}
TOLD = STATES | {DAMAGED, LOST, PURGED}
"""Also what is told in a state's place."""


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), _parsed(path)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """All of the code, parsed, is not kept for tests of other modules."""
    yield
    _parsed.cache_clear()


def names_of(module: ast.Module) -> Iterator[str]:
    """What a module gives a name to at its top level: classes, functions, aliases of types, objects, constants."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_two_modules_never_give_one_name_to_two_things() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path, module in modules(*PACKAGES):
        for name in set(names_of(module)):
            if not name.startswith("_") and (name == "T" or not name.isupper()):
                homes[name].append(path)
    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    told = [f"{name}: {', '.join(paths)}" for name, paths in twice.items() if name not in SHARED_NAMES]
    assert not told, _said(
        told,
        "One name for two things: the newer gets a name that says what only it is.",
    )
    assert SHARED_NAMES.keys() <= twice.keys(), "a name that is shared no more needs no reason"


def test_two_types_are_never_told_apart_by_an_underscore() -> None:
    """A type that a module keeps to itself stands in its signatures; a reader who knows the other takes it for that."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path, module in modules(*PACKAGES):
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(f"{path} ({node.name})")
    told = [f"{name}: {', '.join(paths)}" for name, paths in homes.items() if len(paths) > 1]
    assert not told, _said(told, "One name for two types: the one less used gets a name that says what only it is.")


def test_two_modules_never_lend_constants_of_one_name() -> None:
    """A number that a module keeps to itself may be called ``PAGE`` or ``LONGEST``; one that others import is told from
    all others by its name alone."""
    lent: defaultdict[str, set[str]] = defaultdict(set)
    for path, module in modules(*PACKAGES):
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES):
                for alias in node.names:
                    if alias.name.isupper() and not path.startswith(f"{str(node.module).replace('.', '/')}/"):
                        lent[alias.name].add(str(node.module))
    # A package lends what one of its modules has.
    twice = {
        name: homes
        for name, homes in lent.items()
        if len([home for home in homes if not any(other.startswith(f"{home}.") for other in homes)]) > 1
    }
    assert not twice


def test_states_are_written_as_states() -> None:
    """A state as quoted text goes on working when the state is renamed, and matches nothing."""
    quoted = [
        f"{path}:{node.lineno}: {node.value!r}"
        for path, module in modules(*PACKAGES, "benchmarks", "examples", "reference")
        if not path.startswith("orchestrator/domain/")
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _quotes_a_state(node.value)
    ]
    assert not quoted, _said(quoted, "A state is a TaskState, PlanState or WaveState of orchestrator/domain.")


def _quotes_a_state(text: str) -> bool:
    """A state alone, or as the end or beginning of a name that is put together: ``n:PENDING``, ``FAILED:``."""
    return " " not in text and any(part in TOLD for part in re.split(r"[^A-Za-z_]+", text))


def test_pages_and_scripts_quote_no_state() -> None:
    """What a page's script knows of states comes with the page; a Lua script names them (``TASK.FAILED``)."""
    quoted = [
        f"{path.relative_to(ROOT)}: {state}"
        for folder in PACKAGES
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".lua", ".js", ".html", ".css") and "vendor" not in path.parts
        # A script has codes of the same words.
        for state in sorted(STATES if path.suffix == ".lua" else TOLD)
        if re.search(rf"""["'`](?:n:)?{state}["'`]""", path.read_text())
    ]
    assert not quoted, "\n".join(quoted)


AT_HOME = ("tests", "benchmarks", "examples", "reference", "celeryconfig")
"""What the packages do without; `[tool.importlinter]` says so of statements."""


def test_own_packages_are_imported_by_statements() -> None:
    """What is imported by a text, no import rule sees."""
    told = [
        f"{path}:{node.lineno}: {argument.value!r}"
        for path, module in modules(*PACKAGES)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _imports(node.func)
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant) and str(argument.value).split(".")[0] in (*PACKAGES, *AT_HOME, "")
    ]
    assert not told, _said(told, "An import statement, inside the function where it must come late.")


def _imports(function: ast.expr) -> bool:
    return _last_name(function) in ("import_module", "__import__")


def test_nobody_reaches_through_the_ledger() -> None:
    """What is asked of the ledger is a question with a name; a client in other hands is keys in other hands."""
    clients = ("client", "_client")
    reaches = [
        f"{path}:{node.lineno}"
        for path, module in modules("orchestrator", "workers")
        if not path.startswith("orchestrator/ledger/")
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and (
            (node.attr in (*clients, "keys", "_keys") and _last_name(node.value).endswith("reader"))
            # Whole it may be handed on, to what asks such questions.
            or (
                isinstance(node.value, ast.Attribute)
                and node.value.attr in clients
                and _last_name(node.value.value).endswith("ledger")
            )
        )
    ]
    assert not reaches, _said(reaches, "A question of orchestrator/ledger/reader.py, or of a reader beside it.")


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


OF_THE_WHOLE = {
    *("audit", "public_surface", "house", "own_environment"),
    *("docs", "commands_on_pages", "migration_page", "mission_page", "page_blocks", "page_links", "runbooks"),
    *("compose", "deploy", "manifests"),
}
"""What is tested in ``tests/unit`` itself: no room, but all of the code, the pages, what it is deployed with."""

OTHER_KINDS = {"acceptance", "bad_inputs", "browser", "chaos", "deploy", "servers"}
"""What else ``tests`` has, by how it goes about it: each of these goes through many rooms."""


def test_every_test_is_in_the_room_that_it_tests() -> None:
    """A room is a folder of the code; in ``tests/integration`` also a package or a door; ``support`` is what tests
    themselves stand on."""
    code = {*PACKAGES, "examples", "benchmarks", "reference"}
    rooms = {path.parent.name for path in (ROOT / "orchestrator").glob("*/__init__.py")}
    doors = rooms | {path.stem for path in (ROOT / "orchestrator").glob("*.py")} | {*PACKAGES, "examples", "support"}

    def is_astray(kind: str, *way: str) -> bool:
        """``way``: the names below ``tests/<kind>``, the last one a file's."""
        match kind, way:
            case "unit", [name]:
                return name.removeprefix("test_").removesuffix(".py") not in OF_THE_WHOLE
            case "unit", [*room, _]:
                is_room = room[0] in code and any(ROOT.joinpath(*room).glob("*.py"))
                return room == ["orchestrator"] or not is_room
            case "integration", [*room, _]:
                return len(room) != 1 or room[0] not in doors
        return kind not in OTHER_KINDS

    found = (path for path in (ROOT / "tests").rglob("*.py") if path.match("test_*.py") or path.match("*_test.py"))
    paths = [path.relative_to(ROOT / "tests") for path in found]
    astray = [f"tests/{path.as_posix()}" for path in paths if is_astray(*path.parts)]
    assert not astray, _said(
        astray,
        "It goes into tests/unit/<package>/<room> or tests/integration/<room>, named after the room that it tests; "
        "what tests no room, but the whole, is named in OF_THE_WHOLE here.",
    )


def test_every_room_has_its_tests() -> None:
    """What needs no server in ``tests/unit``, the rest in ``tests/integration``, in a folder called like the room."""
    rooms = {path.parent.name for path in (ROOT / "orchestrator").glob("*/__init__.py")}
    tested = [
        {path.name for path in (ROOT / folder).iterdir() if any(path.rglob("test_*.py"))}
        for folder in ("tests/unit/orchestrator", "tests/integration", "tests/unit")
    ]
    untested = (rooms - tested[0] - tested[1]) | ({*PACKAGES} - tested[2])
    assert not untested, _said(sorted(untested), "A room without tests: tests/unit/<package>/<room>.")


def test_the_page_has_the_floors_of_the_import_rule() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (floors,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["orchestrator"])
    ruled = [set(re.split(r" [:|] ", floor)) for floor in reversed(floors)]
    (sentence,) = re.findall(r"lowest first: ([^.]+)\.", page)
    drawn = [set(re.split(r",\s+", floor)) for floor in re.split(r"\s+<\s+", sentence)]
    wrong = [
        f"{sorted(rule)}, the page has {sorted(told)}"
        for rule, told in zip_longest(ruled, drawn, fillvalue=set[str]())
        if rule != told
    ]
    assert not wrong, _said(
        wrong, 'The floors of "The rooms" in docs/architecture.md are those of [tool.importlinter].'
    )
    (listed,) = re.findall(r"^orchestrator/ .*\n((?:  .*\n)+)", page, re.MULTILINE)
    must_agree(
        set().union(*ruled) - {"client", "facade"},
        re.findall(r"^  (\w+)/", listed, re.MULTILINE),
        lacking="{}/ has no line in the list of rooms in docs/architecture.md: what it is for",
        left_over="{}/ has a line in the list of rooms in docs/architecture.md, and is no room",
    )


def test_every_folder_of_code_is_a_package() -> None:
    """The import rule sees packages only; Python and the wheel take a folder without ``__init__.py`` all the same. What
    the room is for is read there."""
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    rooms = {path for path, module in modules(*PACKAGES) if path.endswith("/__init__.py") and ast.get_docstring(module)}
    told = sorted({f"{folder.relative_to(ROOT).as_posix()}/__init__.py" for folder in folders} - rooms)
    assert not told, _said(told, "An `__init__.py`, with a line that says what the room is for.")


def test_no_module_is_longer_than_a_person_reads() -> None:
    told = [f"{path}: {lines} lines" for path, lines in _lengths() if lines > 300]
    assert not told, _said(told, "At most 300: what it does besides its one noun goes into a module of that name.")


def _said(told: list[str], what_to_do: str) -> str:
    return "\n".join(["", *told, what_to_do])


def _lengths() -> Iterator[tuple[str, int]]:
    for folder in (*PACKAGES, "tests"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".py", ".lua"):
                yield path.relative_to(ROOT).as_posix(), path.read_text().count("\n")
