"""When the silence of a worker's broker connection is too long."""

from __future__ import annotations

from workers.watchdog import Silence, Watchdog


class Case:
    """A check whose clock, load and broker the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.busy = False
        self.broker = True
        self.connects = 1
        self.ended = 0
        self.silence = Silence(lambda: self.now)
        self.check = Watchdog(
            self.silence,
            60,
            is_busy=lambda: self.busy,
            connects=lambda: self.connects,
            broker_answers=lambda: self.broker,
            end=self.end,
        )

    def end(self) -> None:
        self.ended += 1


def test_silence_with_a_broker_that_answers_ends_the_worker() -> None:
    case = Case()
    case.now = 59.9
    assert not case.check.look()
    case.now = 60
    assert case.check.look()
    assert case.ended == 1


def test_a_reply_starts_the_clock_again() -> None:
    case = Case()
    case.now = 50
    case.silence.end()
    case.now = 100
    assert not case.check.look()


def test_a_busy_consumer_asks_for_nothing_and_so_is_well() -> None:
    case = Case()
    case.busy, case.now = True, 500
    assert not case.check.look()
    case.busy = False
    assert not case.check.look()


def test_silence_while_the_broker_is_away_does_not_count() -> None:
    case = Case()
    case.broker, case.now = False, 500
    assert not case.check.look()
    case.broker, case.now = True, 550
    assert not case.check.look()
    case.now = 561
    assert case.check.look()


def test_silence_while_the_broker_refuses_the_consumer_does_not_count() -> None:
    case = Case()
    for now in range(50, 600, 50):
        # It answers a ping, and the consumer tries again and again.
        case.now, case.connects = now, case.connects + 100
        assert not case.check.look()
    # The last try was let in, and gets nothing.
    case.now = 609
    assert not case.check.look()
    case.now = 610
    assert case.check.look()
