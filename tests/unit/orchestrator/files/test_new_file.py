"""A file for a person: theirs alone, whole or not there, in the place of no other."""

from __future__ import annotations

import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.files.new_file import NewFile, new_file


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """No file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def written(path: Path, *texts: str) -> None:
    with new_file(path, "export") as file:
        assert file is not None
        for text in texts:
            file.write(text)
            file.keep()


def test_it_is_for_its_user_alone_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out"
    written(path, "one\n", "two\n")
    assert path.read_text() == "one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InvalidInput, match="the file exists"):
        written(path, "three\n")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="the file exists"):
        written(tmp_path / "link")
    with pytest.raises(InvalidInput, match="cannot be written: No such file"):
        written(tmp_path / "none" / "out")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "out"]
    assert path.read_text() == "one\ntwo\n"


def test_one_that_came_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "out"
    file = NewFile(path, "export")
    file.write("ours")
    path.write_text("another's")
    with pytest.raises(InvalidInput, match="the file exists"):
        file.keep()
    file.close()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("out", "another's")]


def test_what_failed_is_not_there(tmp_path: Path) -> None:
    with full_disk(10), pytest.raises(InvalidInput, match="export: cannot be written: File too large"):
        written(tmp_path / "out", "x" * 100)
    assert list(tmp_path.iterdir()) == []
    # Of several the ones that were kept are whole: what is in them may be gone from where it was.
    with full_disk(10), pytest.raises(InvalidInput, match="cannot be written"):
        written(tmp_path / "out", "whole\n", "x" * 100)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("out", "whole\n")]


def test_one_that_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    with new_file(tmp_path / "out", "export") as file:
        assert file is not None
        file.write("text")
        file.keep()
        file.drop()
    assert list(tmp_path.iterdir()) == []
