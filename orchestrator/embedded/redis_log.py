"""What the private Redis wrote into its log at this start: why it did not come up, or what it had to leave out."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from orchestrator.embedded.redis_server import LOG_FILE

# "... reading the append only file appendonly.aof.1.incr.aof: make a backup ..." since Redis 7, unnamed before.
_DAMAGED = re.compile(r"Bad file format reading the append only file(?: (?P<name>[^:\s]+))?:")
# "AOF loaded anyway because ..." before Redis 7, "AOF appendonly.aof loaded anyway because ..." since.
_CUT = "loaded anyway because aof-load-truncated is enabled"
_TAKEN = re.compile(r"bind: Address already in use")
_LAST_LINES = 5


class RedisLog:
    """The part of the log that is written from now on."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / LOG_FILE
        self._start = self._path.stat().st_size if self._path.exists() else 0

    def said(self) -> str:
        """What the server wrote since."""
        try:
            return self._path.read_bytes()[self._start :].decode(errors="replace")
        except OSError:
            return ""

    def cut_short(self) -> bool:
        """Whether the append-only file ended within a write, which the server left out."""
        return _CUT in self.said()

    def port_was_taken(self) -> bool:
        """Whether somebody else had its port."""
        return _TAKEN.search(self.said()) is not None

    def why_it_ended(self, binary: Path) -> str:
        """One sentence when its append-only file is damaged, else the log's last lines."""
        said = self.said()
        if (damaged := _DAMAGED.search(said)) is not None:
            return _damage(next(iter(self._home.rglob(damaged["name"] or "appendonly.aof")), self._home), binary)
        return "Redis did not start:\n" + "\n".join(said.splitlines()[-_LAST_LINES:])


def _damage(file: Path, binary: Path) -> str:
    checker = shutil.which("redis-check-aof") or shutil.which("valkey-check-aof")
    # The server is the same program under another name, where the checker is not installed.
    command = [checker] if checker else ["bash", "-c", f'exec -a redis-check-aof {shlex.quote(str(binary))} "$@"', "-"]
    return (
        f"the append only file {file} is damaged, and Redis does not start on it; make a copy of it, then let "
        f"redis-check-aof cut it at the damage (what was written after that is lost): "
        f"{shlex.join([*command, '--fix', str(file)])}"
    )
