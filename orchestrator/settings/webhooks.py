"""Where notifications go: the setting ``webhooks``. What they say and how they are sent: docs/notifications.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestrator.domain.model import Text
from orchestrator.domain.naming import unknown
from orchestrator.domain.pattern import is_like
from steps.http.address import what_is_wrong
from steps.http.allowed_hosts import AllowedHosts

_REFERENCE = re.compile(r"\{\{\s*secret\.([A-Za-z_][A-Za-z0-9_]{0,99})\s*\}\}")
MOST_HOOKS: Final = 50
"""Hooks of a namespace: each is a thread of one coordinator, and a look at the log twice a second."""

HookName = Annotated[str, Field(strict=True, min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


def _event(name: str) -> str:
    # Loaded here: most commands have no hooks, and need no model of an event.
    from orchestrator.domain.events import EVENT_TYPES

    known = [kind.__name__ for kind in EVENT_TYPES]
    if not any(is_like(one, name) for one in known):
        raise ValueError(unknown("event", name, known))
    return name


class WebhookSettings(BaseModel):
    """One receiver. ``secret``: a reference to the key that signs, ``{{ secret.NAME }}``; ``url`` may hold such too.
    ``events``: names of events, or patterns of them; ``plans``: a pattern of plan ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[Text, Field(min_length=1, max_length=2000)]
    secret: Text | None = None
    events: Annotated[list[Annotated[Text, AfterValidator(_event)]], Field(min_length=1, max_length=200)]
    plans: Annotated[Text, Field(min_length=1, max_length=200)] = "*"
    format: Literal["cloudevents", "slack"] = "cloudevents"
    timeout_seconds: Annotated[float, Field(strict=True, gt=0, le=30, allow_inf_nan=False)] = 10.0
    max_attempts: Annotated[int, Field(strict=True, ge=1, le=1000)] = 12

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        # What a secret stands for is known in the coordinator only, and checked there.
        if not starts_with_secret(url) and (wrong := what_is_wrong(_REFERENCE.sub("x", url))) is not None:
            raise ValueError(f"expected an http:// or https:// URL: {wrong}")
        if "@" in url.partition("://")[2].partition("/")[0]:
            raise ValueError("expected a URL without user and password: a secret stands in it as {{ secret.NAME }}")
        return url

    @field_validator("secret")
    @classmethod
    def _is_reference(cls, secret: str | None) -> str | None:
        if secret is not None and not _REFERENCE.fullmatch(secret.strip()):
            # It may be the secret itself, so it is not quoted.
            raise ValueError("expected a reference, {{ secret.NAME }}: the value comes from the environment or a file")
        return secret

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if self.secret is None and self.format == "cloudevents":
            raise ValueError("secret is missing: a receiver must be able to tell that it was us")
        return self

    def wants(self, event_type: str, plan_id: str) -> bool:
        """Whether this event goes there; one of no plan (``plan_id`` '') by its type alone."""
        fits = not plan_id or is_like(plan_id, self.plans)
        return fits and any(is_like(event_type, one) for one in self.events)


def starts_with_secret(url: str) -> bool:
    """Whether nothing of where it leads is known without the secret."""
    return _REFERENCE.match(url) is not None


def secret_names(text: str) -> list[str]:
    """The secrets that a text of the setting refers to."""
    return _REFERENCE.findall(text)


def with_secrets(text: str, values: Mapping[str, str]) -> str:
    """The text with the value of each secret in its place."""
    return _REFERENCE.sub(lambda found: values[found[1]], text)


def refused_hooks(hooks: Mapping[str, WebhookSettings], hosts: AllowedHosts) -> Iterator[tuple[str, str]]:
    """Place and what is wrong with where it leads, by the text alone; the address is judged where it is dialled."""
    for name, hook in hooks.items():
        if starts_with_secret(hook.url):
            continue
        reason = hosts.refuse(_REFERENCE.sub("x", hook.url))
        if reason is not None:
            yield f"webhooks.{name}.url", reason
