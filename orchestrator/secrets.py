"""Secrets by reference: ``{{ secret.NAME }}`` in a template, resolved in the worker at the moment of use.

Nothing here reaches the ledger: a plan holds the reference only, and every value that a worker has resolved is masked
in whatever a step says afterwards and in the process's logs. Where a plan is only checked or shown, a placeholder
stands for the value, and whether the secret exists is not asked.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

from steps.sandbox import NameFault, ReadByName

MASK: Final = "***"
SHORTEST: Final = 4
"""A shorter value could not be masked without masking half of every message."""

FILE_LIMIT_BYTES: Final = 64 * 1024
ENVIRONMENT_PREFIX: Final = "CHANGEOVER_SECRET_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CUT_MARK = "…"

_lock = threading.Lock()
_known: tuple[str, ...] = ()
"""Every spelling of every value that this process has resolved, the longest first."""


class PlaceholderSecrets(ReadByName):
    """Stands for secrets where their values do not matter: at submit, and where a plan is shown."""

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> str:
        """A text that no value has; a malformed name is an error all the same."""
        return f"{MASK}{_checked(name)}{MASK}"


class Secrets(ReadByName):
    """Reads a secret anew at every use, so that a rotated one is seen: the environment first, then the folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = os.environ if environment is None else environment

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> str:
        """The value, from now on masked in this process. Raises ``NameFault`` when there is none to be had."""
        variable = ENVIRONMENT_PREFIX + _checked(name)
        value = self._environment.get(variable)
        if value is None:
            value = self._from_file(name)
        if value is None:
            raise NameFault(f"no secret {name}: set {variable}, or write the file {name} in {self._folder}")
        if len(value) < SHORTEST:
            raise NameFault(f"secret {name} is shorter than {SHORTEST} characters, too short to be masked")
        remember(value)
        return value

    def _from_file(self, name: str) -> str | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(FILE_LIMIT_BYTES + 1)
            if len(data) > FILE_LIMIT_BYTES:
                raise NameFault(f"secret {name}: its file is longer than {FILE_LIMIT_BYTES} bytes")
            # An editor ends a file with a newline that is no part of the secret.
            return data.decode().removesuffix("\n").removesuffix("\r")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise NameFault(f"secret {name}: its file cannot be read ({reason})") from None


PLACEHOLDERS: Final = PlaceholderSecrets()


def remember(value: str) -> None:
    """Mask this value from now on, in all the spellings that a message may give it."""
    global _known
    if value in _known:
        return
    spellings = {
        value, " ".join(value.split()), quote(value), quote(value, safe=""), quote_plus(value), repr(value)[1:-1],
        json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
        *(encode(value.encode()).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)),
    }  # fmt: skip
    with _lock:
        # The longest first: a value may be part of another.
        found = {*_known, *(one for one in spellings if len(one) >= SHORTEST)}
        _known = tuple(sorted(found, key=lambda one: (-len(one), one)))


def mask(text: str) -> str:
    """The text with every known secret value replaced, also one that a cut (``…``) left the beginning of."""
    for value in _known:
        text = text.replace(value, MASK)
    if _known and _CUT_MARK in text:
        *heads, tail = text.split(_CUT_MARK)
        text = _CUT_MARK.join([*map(_without_beginning, heads), tail])
    return text


def mask_value(value: Any) -> Any:
    """A JSON value with every text in it masked, keys too; a number that is a secret becomes the mask."""
    if not _known:
        return value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {mask(key): mask_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = str(value)
        return value if mask(text) == text else MASK
    return value


def _without_beginning(text: str) -> str:
    for value in _known:
        for length in range(min(len(value) - 1, len(text)), SHORTEST - 1, -1):
            if text.endswith(value[:length]):
                return text[: len(text) - length] + MASK
    return text


def _checked(name: object) -> str:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        shown = repr(name)[:100]
        raise NameFault(f"{shown} is no name of a secret: letters, digits and _, beginning with a letter")
    return name
