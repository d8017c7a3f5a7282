"""Why a process does not start, or a command ends, for a person: masked, and nothing that steers a terminal.

An extension that refuses to load says so in words of its own, before anything else is set up.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.errors import ChangeoverError, Problem, error_lines
from orchestrator.domain.printable import printable
from orchestrator.secrets.folder import SecretFolder
from orchestrator.secrets.masking import mask, mask_all_of, mask_value, masks_a_source
from orchestrator.secrets.source import own_source
from orchestrator.settings.model import Settings, load_settings


def refusal_lines(error: ChangeoverError) -> list[str]:
    """``error_lines`` without the secrets that this process can find."""
    return [printable(without_secrets(line)) for line in error_lines(error)]


def without_secrets(text: str) -> str:
    """The text masked, also before logs are set up: then the source of secrets is that of the settings."""
    _know_secrets()
    return mask(text)


def problem_without_secrets(problem: Problem) -> Problem:
    """The same of a problem that is told part by part."""
    _know_secrets()
    return Problem(mask(problem.path), mask_value(problem.value), mask(problem.message))


def _know_secrets() -> None:
    if not masks_a_source():
        mask_all_of(own_source(SecretFolder(_secrets_dir())))


def _secrets_dir() -> Path:
    try:
        return load_settings().secrets_dir
    except ChangeoverError:
        # The settings themselves may be what is wrong.
        default: Path = Settings.model_fields["secrets_dir"].default
        return default
