"""Why a process does not start, or a command or a call ends, for a person: without secrets, and nothing that steers a
terminal. What a caller handed in is quoted there, and may be a URL with its password.

An extension that refuses to load says so in words of its own, before anything else is set up.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.domain.errors import ChangeoverError, InvalidInput, Problem, error_lines
from orchestrator.domain.printable import printable
from orchestrator.secrets.folder import SecretFolder
from orchestrator.secrets.masking import mask_all_of, masks_a_source, quotable, quotable_value
from orchestrator.secrets.notations import key_at
from orchestrator.secrets.source import own_source
from orchestrator.settings.model import Settings, load_settings


def refusal_lines(error: ChangeoverError) -> list[str]:
    """``error_lines`` without the secrets that this process can find, and without those of addresses."""
    return [printable(without_secrets(line)) for line in error_lines(error)]


def without_secrets(text: str) -> str:
    """The text as ``quotable``, also before logs are set up: then the source of secrets is that of the settings."""
    _know_secrets()
    return quotable(text)


def problem_without_secrets(problem: Problem) -> Problem:
    """The same of a problem that is told part by part."""
    _know_secrets()
    value = quotable_value(problem.value, key_at(problem.path))
    return Problem(quotable(problem.path), value, quotable(problem.message))


def take_secrets_out(error: ChangeoverError) -> None:
    """The same of an error that is about to leave a call: what it says, and what its traceback would say of why."""
    if isinstance(error, InvalidInput):
        error.problems = [problem_without_secrets(one) for one in error.problems]
        error.args = (error.problems,)
    else:
        error.args = tuple(without_secrets(one) if isinstance(one, str) else one for one in error.args)
    last: BaseException = error
    while (why := last.__cause__ or last.__context__) is not None:
        if without_secrets(str(why)) != str(why):
            # Of another's error nobody knows where it keeps the words.
            last.__cause__ = last.__context__ = None
            return
        last = why


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
