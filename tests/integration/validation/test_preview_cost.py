"""What a preview of a large plan costs, and when it is told: counted, as a loaded machine changes nothing of that."""

from __future__ import annotations

import redis

from orchestrator.client import Client
from tests.support.counting import counted
from tests.support.long import long
from tests.support.plans import noop_stage, plan, tenant


@long
def test_5000_tenants_cost_as_much_each_as_500_and_come_as_they_are_read(
    client: Client, redis_client: redis.Redis
) -> None:
    many = plan("many", [tenant(f"t{number}") for number in range(5000)], [noop_stage("one")])
    few = plan("few", many["tenants"][:500], [noop_stage("one")])
    with counted(redis_client) as of_few:
        assert len(list(client.preview(few))) == 501
    with counted(redis_client) as of_first:
        lines = client.preview(many)
        next(lines)
    with counted(redis_client) as of_rest:
        assert len(list(lines)) == 5000
    assert of_first.commands + of_rest.commands <= 10 * of_few.commands
    # All are looked at for the digest; then each page is read as its lines are told.
    assert of_rest.commands > 0.4 * (of_first.commands + of_rest.commands)
