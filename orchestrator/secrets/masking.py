"""What may be stored, logged or shown of values that may hold secrets: one mask, one walker, two rules.

``mask`` and ``mask_value`` take out every secret that this process can find or has resolved, whatever holds it: for
what is stored and logged. ``masked`` and ``masked_url`` are for people and go further: whatever a key or a URL says is
secret is not shown, known or not. ``quotable`` does the latter alone: an error's own words name many a thing.
``masked_config`` goes furthest, and is for what a plan, a tenant's config or a setting says: what happened is told in
words that would be lost (``token: expired``).
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretBytes, SecretStr

from orchestrator.secrets.addresses import HARMLESS_SEGMENT
from orchestrator.secrets.known import MASK, KnownSecrets
from orchestrator.secrets.notations import TEMPLATE, key_of_member, key_of_word, names_secret, without_named
from orchestrator.secrets.server_urls import shown_place, shown_server
from orchestrator.secrets.source import SecretSource

_SECRET_SCHEME = re.compile(r"\b(bearer|basic|digest)\s{1,5}(?=[^\s0-9=]{0,200}[0-9=])[\w.~+/=:-]{6,}", re.IGNORECASE)
_URL = re.compile(rf"[a-z][a-z0-9+.-]{{0,30}}://(?:(?:{TEMPLATE}|[^\s/@])*+@)+", re.IGNORECASE)
_IN_QUERY = re.compile(rf"(?<=[?&])([\w.-]{{1,100}})=((?:{TEMPLATE}|[^&;\s#\"'<>\\])++)")
_SHORT_NAMES = frozenset({"key", "code"})
"""In a query these too, and nowhere else."""

_ANY_URL = re.compile(rf"[a-z][a-z0-9+.-]{{0,30}}://(?:{TEMPLATE}|[^\s\"'<>])+", re.IGNORECASE)
_QUOTED_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}:/{1,2}(?:\S{0,500}@)?[^\s\"'<>]*[^\s\"'<>().,:;]", re.IGNORECASE)
"""Also one that was taken for a path, which has one slash; a password may hold quotes."""
_EXAMPLE_URL = re.compile(r"rediss?://user:password@host:port/[0-9]{1,9}")
"""What an error shows of how a URL is written; a port of letters is nobody's."""
_BEGINS_URL = re.compile(r"\s*[a-z][a-z0-9+.-]{0,30}:/", re.IGNORECASE)
_HTTP_URL = re.compile(rf"(https?://)((?:{TEMPLATE}|[^\s\"'<>])+)", re.IGNORECASE)
_TEMPLATED = re.compile(TEMPLATE)
_HARMLESS_SEGMENT = re.compile(rf"{HARMLESS_SEGMENT}|{TEMPLATE}")
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "content-type", "user-agent"})

_lock = threading.Lock()
_known = KnownSecrets()
"""All that this process has found or resolved."""

_resolved: set[str] = set()
"""Of them what was resolved here, which is never forgotten."""

_source: SecretSource | None = None

_LONGEST_KEPT = 2_000
"""Of texts that are drawn; longer ones are looked through each time."""

_log = logging.getLogger(__name__)


def _after_fork() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def remember(value: str) -> None:
    """Mask this value from now on, in all the forms that a message may give it."""
    if value not in _resolved or value not in _known.given:
        with _lock:
            _resolved.add(value)
            _change([value])


def mask_all_of(source: SecretSource) -> None:
    """Mask what the source has, now and later. A process has one, by its settings: another replaces it, and what was
    found stays masked, the oldest of what is gone while there is room (``MOST_CHARACTERS``)."""
    global _source
    if _source is None or _source.folder.path != source.folder.path:
        _source = source


def masks_a_source() -> bool:
    """Whether ``mask_all_of`` was told one."""
    return _source is not None


def _change(values: list[str], forgotten: Collection[str] = ()) -> None:
    global _known
    known = _known
    if gone := known.given.intersection(forgotten) - _resolved:
        known = known.without_values(gone)
    if new := [value for value in values if value not in known.given]:
        known = known.with_values(new)
    _known = known


def _all_known() -> KnownSecrets:
    source = _source
    if source is not None and source.is_due():
        forgotten = 0
        with _lock:
            # Whoever waited for another's look has what it found.
            if source.is_due():
                forgotten = source.look(_change)
        if forgotten:
            # Without the lock: what is logged is masked too.
            _log.warning("secrets that were rotated away: %d oldest are masked no more, for room", forgotten)
    return _known


def mask(text: str) -> str:
    """The text with every known secret value replaced, also what a cut (``…``, ``...``) left of one, beginning or
    end."""
    return _all_known().masked(text)


def known_now() -> object:
    """Another object when there is another secret to mask: what was drawn before is to be drawn anew."""
    return _all_known()


def mask_drawn(text: str) -> str:
    """The same, for what is drawn again and again: a page's pieces have the same texts many times a second."""
    known = _all_known()
    if not known.values:
        return text
    return _masked_before(known, text) if len(text) <= _LONGEST_KEPT else known.masked(text)


@lru_cache(maxsize=8192)
def _masked_before(known: KnownSecrets, text: str) -> str:
    return known.masked(text)


def quotable(text: str) -> str:
    """The text as an error may quote it: masked, and of each URL in it that says more than a place and a path, what
    ``masked_url`` shows."""
    return _QUOTED_URL.sub(_quotable_url, mask(text)) if ":/" in text else mask(text)


def _quotable_url(found: re.Match[str]) -> str:
    url = found[0]
    is_plain = _EXAMPLE_URL.fullmatch(url) or not any(sign in url for sign in "@%?#")
    return url if is_plain else masked_url(url)


def quotable_value(value: Any, key: str = "") -> Any:
    """A value as an error may quote it, ``key`` being what it stands under: ``masked``, and each text ``quotable``."""
    return _walk(masked(value, key), lambda leaf, _: _quotable_leaf(leaf) if isinstance(leaf, str) else leaf)


def _quotable_leaf(text: str) -> str:
    # Of a value it is known where it ends: there a password may hold spaces.
    return masked_url(text) if "@" in text and _BEGINS_URL.match(text) else quotable(text)


def mask_value(value: Any) -> Any:
    """A JSON value with every text in it masked, keys too; a number that is a secret becomes the mask."""
    known = _all_known()
    return _walk(value, partial(_without_known, known)) if known.values else value


def mask_json(text: str) -> str:
    """A JSON document, masked as by ``mask_value``: still one, whatever is a secret (``true``, ``2026``)."""
    if mask(text) == text:
        return text
    return json.dumps(mask_value(json.loads(text)), ensure_ascii=False, separators=(",", ":"))


def masked(value: Any, key: str = "") -> Any:
    """A copy as JSON values: secrets, what stands under a key that names one, and what a URL has of one are not in
    it."""
    return _walk(value, _for_people, key)


def masked_config(value: Any, key: str = "") -> Any:
    """The same of a config, or a part of it: nor what in a text stands beside such a name (see ``notations``)."""
    return _walk(value, _of_config, key)


def masked_setting(value: Any, key: str = "") -> Any:
    """As ``masked_config``, and stricter, for settings: of an HTTP URL only what is known to be harmless is shown
    (its host, the plain words and numbers of its path), of headers only the values of those that never hold a secret.
    """
    if isinstance(value, BaseModel):
        value = {name: item for name, item in value if item is not None} | dict(value.model_extra or {})
    if isinstance(value, Mapping) and not (names_secret(key) and key != "secrets"):
        if key == "headers":
            return {mask(str(name)): _setting_of_header(str(name), item) for name, item in value.items()}
        return {mask(str(name)): masked_setting(item, key_of_member(value, str(name))) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_setting(item, key) for item in value]
    found = masked_config(value, key)
    return _HTTP_URL.sub(_harmless_url, found) if isinstance(found, str) else found


def _setting_of_header(name: str, value: Any) -> Any:
    return masked_setting(value) if name.lower() in _HARMLESS_HEADERS else MASK


def _harmless_url(found: re.Match[str]) -> str:
    rest, mark, _ = found[2].partition("#")
    rest, asks, query = rest.partition("?")
    host, *segments = rest.split("/")
    at = host.rpartition("@")
    shown = [
        at[0] + at[1] + (at[2] if _TEMPLATED.search(at[2]) else shown_place(at[2])),
        *(one if _HARMLESS_SEGMENT.fullmatch(one) else MASK for one in segments),
    ]
    asked = "&".join(f"{one.partition('=')[0]}={MASK}" if "=" in one else MASK for one in query.split("&"))
    return found[1] + "/".join(shown) + (f"?{asked}" if asks else "") + (f"#{MASK}" if mark else "")


def masked_url(url: str) -> str:
    """The URL with its user, password, query and fragment masked, and what its path may hold of one; all of it, when
    it cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    who = parts.netloc.rpartition("@")[0]
    query, fragment = (MASK if part else "" for part in (parts.query, parts.fragment))
    return shown_server(parts, f"{MASK}@" if who else "", query, fragment)


def masked_urls(text: str) -> str:
    """The text with every URL in it as ``masked_url`` shows it."""
    return _ANY_URL.sub(lambda found: masked_url(found[0]), text) if "://" in text else text


def redact(url: str) -> str:
    """The URL of a server without user, password, query and what its path may hold of one, for people to read; masked
    when it cannot be read."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    return shown_server(parts)


def _walk(value: Any, rule: Callable[[Any, str], Any], key: str = "") -> Any:
    """The value with ``rule(leaf, key above it)`` in the place of each leaf and of each key."""
    if isinstance(value, BaseModel):
        value = {name: item for name, item in value if item is not None} | dict(value.model_extra or {})
    if isinstance(value, Mapping):
        # All that stands below a secret's name is secret too; `secrets` is the setting that only speaks of them.
        below = key if key != "secrets" and names_secret(key) else None
        return {
            rule(str(name), ""): _walk(item, rule, below or key_of_member(value, str(name)))
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_walk(item, rule, key_of_word(value, index, key)) for index, item in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [_walk(item, rule, key) for item in value]
    return rule(value, key)


def _without_known(known: KnownSecrets, value: Any, key: str) -> Any:
    if isinstance(value, str):
        return known.masked(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            text = str(abs(value)).removesuffix(".0")
        except ValueError:
            # Python writes no number of so many digits, and nobody has one for a secret.
            return value
        # As a whole: what a counter or a year has digits of is another number.
        return MASK if known.masked(text) == MASK else value
    return value


def _masked_pair(found: re.Match[str]) -> str:
    name = found[1]
    return f"{name}={MASK}" if names_secret(name) or name.lower() in _SHORT_NAMES else found[0]


def _of_config(value: Any, key: str) -> Any:
    found = _for_people(value, key)
    return without_named(found) if isinstance(found, str) else found


def _for_people(value: Any, key: str) -> Any:
    if isinstance(value, SecretStr | SecretBytes):
        text = value.get_secret_value()
        url = text.decode(errors="replace") if isinstance(text, bytes) else text
        return masked_url(url) if "://" in url else MASK
    if names_secret(key) and isinstance(value, str | int | float) and not isinstance(value, bool) and value:
        return MASK
    if isinstance(value, str):
        text = _URL.sub(lambda match: match[0].partition("://")[0] + f"://{MASK}@", mask(value))
        return _SECRET_SCHEME.sub(rf"\1 {MASK}", _IN_QUERY.sub(_masked_pair, text))
    if value is None or isinstance(value, bool | int | float):
        return _without_known(_all_known(), value, key)
    return str(value)
