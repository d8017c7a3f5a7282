"""What is made of the private Redis' own words, which differ between its releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.embedded.redis_log import RedisLog
from orchestrator.embedded.redis_server import LOG_FILE

CUT = {
    "6.2": "# AOF loaded anyway because aof-load-truncated is enabled",
    "7.0": "# AOF appendonly.aof loaded anyway because aof-load-truncated is enabled",
}
DAMAGED = {
    "6.2": (
        "# Bad file format reading the append only file: make a backup of your AOF file, then use ./redis-check-aof",
        "appendonly.aof",
    ),
    "7.0": (
        "# Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file",
        "appendonlydir/appendonly.aof.1.incr.aof",
    ),
}


@pytest.mark.parametrize("words", CUT.values(), ids=CUT)
def test_a_file_that_ended_within_a_write(tmp_path: Path, words: str) -> None:
    before = RedisLog(tmp_path)
    assert not before.cut_short()
    (tmp_path / LOG_FILE).write_text(words)
    assert before.cut_short()
    # Of an earlier start.
    assert not RedisLog(tmp_path).cut_short()


@pytest.mark.parametrize(("words", "name"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named(tmp_path: Path, words: str, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    log = RedisLog(tmp_path)
    (tmp_path / LOG_FILE).write_text(words)
    assert log.why_it_ended(Path("redis-server")).startswith(f"the append only file {file} is damaged")
