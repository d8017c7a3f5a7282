"""Bounds that only show in what is not done: read whole, opened twice, refused too early."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.files.text_file import read_text
from orchestrator.files.yaml_text import MIN_ALIASED_CHARACTERS, read_yaml


class Swapped(type(Path())):  # type: ignore[misc]
    """A file that becomes a pipe right after it was looked at."""

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        found = os.stat(self)
        os.unlink(self)
        os.mkfifo(self)
        return found


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InvalidInput, match="larger than 1 MiB"):
        read_text(path, "plan", 1 << 20)


def test_what_was_opened_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("a: 1")
    with pytest.raises(InvalidInput, match="it is a pipe; expected a file"):
        read_text(Swapped(path), "plan", 1 << 20)


def test_a_long_text_may_be_meant_more_often() -> None:
    length = MIN_ALIASED_CHARACTERS // 13
    found = read_yaml("a: &a " + "x" * length + "\nb: [" + ", ".join(["*a"] * 14) + "]", "plan")
    assert [len(text) for text in found["b"]] == [length] * 14
