"""Has each webhook of the settings served by exactly one coordinator, and by another when that one is gone.

Every coordinator claims every hook again and again; a claim is a lease in the ledger (``claim_hooks.lua``), and what a
sender writes down it writes as its holder only (``note_hook.lua``). So two that believe to have it (one was frozen,
say) may both send an event, which "at least once" allows, but only one of them moves the cursor.

Each hook has a thread of its own, so that one whose receiver is dead, hangs or answers a byte a second holds up no
other and nothing else of the coordinator.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.background.news import News
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.hooks import Hooks
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import state_words
from orchestrator.notifications.delivery import Delivery
from orchestrator.notifications.sender import BACK_OFF, Sender
from orchestrator.settings.model import Settings
from orchestrator.settings.webhooks import WebhookSettings
from steps.http.retry import RetryParameters

CLAIMS_A_LEASE: Final = 3
GRACE_SECONDS: Final = 1.0
"""How long a stop waits for receivers."""

_log = structlog.get_logger(__name__)


class Notifier:
    """Of one coordinator; started and stopped as ``background.loop`` says. Without hooks in the settings it does
    nothing but forget those of long ago."""

    def __init__(self, ledger: Ledger, settings: Settings, name: str, retry: RetryParameters = BACK_OFF) -> None:
        """``name``: host and pid, for people; ``ledger``: on a connection that may wait."""
        # Another life of the same process is another sender.
        self._owner = f"{name}/{uuid4().hex[:12]}"
        self._hooks = Hooks(ledger)
        self._about = {one: about(hook) for one, hook in settings.webhooks.items()}
        self._news = News()
        self._lease_seconds = settings.lease_seconds
        self._delivery = Delivery(settings)
        reader = Reader(ledger.client, ledger.keys)
        self._senders = {
            one: Sender(one, hook, self._owner, self._hooks, reader, self._delivery, retry)
            for one, hook in settings.webhooks.items()
        }
        every = self._lease_seconds / CLAIMS_A_LEASE
        self._loop = BackgroundLoop("notifier", every, self._round, opening=self._round, closing=self._leave)

    def start(self) -> None:
        """Claims now, and three times a lease from now on."""
        if self._senders:
            self._loop.start()
        else:
            self._claim(0)

    def stop(self) -> None:
        """Ends what is under way, and gives the hooks back."""
        self._loop.stop()

    def _round(self) -> None:
        claimed = self._claim(self._lease_seconds)
        if claimed is None:
            return
        for name, sender in self._senders.items():
            if name in claimed:
                sender.start()
            else:
                # It notices by itself at its next look, and does nothing.
                sender.ask_to_stop()

    def _claim(self, seconds: float) -> set[str] | None:
        try:
            claimed = self._hooks.claim(self._owner, seconds, self._about)
        except UNREACHABLE as error:
            # Who has a hook goes on with it as far as the ledger can be written to at all.
            _log.warning(state_words(error), action="notifier-waits", error=str(error))
        except Exception as error:  # noqa: BLE001 - a coordinator that cannot notify moves plans all the same (I19)
            if self._news.is_new("claims", f"{type(error).__name__}: {error}"):
                _log.exception("no webhook is served until this is mended", action="notifier-fault")
        else:
            self._news.forget("claims")
            return claimed
        return None

    def _leave(self) -> None:
        for sender in self._senders.values():
            sender.ask_to_stop()
        # What is answered in time need not be sent again by the next one.
        cut = threading.Timer(GRACE_SECONDS, self._delivery.close)
        cut.start()
        for sender in self._senders.values():
            sender.stop()
        cut.cancel()
        self._delivery.close()
        self._claim(0)


def about(hook: WebhookSettings) -> str:
    """What a hook is, as JSON, for whoever lists them: nothing that may be secret."""
    scheme, _, rest = hook.url.partition("://")
    host = rest.partition("/")[0] if rest and "{{" not in rest.partition("/")[0] else ""
    told: Mapping[str, object] = {
        "host": f"{scheme}://{host}" if host else "",
        "format": hook.format,
        "events": hook.events,
        "plans": hook.plans,
    }
    return json.dumps(told)
