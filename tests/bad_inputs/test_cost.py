"""The heaviest bad inputs through the real command: seconds and megabytes, not minutes and gigabytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.long import mostly_long
from tests.support.right_plan import right_plan

MEGABYTES = 300
COMMAND = (
    "import runpy, sys; from tests.support.peak_memory import peak_memory; sys.argv[0] = 'changeover'\n"
    "try: runpy.run_module('orchestrator.cli', run_name='__main__')\n"
    "finally: sys.stderr.write(f'peak: {peak_memory() // 2**20}\\n')"
)


def _aliases_to_text() -> str:
    return "name: &a " + "x" * 900_000 + "\nstages: [" + ", ".join(["*a"] * 2500) + "]\n"


def _aliases_in_tenants() -> str:
    """Right in every other respect: without a bound it is taken, and each tenant's config is made of it."""
    tenants = ", ".join(f"{{tenant_id: t{n}, variables: {{v: *a}}}}" for n in range(20_000))
    first = "{tenant_id: first, variables: {v: &a " + "x" * 60_000 + "}}"
    head = "name: n\nmax_concurrency: 1\nstages: [{name: s, steps: [{type: noop}]}]\n"
    return head + f"tenants: [{first}, {tenants}]\n"


def _nested_aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 12)]
    return "\n".join(lines)


def _many_wrong_tenants() -> str:
    return json.dumps(right_plan() | {"tenants": [{"tenant_id": f"t{n}", "wrong": n} for n in range(20_000)]})


def _quotes_that_nothing_closes() -> str:
    """Followed to the end from each, they take minutes."""
    bad = '{{ a b "' + '"\\' * 8_100 + " }}"
    step = {"type": "http-request", "url": "http://h/", "method": "POST", "json": {f"k{n}": bad for n in range(20)}}
    return json.dumps(right_plan() | {"stages": [{"name": "s", "steps": [step] * 8}]})


HEAVY: dict[str, Callable[[], str]] = {
    "aliases to text": _aliases_to_text,
    "aliases in tenants": _aliases_in_tenants,
    "nested aliases": _nested_aliases,
    "deep": lambda: "[" * 2_000_000,
    "many wrong tenants": _many_wrong_tenants,
    "quotes that nothing closes": _quotes_that_nothing_closes,
}


@pytest.mark.parametrize("name", mostly_long(HEAVY, "aliases in tenants"))
def test_bounded_memory(name: str, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAVY[name]())
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CHANGEOVER_")}
    clean["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "validate", "plan.yaml"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
    )
    *lines, peak = done.stderr.splitlines()
    assert done.returncode == 2
    assert lines
    assert all(line.startswith(("error: ", "warning: ")) for line in lines)
    assert int(peak.removeprefix("peak: ")) < MEGABYTES
