"""A webhook of a ledger, whose sender a test drives look by look: no thread, no pause between two attempts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from standardwebhooks import Webhook

from orchestrator.control.webhook_desk import WebhookDesk
from orchestrator.ledger.hooks import Hooks, HookState
from orchestrator.notifications.delivery import Delivery
from orchestrator.notifications.notifier import about
from orchestrator.notifications.sender import Sender
from orchestrator.settings.webhooks import WebhookSettings
from steps import RetryParameters
from tests.support.instances import Instances, Received
from tests.support.ledger_world import LedgerWorld
from tests.support.waiting import wait_until

SECRET: Final = "whsec_" + base64.b64encode(b"a key that signs for a receiver").decode()
AT_ONCE: Final = RetryParameters(backoff_seconds=0, max_backoff_seconds=0, jitter_seconds=0)


def hook_setting(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "secret": "{{ secret.OPS_HOOK }}", "events": ["Plan*", "Task*"]} | more


class Hooked:
    """``owner`` sends for the hook ``name``."""

    def __init__(self, world: LedgerWorld, url: str, name: str = "ops", retry: RetryParameters = AT_ONCE, **more: Any):
        self.world, self.name = world, name
        self.setting = WebhookSettings.model_validate(hook_setting(url, **more))
        self.hooks = Hooks(world.ledger)
        self.desk = WebhookDesk(self.hooks)
        self.delivery = Delivery(world.settings)
        self._retry = retry
        self._senders: list[Sender] = []
        self.take_over("me/1")

    def take_over(self, owner: str, lease_seconds: float = 60.0) -> Sender:
        """Claims it for a sender that knows nothing but what is in the ledger; it begins where it is."""
        self.owner = owner
        self.claim(owner, lease_seconds)
        reader, ledger = self.world.reader, self.hooks
        self.sender = Sender(self.name, self.setting, owner, ledger, reader, self.delivery, self._retry)
        return self.sender

    @contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """An attempt of this block has so little time, since nobody will answer it; one that is answered must have
        time enough for any pause of the process."""
        usual = self.setting
        self.setting = usual.model_copy(update={"timeout_seconds": seconds})
        self.take_over(self.owner)
        yield
        self.setting = usual
        self.take_over(self.owner)

    def claim(self, owner: str, lease_seconds: float = 60.0) -> bool:
        return bool(self.hooks.claim(owner, lease_seconds, {self.name: about(self.setting)}))

    @property
    def state(self) -> HookState:
        return self.hooks.reads.state(self.name)

    def looks(self, count: int) -> None:
        for _ in range(count):
            self.sender.look()

    def look_until(self, condition: Callable[[], object]) -> None:
        def holds() -> object:
            self.sender.look()
            return condition()

        wait_until(holds)

    def close(self) -> None:
        self.delivery.close()


def verified(received: list[Received], secret: str = SECRET) -> Iterator[dict[str, Any]]:
    """The events of requests whose signatures hold, in order."""
    for request in received:
        assert request.headers["content-type"].startswith("application/cloudevents+json")
        event: dict[str, Any] = Webhook(secret).verify(request.body, request.headers)
        yield event


def sequence_ids(server: Instances) -> list[int]:
    return [int(event["data"]["sequenceId"]) for event in verified(server.received)]


def told(server: Instances) -> list[str]:
    """Types of the events that came, in order, whatever the signature."""
    return [str(json.loads(one.body)["type"]).removeprefix("changeover.") for one in server.received]


def hooked(world: LedgerWorld, server: Instances, **more: Any) -> Hooked:
    """One that has begun, of a ledger that holds events already."""
    world.started("before", ["x"])
    found = Hooked(world, server.url("/"), **more)
    found.sender.look()
    return found
