"""`watch`, and `submit --wait`: a live screen in a terminal, a line an event when redirected or in a dumb terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.event_lines import event_line
from orchestrator.cli.output import as_json, note, print_json, print_line
from orchestrator.cli.standing import Standing
from orchestrator.control.target import target_of
from orchestrator.control.waiting import LOOK_SECONDS
from orchestrator.domain.errors import LEFT, ChangeoverError
from orchestrator.domain.status import DAMAGED, PLAN_ENDED

if TYPE_CHECKING:
    from orchestrator import Client


def watch_plan(client: Client, plan_id: str, json_output: bool) -> str:
    """Show a plan until it has ended; its last status. Raises ``NotFound``; ends the command when it is left."""
    # Asked first: an unknown plan must be an error, not an empty stream that is followed for ever.
    first = client.summary(plan_id)
    with tells_that_it_goes_on(client, plan_id):
        if not json_output and has_screen():
            _show(client, plan_id)
        else:
            _tell(client, plan_id, follow=first.status not in PLAN_ENDED, json_output=json_output)
    return client.summary(plan_id).status


def wait_and_show(client: Client, plan_id: str) -> str:
    """The same for who has just submitted it; where there is no screen, it is told why it stands still alone."""
    target = target_of(plan_id=plan_id)
    with tells_that_it_goes_on(client, plan_id):
        if has_screen():
            _show(client, plan_id)
        return client.wait_target(target, meanwhile=Standing(client, target).tell)


def has_screen() -> bool:
    """Whether standard output is a terminal that can show one."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


@contextmanager
def tells_that_it_goes_on(client: Client, plan_id: str) -> Iterator[None]:
    """Ctrl-C ends the looking, not the plan: says so, and how to come back."""
    try:
        yield
    except KeyboardInterrupt:
        _say_goes_on(client, plan_id)
        raise typer.Exit(LEFT) from None


def _tell(client: Client, plan_id: str, *, follow: bool, json_output: bool) -> None:
    from orchestrator.control.consumer import EventConsumer
    from orchestrator.control.event_cursors import MemoryCursor

    def has_ended() -> bool:
        return client.summary(plan_id).status in (*PLAN_ENDED, DAMAGED)

    # The stream ends with the plan; an end in its middle is one that a retry or a rollback has undone.
    consumer = EventConsumer(client, MemoryCursor(), plan_id)
    for event in consumer.events(follow=follow, until=has_ended, look_seconds=LOOK_SECONDS):
        print_json(event) if json_output else print_line(event_line(as_json(event)))


def _show(client: Client, plan_id: str) -> None:
    from orchestrator.cli.watch.session import show_live

    if not show_live(client.live(plan_id)):
        _say_goes_on(client, plan_id)
        raise typer.Exit(LEFT)


def _say_goes_on(client: Client, plan_id: str) -> None:
    from orchestrator.cli.watch.left import come_back, left_words
    from orchestrator.doors.opening import URL_VARIABLE

    lines = [come_back(plan_id)]
    # Who leaves is let go, whatever the servers do.
    with suppress(ChangeoverError, KeyboardInterrupt):
        lines = left_words(client.explain(plan_id=plan_id), by_role=URL_VARIABLE in os.environ)
    for line in lines:
        note(line)
