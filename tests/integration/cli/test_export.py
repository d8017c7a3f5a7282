"""`changeover export`."""

from __future__ import annotations

import json

from orchestrator.client import Client
from tests.support.cli import in_this_process
from tests.support.place import Place
from tests.support.plans import noop_stage, plan, tenant


def test_an_export_takes_json_as_every_reading_command_does(client: Client, place: Place) -> None:
    client.submit(plan("p", [tenant("acme")], [noop_stage("one")]))
    code, printed = in_this_process("export", "p", "--json", environment=place.environment())
    assert code == 0, printed
    assert {json.loads(line)["kind"] for line in printed.splitlines()} == {"plan", "task", "event"}
