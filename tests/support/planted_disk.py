"""A Redis that cannot save to its disk, and takes no writes."""

from __future__ import annotations

from pathlib import Path

from tests.support.ledger_world import LedgerWorld
from tests.support.waiting import wait_until


def _in_the_way(world: LedgerWorld) -> Path:
    return Path(str(world.client.config_get("dir")["dir"])) / "no-file"


def cannot_save(world: LedgerWorld) -> None:
    """As on a full disk: a snapshot finds a folder where its file belongs."""
    path = _in_the_way(world)
    path.mkdir(exist_ok=True)
    world.client.config_set("dbfilename", path.name)
    world.client.config_set("save", "3600 1")
    world.client.bgsave()
    wait_until(lambda: world.client.info("persistence")["rdb_last_bgsave_status"] == "err")


def can_save(world: LedgerWorld) -> None:
    world.client.config_set("save", "")
    _in_the_way(world).rmdir()
