"""A mistake tells nothing of what a key that names a secret holds, however it came to be in the way."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.validation import validate_plan
from tests.support.right_plan import right_plan, right_tenant

SECRET = "hunter2W"
OF_IT = "tenant.variables.db_password"
TEMPLATE = f"{{{{ {OF_IT} }}}}"


def stage(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"stages": [{"name": "s", "steps": [step], **more}]}


WAIT = {"type": "wait", "seconds": 1}
SEEN = {
    "a wave": {"waves": [{"name": "w", "tenants": {"where": OF_IT}}, {"name": "rest"}]},
    "a condition": stage(WAIT, when="tenant.variables['db_password'] ~ 'x'"),
    "a number": stage(WAIT | {"seconds": TEMPLATE}),
    "an address": stage({"type": "http-request", "url": TEMPLATE}),
    "a word of a list": stage({"type": "http-request", "url": "http://h/", "method": TEMPLATE}),
}


@pytest.mark.parametrize("where", SEEN)
def test_what_it_gives_is_not_told(where: str) -> None:
    plan = right_plan() | {"tenants": [right_tenant("a", variables={"db_password": SECRET})]} | SEEN[where]
    (error,) = validate_plan(plan).errors
    assert "***" in str(error)
    assert SECRET.lower() not in str(error).lower()


LIKE_ITS_WORDS = [
    ("e", WAIT | {"seconds": TEMPLATE}, "expected a number"),
    ("a", {"type": "http-request", "url": "http://h/", "method": TEMPLATE}, "expected text matching ^(GET|HEAD|POST|"),
    ("http", {"type": "http-request", "url": TEMPLATE}, "expected an http:// or https:// URL: its scheme is ''"),
]


@pytest.mark.parametrize(("value", "step", "said"), LIKE_ITS_WORDS)
def test_a_value_like_its_words_takes_none_out_of_a_message(value: str, step: dict[str, Any], said: str) -> None:
    plan = right_plan() | {"tenants": [right_tenant("a", variables={"db_password": value})]} | stage(step)
    (error,) = validate_plan(plan).errors
    assert error.value == "***"
    assert error.message.startswith(said)


def test_what_it_gives_in_an_override_is_not_told() -> None:
    tenant = right_tenant("a", variables={"db_password": SECRET}, overrides={"wait": {"seconds": TEMPLATE}})
    (error,) = validate_plan(right_plan() | {"tenants": [tenant]} | stage(WAIT)).errors
    assert (error.path, error.value) == ("tenants[0].overrides.wait.seconds", "***")


def test_what_stands_deeper_below_it_is_not_told() -> None:
    tenant = right_tenant("a", variables={"credentials": {"user": [{7: 1}]}})
    (error,) = validate_plan(right_plan() | {"tenants": [tenant]}).errors
    assert error.path == "tenants[0].variables.credentials.user[0].7"
    assert error.value == "***"


def test_what_another_key_gives_is_told() -> None:
    plan = right_plan() | {"tenants": [right_tenant("a", variables={"region": "eu"})]}
    (error,) = validate_plan(plan | stage(WAIT | {"seconds": "{{ tenant.variables.region }}"})).errors
    assert error.value == "eu"
