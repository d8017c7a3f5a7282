from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.embedded.run_file import claim_folder, read_redis_url, remove_run_file, write_run_file
from orchestrator.settings.servers import RUN_FILE, Servers

SERVERS = Servers("redis://:secret@127.0.0.1:1/0", "redis://:secret@127.0.0.1:1/1")


def test_written_as_documented_and_for_the_owner_only(tmp_path: Path) -> None:
    write_run_file(tmp_path, SERVERS, {"redis": [1], "coordinator": [2], "worker": [3, 4]})
    assert json.loads((tmp_path / RUN_FILE).read_text()) == {
        "redisUrl": SERVERS.redis_url,
        "brokerUrl": SERVERS.broker_url,
        "consoleUrl": None,
        "pids": {"redis": [1], "coordinator": [2], "worker": [3, 4]},
    }
    assert stat.S_IMODE((tmp_path / RUN_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [RUN_FILE]


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    many = list(range(20_000))
    write_run_file(tmp_path, SERVERS, {"worker": many})
    done = threading.Event()

    def rewrite() -> None:
        for _ in range(30):
            write_run_file(tmp_path, SERVERS, {"worker": many})
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        assert json.loads((tmp_path / RUN_FILE).read_text())["pids"]["worker"] == many
    writer.join()


def test_removed_twice_is_removed(tmp_path: Path) -> None:
    write_run_file(tmp_path, SERVERS, {})
    assert read_redis_url(tmp_path) == SERVERS.redis_url
    remove_run_file(tmp_path)
    remove_run_file(tmp_path)
    assert read_redis_url(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"redisUrl": 1}'])
def test_a_broken_one_names_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / RUN_FILE).write_text(content)
    assert read_redis_url(tmp_path) is None


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with claim_folder(tmp_path), pytest.raises(InvalidInput, match="already runs"), claim_folder(tmp_path):
        pass
    with claim_folder(tmp_path):
        pass
