"""Secrets by reference: ``{{ secret.NAME }}`` in a template, resolved in the worker at the moment of use.

Nothing here reaches the ledger: a plan holds the reference only, and every value that a worker has resolved is masked
in whatever a step says afterwards and in the process's logs. Where a plan is only checked or shown, a placeholder
stands for the value, and whether the secret exists is not asked.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.secrets.known import MASK, SHORTEST
from orchestrator.secrets.masking import remember
from steps.expressions.sandbox import NameFault, ReadByName
from steps.opaque import Opaque

FILE_LIMIT_BYTES: Final = 64 * 1024


ENVIRONMENT_PREFIX: Final = "CHANGEOVER_SECRET_"


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class PlaceholderSecrets(ReadByName):
    """Stands for secrets where their values do not matter: at submit, and where a plan is shown."""

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> Opaque:
        """A text that no value has, as opaque as they are; a malformed name is an error all the same."""
        return Opaque(f"{MASK}{_checked(name)}{MASK}")


class NoSecrets(ReadByName):
    """Where no secret may stand, since what it stands in is computed with: in an expression over an answer."""

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> Opaque:
        raise NameFault(f"secret {_checked(name)} cannot be part of an expression")


class Secrets(ReadByName):
    """Reads a secret anew at every use, so that a rotated one is seen: the environment first, then the folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = os.environ if environment is None else environment

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> Opaque:
        """The value, opaque, and masked in this process from now on. Raises ``NameFault`` when there is none."""
        variable = ENVIRONMENT_PREFIX + _checked(name)
        value = self._environment.get(variable)
        if value is None:
            value = self._from_file(name)
        if value is None:
            raise NameFault(f"no secret {name}: set {variable}, or write the file {name} in {self._folder}")
        if len(value) < SHORTEST:
            raise NameFault(f"secret {name} is shorter than {SHORTEST} characters, too short to be masked")
        remember(value)
        return Opaque(value)

    def names(self) -> list[str]:
        """Those that this process would find, sorted; values are not read."""
        prefix = ENVIRONMENT_PREFIX
        found = {name.removeprefix(prefix) for name in self._environment if name.startswith(prefix)}
        # No folder, or none that we may read: then there are none in it.
        with contextlib.suppress(OSError):
            found |= {entry.name for entry in self._folder.iterdir() if entry.is_file()}
        return sorted(name for name in found if _NAME.fullmatch(name))

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
NO_SECRETS: Final = NoSecrets()


def _checked(name: object) -> str:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        shown = repr(name)[:100]
        raise NameFault(f"{shown} is no name of a secret: letters, digits and _, beginning with a letter")
    return name
