"""The documented list of Redis commands: as long as the code needs, and what Redis calls dangerous is not in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from orchestrator.ledger.acl import COMMANDS, embedded_rules, own_channels, own_keys, rules
from tests.support.agreed_lists import must_agree

TREE = Path(__file__).parents[4]
NEVER = {
    *(
        "acl",
        "bgrewriteaof",
        "bgsave",
        "client",
        "cluster",
        "config",
        "debug",
        "failover",
        "flushall",
        "flushdb",
        "keys",
    ),
    *("function", "latency", "migrate", "module", "monitor", "psync", "replicaof", "restore", "save", "script"),
    *("shutdown", "slaveof", "slowlog", "sort", "swapdb", "sync"),
}


def lua_commands() -> Iterator[str]:
    for folder in ("orchestrator", "steps", "checkpoint", "workers"):
        for path in (TREE / folder).rglob("*.lua"):
            source = re.sub(r"--[^\n]*", "", path.read_text())
            yield from (name.lower() for name in re.findall(r"redis\.p?call\(\s*['\"](\w+)['\"]", source))


def test_every_command_of_a_script_is_listed_and_no_other() -> None:
    group = "COMMANDS['the scripts themselves'] of orchestrator/ledger/acl.py"
    must_agree(
        lua_commands(),
        COMMANDS["the scripts themselves"],
        lacking=f"a script calls {{}}: it goes into {group}, and into the user of docs/security.md",
        left_over=f"no script calls {{}}: it goes out of {group}, and out of docs/security.md unless others use it",
    )


def test_nothing_that_reaches_beyond_the_data() -> None:
    granted = {rule.removeprefix("+") for rule in rules() if rule.startswith("+")}
    assert not granted & NEVER
    assert "-@all" in rules()
    assert not [rule for rule in rules() if rule.startswith("+@")]
    # Categories first, then what is taken out of them, then the named ones.
    embedded = embedded_rules()
    assert embedded.index("-@dangerous") > max(embedded.index("+@write"), embedded.index("+@read"))


def test_the_documented_user_is_this_one() -> None:
    """As a shell reads the page: a bar or an angle bracket that is not quoted would cut the user's rights off."""
    text = (TREE / "docs" / "security.md").read_text()
    command = re.search(r"redis-cli ACL SETUSER (?:.*\\\n)*.*\n", text)
    assert command is not None
    words = list(shlex.shlex(command.group().replace("\\\n", " "), posix=True, punctuation_chars=True))
    assert not set(words) & {"|", ">", "<", "&", ";"}
    wanted = rules([*own_keys("default"), "tenant_config:*"], [*own_channels("default"), "tenant_config"])
    assert shlex.split(command.group().replace("\\\n", " ")) == (
        ["redis-cli", "ACL", "SETUSER", "changeover", "on", ">PASSWORD", *wanted]
    )
