"""What Celery gets to read: nothing that is not typed, and no moment that it cannot put into its own time."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kombu.utils.json import loads

from orchestrator.broker.messages import RUN_STAGE
from tests.integration.workers.test_garbage import ARGS, EMBED, envelope
from tests.support.refusals import why_refused
from workers.gate import made_anew
from workers.ledger_time import FURTHEST_SECONDS, LedgerTime


def message(eta: Any) -> dict[str, Any]:
    return envelope([ARGS, {}, EMBED], headers__eta=eta)


@pytest.mark.parametrize("eta", ["2026-11-29T00:00:00+00:00", "2026-11-29T00:00:00.5", "2026-11-29"])
def test_taken(eta: str) -> None:
    assert why_refused(message(eta)) is None


@pytest.mark.parametrize(
    "eta", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-29T00:00:00+00:00:00.5", "x", 5]
)
def test_refused(eta: Any) -> None:
    assert (why_refused(message(eta)) or "").startswith("headers.eta: ")


def test_what_is_not_ours_is_not_handed_on() -> None:
    link = {"task": RUN_STAGE, "args": ["p.0", 1, 1, 0], "kwargs": {}, "immutable": False, "subtask_type": "chord"}
    options = {"queue": "elsewhere", "link": ["x"], "headers": {"lane": 3, "chord": 1}, "argsrepr": "shown"}
    item = envelope(
        [[*ARGS, "newer"], {"newer": 1}, {**EMBED, "chain": [{**link, "options": options}]}],
        headers__shadow={"a": 1},
        headers__stamped_headers=["x"],
        headers__args=[1],
        properties__reply_to=["x"],
    )

    message = made_anew(item)

    assert {"shadow", "stamped_headers", "args"}.isdisjoint(message["headers"])
    assert "reply_to" not in message["properties"]
    arguments, named, embedded = json.loads(base64.b64decode(message["body"]))
    assert (arguments, named) == ([*ARGS, "newer"], {"newer": 1})
    known = {"headers": {"lane": 3}, "argsrepr": "shown"}
    assert embedded["chain"] == [{**link, "immutable": True, "subtask_type": None, "options": known}]


@pytest.mark.parametrize("bound", ["root_id", "argsrepr", "origin", "lane", "traceparent", "canary", "parent_id"])
def test_what_is_ours_is_typed(bound: str) -> None:
    for value in ({"a": 1}, [1], 1.5):
        changes: dict[str, Any] = {f"headers__{bound}": value}
        assert (why_refused(envelope([ARGS, {}, EMBED], **changes)) or "").startswith(f"headers.{bound}: ")


@pytest.mark.parametrize(
    "body",
    [
        [ARGS, {"x": {"__type__": "bytes", "__value__": 5}}, EMBED],
        [[*ARGS, [{"__type__": "uuid", "__value__": 5}]], {}, EMBED],
        [ARGS, {"self": 1}, EMBED],
        [ARGS, {"turn": 1}, EMBED],
    ],
)
def test_bodies_that_celery_would_stumble_over(body: Any) -> None:
    assert why_refused(envelope(body)) is not None
    # However it is written.
    text = json.dumps(body).replace("__type__", r"_\u005ftype_\u005f")
    assert why_refused(envelope(None, raw_body=base64.b64encode(text.encode()).decode())) is not None


def test_no_message_is_kept_for_long() -> None:
    clock = LedgerTime(monotonic=lambda: 100.0)
    far = datetime.now(UTC) + timedelta(days=20_000)
    assert clock.monotonic_time_of(far) == 100.0 + FURTHEST_SECONDS
    clock.told(1_000_000)
    assert clock.monotonic_time_of(far) == 100.0 + FURTHEST_SECONDS
    assert clock.monotonic_time_of(datetime.fromtimestamp(1010, UTC)) == pytest.approx(110.0)


def test_what_is_handed_on_can_be_read() -> None:
    for odd in ("NaN", "-Infinity", "1e999", "9" * 4300, "9" * 5000, "[" * 150 + "]" * 150, "[" * 900 + "]" * 900):
        text = f'[["p.0", 1, 0, 0, {odd}], {{"x": {odd}}}, {json.dumps(EMBED)}]'
        item = envelope(None, raw_body=base64.b64encode(text.encode()).decode())
        if why_refused(item) is None:
            assert loads(base64.b64decode(made_anew(item)["body"]))[0][:4] == ARGS  # type: ignore[no-untyped-call]
