"""Secrets are masked in whatever notation a text has them, at its cuts too, in time that grows with it."""

from __future__ import annotations

import base64
import html
import json
import quopri
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest

from orchestrator.domain.errors import cut_url, quoted_value
from orchestrator.domain.wording import shown
from orchestrator.secrets.known import SHORTEST
from orchestrator.secrets.masking import mask, mask_value, masked, quotable, quotable_value
from orchestrator.templates.templates import render
from tests.support.long import mostly_long
from tests.support.secret_variables import variables

VALUE = 'p w"ö/=&12345678'


@pytest.mark.parametrize(
    "text",
    [VALUE, 'p w\\"ö/=&12345678', 'p w\\"\\u00f6/=&12345678', "p%20w%22%C3%B6%2F%3D%2612345678",
     "p+w%22%C3%B6%2F%3D%2612345678", "p%20w%22%C3%B6/%3D%2612345678"],
)  # fmt: skip
def test_every_spelling_is_masked(tmp_path: Path, text: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=VALUE))
    assert mask(f"said: {text}, twice {text}") == "said: ***, twice ***"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "ada@example.com"])
@pytest.mark.parametrize("behind", ["", ";", ";x", ";xy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_with_others_around_it_is_masked(
    tmp_path: Path, user: str, behind: str, encode: Callable[[bytes], bytes]
) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=VALUE))
    coded = encode(f"{user}:{VALUE}{behind}".encode()).decode()
    assert mask(f"sent 'Authorization: Basic {coded}', got 401") == "sent 'Authorization: Basic ***', got 401"


@pytest.mark.parametrize("value", [VALUE, "p+q r%41/:@;x", "100%", "\N{SNOWMAN}" * 4])
def test_what_a_request_makes_of_it_is_masked(tmp_path: Path, value: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    body = httpx.Request("POST", "http://h/", data={"token": value, "b": "1"}).read().decode()
    assert mask(body) == "token=***&b=1"
    assert mask(httpx.URL("http://h/", params={"token": value}).query.decode()) == "token=***"
    assert mask(httpx.URL(f"http://h/in/{quote(value, safe='')}/x").raw_path.decode()) == "/in/***/x"
    assert mask(httpx.URL("http://h/").copy_with(username="ada", password=value).userinfo.decode()) == "ada:***"


@pytest.mark.parametrize("value", ["TopSecret-Label42", "\u0413\u0435\u0441\u043b\u043e-77", "Stra\u00dfe-Geheim"])
@pytest.mark.parametrize("around", ["{}", "pre{}post", "a.{}-b"])
def test_what_a_name_of_a_host_makes_of_it_is_masked(tmp_path: Path, value: str, around: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    host = httpx.URL(f"http://{around.format(value)}.example.com/").raw_host.decode()
    said = mask(f"host {host!r} is not among the allowed hosts")
    assert "***" in said
    assert said.endswith(".example.com' is not among the allowed hosts")
    assert value.lower() not in said
    assert "xn--" not in said
    assert mask("host 'xn--mnchen-3ya.example.com', xn--, xn---\N{SNOWMAN}") == (
        "host 'xn--mnchen-3ya.example.com', xn--, xn---\N{SNOWMAN}"
    )


def test_lower_case_and_needless_escapes_are_masked(tmp_path: Path) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="pass/w\u00f6rd"))
    assert mask("a%20b p%61ss%2fw%c3%b6rd c%2") == "a%20b *** c%2"
    assert mask("%E2%98%83 pass%2Fw\u00f6rd\N{SNOWMAN}%") == "%E2%98%83 ***\N{SNOWMAN}%"


PHP = json.dumps(VALUE).replace("/", "\\/")
EVERY_CHARACTER = "".join(f"\\u{ord(one):04X}" for one in VALUE)


@pytest.mark.parametrize(
    "text",
    [
        *(PHP, EVERY_CHARACTER, html.escape(VALUE), "".join(f"&#{ord(one)};" for one in VALUE)),
        *("".join(f"&#x{ord(one):X};" for one in VALUE), json.dumps(PHP), json.dumps(json.dumps(PHP)), quote(PHP)),
        *(html.escape(PHP), json.dumps(html.escape(VALUE)), repr(VALUE.encode()), json.dumps(quote(PHP))),
    ],
)
def test_what_a_service_makes_of_it_is_masked(tmp_path: Path, text: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=VALUE))
    said = mask(f"\N{SNOWMAN} a\\/b &lt; %25 {text} c\\/d &amp; {text}")
    assert said.startswith("\N{SNOWMAN} a\\/b &lt; %25 ")
    assert said.count("***") == 2
    assert "c\\/d &amp; " in said
    assert not any(piece in said for piece in ("5678", "u0035", "#53;", "#x35;"))


@pytest.mark.parametrize(
    "text",
    [
        *(quopri.encodestring(VALUE.encode()).decode(), quopri.encodestring(VALUE.encode("latin-1")).decode()),
        quopri.encodestring(f"{'x' * 68} {VALUE}".encode(), quotetabs=True).decode()[68:],
        json.dumps(quopri.encodestring(PHP.encode(), quotetabs=True).decode()),
        quote(quopri.encodestring(VALUE.encode(), quotetabs=True).decode()),
        quopri.encodestring(quote(VALUE).encode(), quotetabs=True).decode(),
        *(quote(VALUE, encoding="latin-1"), quote_plus(VALUE, encoding="cp1252")),
        *(VALUE.encode("latin-1").decode(errors="replace"), VALUE.encode().decode("cp1252")),
        json.dumps(VALUE.encode("latin-1").decode(errors="replace")),
        base64.b64encode(f"ada:{VALUE}".encode("latin-1")).decode(),
        *(json.dumps(json.dumps(json.dumps(json.dumps(PHP)))), json.dumps(json.dumps(json.dumps(quote(PHP))))),
    ],
)
def test_rare_notations_are_masked(tmp_path: Path, text: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=VALUE))
    said = mask(f"\N{SNOWMAN} token=deadbeef {text} \N{SNOWMAN}=ab {text}")
    assert said.startswith("\N{SNOWMAN} token=deadbeef ")
    assert said.count("***") == 2
    assert "5678" not in said


@pytest.mark.parametrize(
    "write",
    [
        *(ascii, repr, lambda text: ascii(ascii(text))),
        *(lambda text: json.dumps(ascii(text)), lambda text: quote(ascii(text))),
    ],
)  # fmt: skip
def test_letters_of_all_kinds_are_masked_as_python_writes_them(tmp_path: Path, write: Callable[[str], str]) -> None:
    value = "B\xf1\u0430\N{SNOWMAN}\U0001f511-geheim"
    render("{{ secret.V }}", variables(tmp_path, V=value))
    said = mask(f"said {write(value)} and more")
    assert "***" in said
    assert "geheim" not in said
    assert mask("\\U0001f511 \\Uffffffff \\U0011ffff") == "\\U0001f511 \\Uffffffff \\U0011ffff"


@pytest.mark.parametrize(
    "text", [r"ge\\\%5Cu0068eim-wort", r"ge&#92;\\\u0068e&#%3105;m-wort", r"g%65\\\&#92;u0068eim-wort"]
)
def test_what_was_escaped_by_halves_is_masked(tmp_path: Path, text: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="geheim-wort"))
    assert mask(f"said {text} and more") == "said *** and more"


def test_what_is_of_another_encoding_cuts_no_character_in_two(tmp_path: Path) -> None:
    # In Latin-1 the value is the second half of four snowmen's bytes.
    value = "\N{SNOWMAN}abcd".encode()[1:].decode("latin-1")
    render("{{ secret.V }}", variables(tmp_path, V=value))
    text = "%20 \N{SNOWMAN}abcd"
    assert mask(text) == text
    assert mask("%98%83abcd") == "***"


@pytest.mark.parametrize(
    "escape",
    [
        lambda coded: coded.replace("/", "\\/"),
        lambda coded: coded.replace("+", "\\u002b").replace("=", "\\u003D"),
        lambda coded: quote(coded, safe=""),
        lambda coded: coded.replace("+", "&#43;").replace("/", "&#x2F;"),
    ],
)
def test_base64_in_another_notation_is_masked(tmp_path: Path, escape: Callable[[str], str]) -> None:
    value = "~~~???>>>***~~~???"
    render("{{ secret.V }}", variables(tmp_path, V=value))
    for user in ("", "a", "ab"):
        coded = base64.b64encode(f"{user}:{value}".encode()).decode()
        assert set(coded) & set("+/")
        said = mask(f'got "Basic {escape(coded)}" &amp; %20')
        assert "***" in said
        assert coded[8:14] not in said


@pytest.mark.parametrize("written", ["\\u%04x", "\\u%04X", "&#%d;", "&#x%X;"])
def test_a_beginning_before_a_cut_is_masked_in_another_notation(tmp_path: Path, written: str) -> None:
    value = "Zq8&Tk<41>mPw9xVb7"
    render("{{ secret.V }}", variables(tmp_path, V=value))
    for length in range(4, len(value)):
        escaped = "".join(one if one.isalnum() else written % ord(one) for one in value[:length])
        said = mask(f"got: {escaped}… and more")
        assert "Zq8" not in said
        assert said.startswith("got: ***")


def in_json(text: str) -> str:
    """Every character escaped."""
    return "".join(f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H"))


WRITTEN: dict[str, Callable[[str], str]] = {
    "JSON": in_json,
    "JSON, beyond 16 bits": lambda text: json.dumps(text)[1:-1],
    "HTML": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "HTML by name": html.escape,
    "URL": lambda text: "".join(f"%{one:02X}" for one in text.encode()),
    "backslashes": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "nested": lambda text: json.dumps(quote(json.dumps(in_json(text)), safe="")),
    "HTML in HTML": lambda text: "".join(f"&#{ord(one)};" for one in "".join(f"&#{ord(one)};" for one in text)),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("value", ['Zq8k&Tk<41>"mPw9\\xVb7', "Zq8k\N{GRINNING FACE}\N{SNOWMAN}&<Tk41"])
def test_a_beginning_before_a_cut_inside_an_escape_is_masked(tmp_path: Path, written: str, value: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    write = WRITTEN[written]
    shown, escaped = write(value[:SHORTEST]).rstrip('"\\'), write(value)
    for length in range(len(write(value[: SHORTEST + 1])), len(escaped)):
        said = mask(f"got: {escaped[:length]}… and more")
        assert shown not in said, escaped[:length]
        assert "***" in said


def test_many_cuts_are_masked_in_time_that_grows_with_them(tmp_path: Path) -> None:
    folder = {f"V{number}": f"secret-{number:06}-value" for number in range(300)}
    given = variables(tmp_path, **folder)
    for name in folder:
        render(f"{{{{ secret.{name} }}}}", given)
    assert mask("abc…" * 20_000) == "abc…" * 20_000


@pytest.mark.parametrize("value", ["a%41b/c", r"back\\slash/\n", "x&amp;y/", "\N{GRINNING FACE}/key", "a+b c/d"])
def test_a_value_that_looks_escaped_is_masked(tmp_path: Path, value: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    for text in (
        value,
        json.dumps(value),
        json.dumps(value).replace("/", r"\/"),
        quote(value, safe=""),
        html.escape(value),
    ):
        assert mask(f"%20 {text} \\/").strip('" ') in ("%20 *** \\/", '%20 "***" \\/')


def test_a_beginning_before_a_cut_is_masked(tmp_path: Path) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="abcdefghij"))
    assert mask("said 'xx abcdef…'; and abcde… and abc…") == "said 'xx ***…'; and ***… and abc…"


def test_values_are_masked_all_through(tmp_path: Path) -> None:
    assert mask_value({"a": "12345678"}) == {"a": "12345678"}
    render("{{ secret.V }}", variables(tmp_path, V="12345678"))
    given = {"a": ["x12345678y", {"12345678": 1}], "n": 12345678, "f": 1.5, "t": True, "z": None}
    assert mask_value(given) == {"a": ["x***y", {"***": 1}], "n": "***", "f": 1.5, "t": True, "z": None}


@pytest.mark.parametrize(
    "text", mostly_long(["%41", r"\/", r"\u0041", "&amp;", "\\\\", "%25", "&amp;amp;"], "%41", r"\/", "&amp;amp;")
)
def test_long_text_of_escapes_is_masked_in_time_that_grows_with_it(tmp_path: Path, text: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=VALUE))
    assert mask(text * 100_000) == text * 100_000


@pytest.mark.parametrize("text", ["x", "x.y-", "a=", "a@", "http://", "bearer ", "basic a", "://", "x://a"])
def test_long_text_is_masked_in_time_that_grows_with_it(text: str) -> None:
    """What once took the square of the length does not end within this test's minutes."""
    assert masked(text * 300_000) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no plan 'redis://u:pw@h:1/0'; see it", "no plan 'redis://***@h:1/0'; see it"),
        ("extra (redis://u:it's@h/0).", "extra (redis://***@h/0)."),
        ("redis:/u:pw@h/0: no such file", "redis://***: no such file"),
        ("at http://h/p?token=pw, then", "at http://h/p?***, then"),
        ("expected such as https://changeover.example.com/a-b/17x9kq8z", None),
        ("a@b c:/x 50%", None),
    ],
)
def test_of_what_an_error_says_addresses_alone_are_masked(text: str, said: str | None) -> None:
    assert quotable(text) == (said or text)


def test_of_a_value_an_address_goes_to_its_end() -> None:
    assert quotable_value(["redis://u:my pw@h/0", {"password": "x"}, 7]) == ["redis://***@h/0", {"password": "***"}, 7]
    assert quotable_value("redis://u:my pw@h/0") == "redis://***@h/0"


def test_an_address_that_would_be_cut_is_not_quoted() -> None:
    url = "redis://u:" + "p" * 300 + "@h/0"
    assert (quoted_value(url), shown(url)) == (cut_url(len(url) + 2), cut_url(len(url)))
