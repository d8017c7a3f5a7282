"""The settings that scripts go by: those that the coordinators wrote into the ledger, whoever calls the script.

A person's shell, an old worker and a new coordinator may each have settings of their own. What decides about a task,
how long its lease is, how often it may be retried, must not depend on who asks; so each coordinator writes these at its
start, again should they be lost, and any of them that a hand has damaged. The last one to start has the say, and before
the first the built-in defaults hold. Every process tells with its signs of life what it would go by; ``doctor`` names
those that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orchestrator.domain.stored_json import DIGITS
from orchestrator.settings.model import Settings
from orchestrator.settings.section import in_millis

NAMES: Final = {
    "FEED_MAX": "feed_max_length",
    "LEASE_MS": "lease_seconds",
    "HEARTBEAT_MS": "heartbeat_seconds",
    "MAX_RETRY": "max_retry",
    "MAX_RECOVERIES": "max_recoveries",
    "CHECKPOINT_TTL_MS": "checkpoint.ttl_seconds",
}
"""What a script calls each, and what a person does."""

GROUP: Final = "GROUP:"
"""Before a group's name: how many may hold it at once (``groups``)."""


def shared_settings(settings: Settings) -> dict[str, int]:
    """The values of a process, as scripts take them: whole numbers, times in ms."""
    groups = {f"{GROUP}{name}": most for name, most in settings.groups.items()}
    return groups | {
        "FEED_MAX": settings.feed_max_length,
        "LEASE_MS": in_millis(settings.lease_seconds),
        "HEARTBEAT_MS": in_millis(settings.heartbeat_seconds),
        "MAX_RETRY": settings.max_retry,
        "MAX_RECOVERIES": settings.max_recoveries,
        "CHECKPOINT_TTL_MS": in_millis(settings.checkpoint.ttl_seconds),
    }


BUILT_IN: Final = shared_settings(Settings.model_construct(groups={}))


def settings_as_lua() -> str:
    """``SETTINGS.LEASE_MS`` and the like: read from the ledger at first use; a default for what is not there.
    ``look_at_settings`` reads what most scripts use at one go, and answers how new scripts have to be."""
    defaults = ", ".join(f"['{name}'] = {value}" for name, value in BUILT_IN.items())
    return f"""\
-- @include keys
local function note_setting(known, name, text)
  local value = text and #text <= {DIGITS} and (text == '0' or string.find(text, '^[1-9]%d*$')) and tonumber(text)
  value = value or ({{{defaults}}})[name]
  known[name] = value
  return value
end
local function read_setting(known, name) return note_setting(known, name, redis.call('HGET', K.settings(), name)) end
local SETTINGS = setmetatable({{}}, {{__index = read_setting}})
local function look_at_settings()
  local f = redis.call('HMGET', K.settings(), 'NEEDS', 'LEASE_MS', 'FEED_MAX')
  note_setting(SETTINGS, 'LEASE_MS', f[2])
  note_setting(SETTINGS, 'FEED_MAX', f[3])
  return tonumber(f[1] or 1)
end"""


def differences(mine: Mapping[str, int], shared: Mapping[str, int]) -> list[str]:
    """What a process would go by that the ledger does not, for a person: ``max_retry 99, not 3``."""
    found = [
        f"{label} {_shown(name, mine[name])}, not {_shown(name, shared.get(name, BUILT_IN[name]))}"
        for name, label in NAMES.items()
        if name in mine and mine[name] != shared.get(name, BUILT_IN[name])
    ]
    groups = sorted(name for name in {*mine, *shared} if name.startswith(GROUP) and mine.get(name) != shared.get(name))
    told = (f"groups.{name.removeprefix(GROUP)} {_limit(mine, name)}, not {_limit(shared, name)}" for name in groups)
    # What an older release tells of itself knows no groups.
    return found + (list(told) if mine else [])


def _limit(values: Mapping[str, int], name: str) -> str:
    return str(values[name]) if name in values else "any number"


def _shown(name: str, value: int) -> str:
    return f"{value / 1000:g}" if name.endswith("_MS") else str(value)
