"""The URLs of the two servers, judged as the settings are read: what is wrong with both, and where each was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.domain.errors import Problem
from orchestrator.settings.amqp_url import AmqpUrl, is_amqp, parse_amqp_url
from orchestrator.settings.given import Given, with_where
from orchestrator.settings.redis_url import RedisUrl, parse_redis_url
from orchestrator.settings.tls_files import tls_mistakes
from orchestrator.settings.url_parts import BadUrl, shown_url

SAME_DATABASE: Final = "state and broker must not share a Redis database; give the broker another one"
_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


def server_problems(sources: Sequence[Given]) -> list[Problem]:
    """``sources`` as they go before each other."""
    problems: list[Problem] = []
    state = _judge("redis_url", sources, problems)
    broker = _judge("broker_url", sources, problems)
    if isinstance(state, RedisUrl) and isinstance(broker, RedisUrl) and state.address == broker.address:
        problems.append(_problem("broker_url", broker.text, SAME_DATABASE, sources))
    return problems


def _judge(name: str, sources: Sequence[Given], problems: list[Problem]) -> RedisUrl | AmqpUrl | None:
    """The URL's parts; None when it is not given, or cannot be read: what is no text at all is told elsewhere."""
    text = next((source.values[name] for source in sources if source.gives((name,))), None)
    if not isinstance(text, str) or not text:
        return None
    try:
        url = parse_amqp_url(text) if name == "broker_url" and is_amqp(text) else parse_redis_url(text)
    except BadUrl as error:
        problems.append(_problem(name, text, str(error), sources))
        return None
    problems += file_problems(name, text, url, sources)
    return url


def file_problems(name: str, text: str, url: RedisUrl | AmqpUrl, sources: Sequence[Given]) -> list[Problem]:
    """What is wrong with the files of TLS that the setting of this name gives in its URL."""
    options = url.options if isinstance(url, RedisUrl) else url.files
    files = {option: path for option, path in options.items() if option in _FILES}
    mistakes = tls_mistakes(files, authorities="ssl_ca_certs", certificate="ssl_certfile", key="ssl_keyfile")
    return [_problem(name, text, f"the option {option!r}: {wrong}", sources) for option, wrong in mistakes]


def _problem(name: str, text: str, message: str, sources: Sequence[Given]) -> Problem:
    return Problem(name, shown_url(text), with_where(message, name, sources))
