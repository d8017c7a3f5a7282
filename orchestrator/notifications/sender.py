"""Sends one hook's notifications: in order, each at least once, one at a time, from where the ledger says it is.

A look goes on until the log has no more, or an attempt fails. What failed is noted with the time of its next attempt,
and the look ends: nothing waits in this thread but for the one answer, which has a bound. What is given up after so
many attempts becomes a dead letter in the very write that moves the cursor past it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import structlog

from orchestrator.background.loop import BackgroundLoop
from orchestrator.control.consumer import EventConsumer, EventsMissed
from orchestrator.ledger.connection import UNREACHABLE
from orchestrator.ledger.hooks import Hooks, Letter, Note
from orchestrator.ledger.log_entries import iso
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.refusals import state_words
from orchestrator.notifications.cursor import HookCursor, HookLost
from orchestrator.notifications.delivery import Delivery, Result
from orchestrator.notifications.messages import Notification, of_event, of_gap, of_stored
from orchestrator.settings.webhooks import WebhookSettings
from steps import RetryParameters
from steps.http.retry import back_off

LOOK_SECONDS: Final = 0.5
BACK_OFF: Final = RetryParameters(backoff_seconds=1, backoff_factor=2, max_backoff_seconds=300, jitter_seconds=1)

_WELL: Final = dict.fromkeys(
    ("failures", "attempts", "pending", "pendingType", "pendingAt", "failingSince", "said"), ""
)
"""Fields that go with a success."""

_log = structlog.get_logger(__name__)


class Sender:
    """Of one hook, for as long as this process has claimed it; started and stopped as ``background.loop`` says."""

    def __init__(
        self,
        name: str,
        hook: WebhookSettings,
        owner: str,
        hooks: Hooks,
        reader: Reader,
        delivery: Delivery,
        retry: RetryParameters = BACK_OFF,
    ) -> None:
        self._name, self._hook, self._owner = name, hook, owner
        self._hooks, self._reader, self._delivery, self._retry = hooks, reader, delivery, retry
        self._cursor: HookCursor | None = None
        self._consumer: EventConsumer | None = None
        self._stops, self._is_stale = False, False
        self._loop = BackgroundLoop(
            f"webhook-{name}", LOOK_SECONDS, self._round, join_seconds=hook.timeout_seconds + LOOK_SECONDS
        )

    def start(self) -> None:
        """Looks twice a second."""
        if self._stops:
            # Another may have sent meanwhile: where it was is read anew.
            self._stops, self._is_stale = False, True
        self._loop.start()

    def ask_to_stop(self) -> None:
        """No further attempt; what is under way goes on."""
        self._stops = True

    def stop(self) -> None:
        """Ends after the attempt under way."""
        self._stops = True
        self._loop.stop()

    def _round(self) -> None:
        try:
            self.look()
        except HookLost:
            # The next claim says whose it is; where it was is read anew then.
            self._consumer = None
        except UNREACHABLE as error:
            _log.warning(state_words(error), action="webhook-waits", hook=self._name, error=str(error))

    def look(self) -> None:
        """Sends what there is, as far as it goes. Raises ``HookLost``."""
        state = self._hooks.reads.state(self._name)
        if state.text("owner") != self._owner:
            return
        self._send_tests()
        if state.text("disabled"):
            return
        next_at = self._hooks.reads.state(self._name).number("nextAt")
        if next_at and self._hooks.reads.now_ms() < next_at:
            return
        if self._send_again() and not self._stops:
            self._follow()

    def _send_tests(self) -> None:
        """Once each, also while the hook waits or is switched off: a person looks at what comes of it."""
        for letter in self._hooks.reads.letters(self._name, "again", count=20):
            # They have no place in the log, so they stand before all others.
            if letter.sequence_id or self._stops:
                return
            notification = of_stored(letter.text)
            attempt = self._delivery.attempt(self._name, self._hook, notification)
            told = {"tested": f"{notification.event_id} {attempt.why}"}
            if is_taken := attempt.result is Result.SENT:
                # The receiver is well: what waits for it goes on at once.
                told |= {"failures": "", "nextAt": ""}
            self._write(Note(told, {"sent" if is_taken else "failed": 1}, done=letter.text))

    def _send_again(self) -> bool:
        """What a person wants sent again, before the log goes on; False when the look is over."""
        while not self._stops:
            letters = self._hooks.reads.letters(self._name, "again", count=20)
            for letter in letters:
                if self._stops or not self._send_letter(letter):
                    return False
            if not letters:
                return True
        return False

    def _send_letter(self, letter: Letter) -> bool:
        try:
            notification = of_stored(letter.text)
        except ValueError:
            self._write(Note(done=letter.text))
            _log.error("a damaged notification was dropped", action="webhook-damaged", hook=self._name)
            return True
        note = self._send(notification)
        if note is None:
            return False
        self._write(Note(note.fields, note.counts, note.delay_seconds, note.given_up, letter.text))
        return True

    def _follow(self) -> None:
        """The log, from where it was."""
        if self._consumer is None or self._cursor is None or self._is_stale:
            self._is_stale = False
            self._cursor = HookCursor(self._hooks, self._reader, self._name, self._owner)
            self._consumer = EventConsumer(self._reader, self._cursor)
        try:
            for event in self._consumer.events(follow=False):
                if self._stops:
                    break
                if not self._hook.wants(event.type, event.plan_id):
                    continue
                note = self._send(of_event(event))
                if note is None:
                    break
                self._cursor.handled(note)
        except EventsMissed as gap:
            note = self._send(of_gap(gap))
            if note is not None:
                _log.warning(str(gap), action="webhook-missed", hook=self._name)
                self._cursor.handled(note)
                self._consumer.skip_missed()
        self._cursor.flush()

    def _send(self, notification: Notification) -> Note | None:
        """Tries it once; what is to be noted when it is done with, None when it is not."""
        state = self._hooks.reads.state(self._name)
        attempt = self._delivery.attempt(self._name, self._hook, notification)
        if self._stops and attempt.result is Result.FAILED:
            # It may have failed because we closed the client; it is the next one's.
            return None
        if attempt.result is Result.SENT:
            if state.text("failures"):
                _log.info("sends again", action="webhook-well", hook=self._name)
            return Note({**_WELL, "sentAt": _now()}, {"sent": 1})
        if attempt.result is Result.GONE:
            _log.error(attempt.why, action="webhook-disabled", hook=self._name)
            self._write(Note({"disabled": attempt.why, "disabledAt": _now()}, {"failed": 1}))
            return None
        same = state.text("pending") == notification.event_id
        attempts = (state.number("attempts") if same else 0) + 1
        failures = state.number("failures") + 1
        told = {"hook": self._name, "notified": notification.type, "attempts": attempts}
        _log.warning(attempt.why, action="webhook-failed", **told)
        if attempts >= self._hook.max_attempts:
            return self._give_up(notification, attempts, attempt.why)
        delay = max(back_off(self._retry, min(failures, 64)), attempt.retry_after_seconds)
        under_way = {
            "pending": notification.event_id,
            "pendingType": notification.type,
            "pendingAt": str(notification.data.get("occurredAt") or ""),
            "attempts": str(attempts),
            "failures": str(failures),
            "said": attempt.why,
        }
        self._write(Note(under_way, {"failed": 1}, delay))
        return None

    def _give_up(self, notification: Notification, attempts: int, why: str) -> Note:
        _log.error(why, action="webhook-gave-up", hook=self._name, notified=notification.type, attempts=attempts)
        letter = notification.stored(attempts=attempts, why=why, givenUpAt=_now())
        fields = {"attempts": "", "pending": "", "pendingType": "", "pendingAt": "", "said": why, "nextAt": ""}
        return Note(fields, {"failed": 1, "dead": 1}, None, Letter(notification.sequence_id, letter))

    def _write(self, note: Note) -> None:
        if not self._hooks.note(self._name, self._owner, note):
            raise HookLost


def _now() -> str:
    return iso(datetime.now(UTC))
