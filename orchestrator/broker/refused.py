"""Why the broker did not take or tell what it was asked: which server, what it is, and the setting that led there."""

from __future__ import annotations

from celery import Celery

from orchestrator.domain.errors import Unreachable
from orchestrator.ledger.refusals import BROKER, BROKER_VARIABLE, not_now, refusal, servers_own, state_words
from orchestrator.settings.amqp_url import is_amqp, parse_amqp_url
from orchestrator.settings.spoken import spoken


def refused(app: Celery, error: BaseException, *, asks: bool = False) -> Unreachable:
    """The error to raise for what the client of the ``app``'s broker raised. ``asks``: there is time to ask a server
    that is full or loads how far."""
    return refused_at(str(app.conf.broker_url), error, asks=asks)


def refused_at(url: str, error: BaseException, *, asks: bool = False) -> Unreachable:
    """The same of a broker's URL."""
    if is_amqp(url):
        return rabbit_away(url, error)
    own = servers_own(error)
    # Of such a state `refusal` asks the server.
    may_ask = asks or not_now(own) is None
    found = refusal(own, url, BROKER_VARIABLE) if isinstance(own, Exception) and may_ask else None
    return Unreachable(str(found or f"{state_words(error, BROKER, 'does not answer')} ({error})"))


def rabbit_away(url: str, error: BaseException) -> Unreachable:
    """The same of a RabbitMQ."""
    place = parse_amqp_url(url).place
    return Unreachable(f"the RabbitMQ of {spoken(BROKER_VARIABLE, url)} at {place} does not answer ({error})")
