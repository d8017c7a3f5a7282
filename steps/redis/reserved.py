"""Names in Redis that no step may write to or publish on, because machinery listens there.

A plan's author may reach the tenants' keys and channels. Changeover's own (``changeover:``), Celery's remote control
and queues (on whatever database or prefix: pub/sub has no databases, and another Celery application may share the
server) and the channels in which Redis itself believes are not among them: one message there stops workers, forges
work or moves a Sentinel. Checked wherever such a name is a parameter, on its rendered value, and by the target itself
for steps that are not ours.
"""

from __future__ import annotations

import re
from typing import Final

OWN_PREFIX: Final = "changeover:"
"""Keys and channels that begin so are Changeover's own: its ledger, its fences, its broker's queues."""

_CELERY_ANYWHERE: Final = re.compile(r"\.pidbox|_kombu\.|(?:^|[:/.])celeryev(?:$|[:/.])", re.IGNORECASE)
"""Remote control, events, bindings: kombu puts a prefix and ``/<database>.`` before their names."""

_CELERY_KEYS: Final = re.compile(r"(?:unacked(?:_index|_mutex)?|celery|lane-[0-9]+)(?:\x06\x16.*)?", re.DOTALL)
"""Queues, with kombu's separator and a priority or without. Ours have our prefix; these are of who uses none."""

_REDIS_CHANNELS: Final = re.compile(r"__(?:sentinel__:|keyspace@|keyevent@|subkey|redis__:)", re.IGNORECASE)


def key_is_reserved(key: str) -> str | None:
    """Why the key is not a step's to write, in a few words; None when it is."""
    if key.startswith(OWN_PREFIX):
        return f"keys that begin with {OWN_PREFIX} are kept for Changeover itself"
    if _CELERY_ANYWHERE.search(key) or _CELERY_KEYS.fullmatch(key):
        return "keys of this name are kept for Celery, whose queues they are"
    return None


def channel_is_reserved(channel: str) -> str | None:
    """Why the channel is not a step's to publish on, in a few words; None when it is."""
    if channel.startswith(OWN_PREFIX):
        return f"channels that begin with {OWN_PREFIX} are kept for Changeover itself"
    if _CELERY_ANYWHERE.search(channel):
        return "channels of this name are kept for Celery, whose workers obey what they hear there"
    if _REDIS_CHANNELS.match(channel):
        return "channels of this name are kept for Redis itself"
    return None
