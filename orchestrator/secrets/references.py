"""Secrets by reference: ``{{ secret.NAME }}`` in a template, resolved in the worker at the moment of use.

Nothing here reaches the ledger: a plan holds the reference only, and every value that a process could resolve is masked
in whatever a step answers or raises and in the lines of the process's logs. What code prints past them, on standard
output or standard error, is nobody's to mask. Where a plan is only checked or shown, a placeholder stands for the
value, and whether the secret exists is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.domain.errors import cut_text
from orchestrator.domain.naming import nearest
from orchestrator.domain.printable import is_unicode
from orchestrator.secrets.folder import NAME, SecretFolder
from orchestrator.secrets.known import MASK, SHORTEST
from orchestrator.secrets.masking import mask_all_of, remember
from orchestrator.secrets.source import ENVIRONMENT_PREFIX, own_source
from steps.expressions.sandbox import NameFault, ReadByName
from steps.opaque import Opaque


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
    """Reads a secret anew at every use, so that a rotated one is seen: the environment first, then the folder.

    Whoever has them masks them all: those that others have resolved come back from services too.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """``environment``: in the place of this process' own, of which nothing is then masked before it is read."""
        self._folder = SecretFolder(folder)
        self._environment = os.environ if environment is None else environment
        if environment is None:
            mask_all_of(own_source(self._folder))

    def __str__(self) -> str:
        return "secret"

    def __getitem__(self, name: str) -> Opaque:
        """The value, opaque, and masked in this process from now on. Raises ``NameFault`` when there is none."""
        variable = ENVIRONMENT_PREFIX + _checked(name)
        value = self._environment.get(variable)
        if value is None:
            value = self._folder.read(name)
        if value is None:
            near = nearest(name, self.names())
            meant = f"; did you mean {near}?" if near else ""
            raise NameFault(f"no secret {name}: set {variable}, or write the file {name} in {self._folder.path}{meant}")
        if len(value) < SHORTEST:
            raise NameFault(f"secret {name} is shorter than {SHORTEST} characters, too short to be masked")
        if not is_unicode(value):
            raise NameFault(f"secret {name}: {variable} is not UTF-8")
        remember(value)
        return Opaque(value)

    def names(self) -> list[str]:
        """Those that this process would find, sorted; values are not read."""
        prefix = ENVIRONMENT_PREFIX
        found = {name.removeprefix(prefix) for name in self._environment if name.startswith(prefix)}
        return sorted({name for name in found if NAME.fullmatch(name)} | self._folder.stamps().keys())


PLACEHOLDERS: Final = PlaceholderSecrets()
NO_SECRETS: Final = NoSecrets()


def _checked(name: object) -> str:
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        shown = cut_text(repr(name), 100)
        raise NameFault(f"{shown} is no name of a secret: letters, digits and _, beginning with a letter")
    return name
