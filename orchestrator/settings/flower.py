"""Who may look at Flower: one rule for the setting, Flower's own option and its variable."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr, field_validator

from orchestrator.settings.section import Section

EXPECTED: Final = "expected user:password, several parted by commas"


def are_passwords(given: str) -> bool:
    """Whether each has a user and a password: by an empty one, as a comma too many makes, Flower lets everybody in."""
    return all(all(one.partition(":")[::2]) for one in given.split(","))


class FlowerSettings(Section):
    """Who may look at Flower: ``user:password``, several parted by commas."""

    basic_auth: SecretStr | None = None

    @field_validator("basic_auth")
    @classmethod
    def _are_passwords(cls, given: SecretStr | None) -> SecretStr | None:
        if given and not are_passwords(given.get_secret_value()):
            raise ValueError(EXPECTED)
        return given
