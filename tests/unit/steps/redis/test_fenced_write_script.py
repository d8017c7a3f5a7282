"""Header, body and code enum of the script say the same."""

from __future__ import annotations

import re
from importlib.resources import files

from steps.redis.target import FencedWriteCode

SCRIPT = files("steps.redis").joinpath("fenced_write.lua").read_text()
HEADER = "\n".join(line for line in SCRIPT.splitlines() if line.startswith("--"))
BODY = "\n".join(line for line in SCRIPT.splitlines() if not line.lstrip().startswith("--"))


def test_codes() -> None:
    returned = {int(code) for code in re.findall(r"return \{(\d+)", BODY)}
    described = {int(code) for code in re.findall(r"^-- {10}(\d) ", HEADER, re.MULTILINE)}
    assert returned == described == set(FencedWriteCode)


def test_keys_and_arguments() -> None:
    for name, count in (("KEYS", 3), ("ARGV", 9)):
        expected = {str(number) for number in range(1, count + 1)}
        assert set(re.findall(rf"{name}\[(\d)\]", BODY)) == expected
        assert set(re.findall(rf"{name}\[(\d)\]", HEADER)) == expected


def test_touches_no_other_keys() -> None:
    assert set(re.findall(r"redis\.call\('(\w+)', (\w+)", BODY)) == {
        ("HMGET", "fence"),
        ("HSET", "fence"),
        ("HGET", "holder"),
        ("TYPE", "key"),
        ("SET", "key"),
        ("HSET", "key"),
        ("EXPIRE", "key"),
    }
