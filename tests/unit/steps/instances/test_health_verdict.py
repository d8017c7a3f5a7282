from __future__ import annotations

import pytest

from steps import HttpAnswer
from steps.instances.health_verdict import read


def miss(answer: HttpAnswer, version_key: str, expected: str) -> str | None:
    return read(answer, version_key, expected, None).said or None


def answer(body: str | bytes, status: int = 200) -> HttpAnswer:
    return HttpAnswer("gw-1", status, body if isinstance(body, bytes) else body.encode(), None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"version": "42"}', "42"),
        ('{"version": 42}', "42"),
        ('{"version": 1.10}', "1.10"),
        ('{"version": true}', "true"),
        ('{"version": "ü"}', "ü"),
        ("\ufeff" + '{"version": "42"}', "42"),
    ],
)
def test_there(body: str, expected: str) -> None:
    assert miss(answer(body), "version", expected) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"version": 41}', "says version 41"),
        ('{"version": "41"}', "says version 41"),
        ('{"version": 42.0}', "says version 42.0"),
        ('{"version": ""}', "says version ''"),
        ('{"version": false}', "says version false"),
        ('{"version": null}', "says version null"),
        ('{"version": [42]}', "says a version that is no single value: '{\"version\": [42]}'"),
        ('{"build": 42}', "has no key 'version' in its answer: '{\"build\": 42}'"),
        ("[42]", "answered JSON that is no object: '[42]'"),
        ("42", "answered JSON that is no object: '42'"),
        ("<html>\n <b>up</b></html>", "did not answer JSON: '<html> <b>up</b></html>'"),
        ("", "did not answer JSON: ''"),
        (b"\xff\xfe\xfd", "did not answer JSON: '\ufffd\ufffd\ufffd'"),
        ("[" * 60_000, "did not answer JSON: '" + "[" * 200 + "…'"),
    ],
)
def test_not_there(body: str | bytes, said: str) -> None:
    assert miss(answer(body), "version", "42") == said


def test_null_is_no_version_even_when_null_is_expected() -> None:
    assert miss(answer('{"version": null}'), "version", "null") == "says version null"


def test_status_and_errors() -> None:
    assert miss(answer("", 500), "version", "42") == "answered status 500"
    assert miss(answer('{"version": 42}', 503), "version", "42") == "answered status 503: '{\"version\": 42}'"
    assert miss(answer('{"version": 42}', 302), "version", "42") is not None
    assert miss(HttpAnswer("gw", None, b"", "connection refused"), "v", "42") == "unreachable (connection refused)"
    assert miss(HttpAnswer("gw", 200, b"", "too long"), "v", "42") == "sent an unusable answer (too long)"


def test_a_number_of_ten_thousand_digits_is_only_another_version() -> None:
    said = miss(answer('{"version": ' + "9" * 10_000 + "}"), "version", "42")
    assert said is not None
    assert said.startswith("says version 999")
    assert len(said) < 220


@pytest.mark.parametrize("body", [b"\x00" * 5_000, b"x" * 5_000, b"\xc3\xa9" * 5_000])
def test_quotes_are_bounded(body: bytes) -> None:
    said = miss(answer(body), "version", "42")
    assert said is not None
    assert len(said) < 240
