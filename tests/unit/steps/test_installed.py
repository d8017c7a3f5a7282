"""What is installed is looked for once, and again when it may be another."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from steps.installed import entry_points
from tests.support.installed_package import install_package

GROUP = "changeover.tests_of_entry_points"


def names() -> set[str]:
    return entry_points(group=GROUP).names


def test_what_a_running_process_gets_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names() == set()
    monkeypatch.syspath_prepend(install_package(tmp_path, "first", f"[{GROUP}]\none = json:loads\n"))
    assert names() == {"one"}
    install_package(tmp_path, "second", f"[{GROUP}]\ntwo = json:dumps\n")
    assert names() == {"one", "two"}
    assert [point.load() for point in entry_points(group=GROUP).select(name="two")] == [__import__("json").dumps]


def test_packages_are_looked_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert names() == set()
    monkeypatch.setattr(metadata, "entry_points", lambda **_: pytest.fail("opens a file of every package"))
    assert not entry_points(group="changeover.steps").names
    assert names() == set()
