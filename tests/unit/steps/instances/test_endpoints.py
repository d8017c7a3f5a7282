from __future__ import annotations

import pickle
from typing import Any

import pytest

from steps import Endpoint, MalformedEndpoints, health_endpoints


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ({"value": "http://h:9001/health"}, "http://h:9001/health"),
        ({"value": "https://h/a?x=1"}, "https://h/a?x=1"),
        ({"value": "http://h:9001/"}, "http://h:9001/"),
        ({"value": "http://h:9001"}, "http://h:9001/up"),
        ({"value": "HTTP://h"}, "http://h/up"),
        ({"value": "http://h?x=1"}, "http://h/up?x=1"),
        ({"value": "blue", "target_domain": "h"}, "http://h/up"),
        ({"target_domain": "h.example.com", "target_ip": "10.0.0.1"}, "http://h.example.com/up"),
        ({"target_domain": "h:9001"}, "http://h:9001/up"),
        ({"target_domain": "https://h:9001"}, "https://h:9001/up"),
        ({"target_domain": "https://h/base/"}, "https://h/base/up"),
        ({"target_domain": "", "target_ip": "10.0.0.1"}, "http://10.0.0.1/up"),
        ({"target_ip": "10.0.0.1:81"}, "http://10.0.0.1:81/up"),
        ({"target_ip": "::1"}, "http://[::1]/up"),
        ({"target_ip": "[::1]:9001"}, "http://[::1]:9001/up"),
        ({"target_domain": "bücher.example"}, "http://bücher.example/up"),
    ],
)
def test_url_of_an_entry(entry: dict[str, Any], url: str) -> None:
    assert health_endpoints({"network_endpoints": [{"key": "gw", **entry}]}, "/up") == [Endpoint("gw", url)]


def test_path_without_slash() -> None:
    assert health_endpoints({"target_ip": "10.0.0.1"}, "up") == [Endpoint("10.0.0.1", "http://10.0.0.1/up")]


def test_an_entry_without_key_is_named_by_its_host_and_never_shows_a_password() -> None:
    config = {"network_endpoints": [{"value": "http://u:secret@h:9001/x"}]}
    assert health_endpoints(config, "/up") == [Endpoint("h:9001", "http://u:secret@h:9001/x")]


@pytest.mark.parametrize("listed", [[], None])
def test_the_tenants_own_address_is_the_fallback(listed: object) -> None:
    config = {"network_endpoints": listed, "target_domain": "own:1", "target_ip": "10.0.0.1"}
    assert health_endpoints(config, "/up") == [Endpoint("own:1", "http://own:1/up")]


def test_no_endpoint_at_all() -> None:
    assert health_endpoints({}, "/up") == []


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        ({"value": "ftp://h/x", "target_domain": "h"}, "value", "scheme is 'ftp'"),
        ({"value": "http://"}, "value", "no host"),
        ({"value": "http://:80/x"}, "value", "no host"),
        ({"value": "http://h:port/x"}, "value", "port is no number from 1 to 65535"),
        ({"value": "http://h:99999/x"}, "value", "port is no number from 1 to 65535"),
        ({"value": "http://[::1/x"}, "value", "brackets do not match"),
        ({"value": "http://[h/?token=x"}, "value", "brackets do not match"),
        ({"value": "http://\u2100@h/"}, "value", "stands for another"),
        ({"target_domain": "gw-1]:9001"}, "target_domain", "brackets do not match"),
        ({"value": "http://a b/x"}, "value", "white space"),
        ({"value": "http://{{ host }}/x"}, "value", "white space"),
        ({"value": "http://h/\n"}, "value", "white space"),
        ({"value": "http://a..b/x"}, "value", "empty or too long part"),
        ({"value": "http://" + "a" * 64}, "value", "empty or too long part"),
        ({"value": "http://h/" + "a" * 200_000}, "value", "longer than 2048"),
        ({"value": "h:9001/health"}, "value", "expected an http:// or https:// URL"),
        ({}, "value", "or a target_domain or target_ip"),
        ({"target_domain": "h h"}, "target_domain", "white space"),
        ({"target_ip": "10.0.0.1:x"}, "target_ip", "port is no number from 1 to 65535"),
    ],
)
def test_malformed(entry: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(MalformedEndpoints, match="network_endpoints") as caught:
        health_endpoints({"network_endpoints": [{"target_ip": "10.0.0.1"}, {"key": "gw", **entry}]}, "/up")
    (problem,) = caught.value.problems
    assert problem.path == f"network_endpoints[1].{path}"
    assert problem.value == entry.get(path)
    assert message in problem.message
    assert len(str(problem)) < 300


def test_all_problems_at_once_and_picklable() -> None:
    with pytest.raises(MalformedEndpoints) as caught:
        health_endpoints({"network_endpoints": [{"value": "x"}, {"value": "http://"}]}, "/up")
    assert len(caught.value.problems) == 2
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_a_malformed_fallback_is_named_without_a_list() -> None:
    with pytest.raises(MalformedEndpoints) as caught:
        health_endpoints({"target_domain": "a b"}, "/up")
    assert caught.value.problems[0].path == "target_domain"
