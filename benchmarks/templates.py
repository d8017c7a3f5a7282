"""Templates: what an evaluation costs in the sandbox, and what handing it to another process would cost on top."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from pydantic import JsonValue

from orchestrator.templates.templates import compile_value
from orchestrator.templates.variables import template_variables
from steps import holds

ROUNDS = 7
TIMES = 2_000

SOURCES = (
    "tenant_config:{{ tenant.tenant_id }}",
    "{{ tenant.tenant_id | upper }}",
    "{{ tenant.tenant_id ~ '-' ~ tenant.deploy_unit_version }}",
    "{% if tenant.variables.region == 'eu' %}a{% else %}b{% endif %}",
    "{% for e in tenant.network_endpoints %}{{ loop.index }}{{ e.key }} {% endfor %}",
    "{{ tenant.network_endpoints | map(attribute='key') | join(',') }}",
)


def variables() -> dict[str, Any]:
    """Of a tenant with two endpoints and ten variables."""
    endpoints = [{"key": f"gw-{n}", "value": f"http://10.0.0.{n}:9001/health"} for n in range(2)]
    own = {"region": "eu"} | {f"name_{n}": f"value {n}" for n in range(9)}
    config = {"tenant_id": "acme", "deploy_unit_version": 42, "network_endpoints": endpoints, "variables": own}
    return {**template_variables(config, {"plan_id": "p", "name": "Plan"}), "secret": None}


def microseconds(work: Callable[[], object]) -> float:
    """The best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(TIMES):
            work()
        found.append((time.perf_counter() - began) / TIMES * 1e6)
    return min(found)


def echo(connection: Connection) -> None:
    """The other process: takes variables, gives a short answer."""
    while connection.recv() is not None:
        connection.send("acme-42")


def run() -> None:
    """Prints a line a template, one for a condition, one for the way to another process and back."""
    print("templates: microseconds an evaluation, best of 7 rounds")
    given = variables()
    for source in SOURCES:
        renderer = compile_value(source)
        assert renderer is not None
        print(f"  {microseconds(partial(renderer, given)):7.1f}  {source}")
    answer: JsonValue = {"code": 0, "data": {"failList": []}, "state": "ready"}
    condition = "code == 0 and not data.failList"
    print(f"  {microseconds(partial(holds, condition, answer, 200)):7.1f}  until: {condition}")
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=echo, args=(there,), daemon=True)
    process.start()

    def there_and_back() -> None:
        here.send(given)
        here.recv()

    there_and_back()
    print(f"  {microseconds(there_and_back):7.1f}  (the variables through a pipe to another process, and an answer)")
    here.send(None)
    process.join()
