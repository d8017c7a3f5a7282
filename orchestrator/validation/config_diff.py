"""What differs between two configs, value by value, in words that hold no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.secrets.masking import masked_config
from orchestrator.secrets.notations import key_of_member, key_of_word, names_secret

_NOTHING = object()


def config_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """``(path, old, new)`` of each value that differs, by path; None where there is none. Secrets are masked, and told
    as changed all the same."""
    return sorted(_walk(old, new, "", ""), key=lambda change: change[0])


def _walk(old: Any, new: Any, path: str, key: str) -> Iterator[tuple[str, Any, Any]]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(name for name in new if name not in old)]:
            said = (key_of_member(members, str(name)) for members in (old, new))
            below = key if key and names_secret(key) else next((one for one in said if one != name), str(name))
            where = f"{path}.{masked_config(str(name))}" if path else str(masked_config(str(name)))
            yield from _walk(old.get(name, _NOTHING), new.get(name, _NOTHING), where, below)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else _NOTHING for items in (old, new))
            said = (key_of_word(items, index, key) for items in (old, new) if index < len(items))
            below = key if key and names_secret(key) else next((one for one in said if one != key), key)
            yield from _walk(before, after, f"{path}[{index}]", below)
    else:
        yield path, _shown(old, key), _shown(new, key)


def _shown(value: Any, key: str) -> Any:
    return None if value is _NOTHING else masked_config(value, key)
