"""Runs ``run_up`` with stand-in children. Usage: ``python -m tests.support.up_launcher MODE [JSON of UpOptions]``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from orchestrator.domain.errors import ChangeoverError
from orchestrator.embedded.run_file import read_redis_url
from orchestrator.embedded.up import run_up
from orchestrator.embedded.up_options import UpOptions
from orchestrator.settings.model import load_settings

STAND_IN = Path(__file__).with_name("stand_in.py")


def main(arguments: Sequence[str]) -> int:
    mode, given = arguments
    fields = {"console": False, **json.loads(given)}
    folder = Path(fields.pop("data_dir"))
    options = UpOptions(data_dir=folder, program=(sys.executable, str(STAND_IN), mode), **fields)

    def is_ready(pids: Mapping[str, Sequence[int]]) -> bool:
        url = read_redis_url(folder)
        assert url is not None, "run.json must be there before ready is asked for"
        with redis.Redis.from_url(url, decode_responses=True) as client:
            return all(
                client.smembers(f"stand-in:{role}") >= {str(pid) for pid in pids[role]}
                for role in ("coordinator", "worker")
            )

    try:
        return run_up(options, load_settings(), is_ready=is_ready)
    except ChangeoverError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
