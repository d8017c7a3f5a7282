"""A secret is masked wherever a line was broken in it, in every notation, and after the breaks became spaces."""

from __future__ import annotations

import base64
import html
import json
import quopri
import textwrap
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from orchestrator.secrets.masking import mask
from orchestrator.templates.templates import render
from steps.wording import cut
from tests.support.secret_variables import variables

KEY = (
    "-----BEGINKEY-----MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj+Mz/EfY="
    "hN0qXcV2bTz8RwLkPd5sJu4yGf7aHe1oKi3mQx6tBn9vCz"
)
PHRASE = "correct horse=battery staple"
HEAD = "user=deployer-of-things-long-name-here-and-more&password="


def mime(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def quoted(text: str) -> str:
    return quopri.encodestring(text.encode(), quotetabs=True).decode()


def folded(text: str, width: int = 20, by: str = "\r\n ") -> str:
    return by.join(textwrap.wrap(text, width, drop_whitespace=False, break_on_hyphens=False))


FORMS: dict[str, Callable[[str], str]] = {
    "base64 of MIME": mime,
    "base64 of it and more": lambda text: mime(HEAD + text + "&more"),
    "base64 of PEM": lambda text: folded(base64.b64encode(text.encode()).decode(), 64, "\n"),
    "base64 in JSON": lambda text: json.dumps({"said": mime(text)}),
    "base64 in JSON in JSON": lambda text: json.dumps(json.dumps({"said": mime(text)})),
    "quoted-printable": quoted,
    "quoted-printable of it and more": lambda text: quoted(HEAD + text + "&more"),
    "quoted-printable in JSON": lambda text: json.dumps(quoted(HEAD + text)),
    "a header": folded,
    "lines": lambda text: folded(text, 11, "\n"),
    "lines in JSON": lambda text: json.dumps(folded(text, 11, "\n")),
    "percent-encoded": lambda text: folded(quote(text, safe=""), 10, "\n"),
    "a shell": lambda text: folded(text, 20, "\\\n"),
    "lines of HTML": lambda text: folded(html.escape(text), 11, "<br>\n"),
    "lines of XHTML in JSON": lambda text: json.dumps(folded(text, 11, "<br />")).replace("/", "\\/"),
    "lines of HTML in HTML": lambda text: html.escape(folded(text, 11, "<BR/>")),
    "paragraphs": lambda text: folded(text, 11, "</p>\n<p>"),
    "JSON in lines": lambda text: folded(json.dumps(text).replace("/", "\\/"), 13, "\n"),
}


@pytest.mark.parametrize("tag", ["<br />", "</p>\n<p>"])
def test_what_a_cut_through_a_tag_leaves_is_masked(tmp_path: Path, tag: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="\n".join((KEY[:20], KEY[20:40], KEY[40:60]))))
    for at in range(len(tag) + 1):
        for left in (f"{KEY[:20]}{tag[:at]}…", f"{KEY[:20]}{tag}{KEY[20:40]}{tag[:at]}…"):
            assert mask(left) == "***…"
        for left in (f"…{tag[at:]}{KEY[40:60]}", f"…{tag[at:]}{KEY[20:40]}{tag}{KEY[40:60]}"):
            assert mask(left) == "…***"


def test_two_spaces_in_html_are_two(tmp_path: Path) -> None:
    render("{{ secret.V }}", variables(tmp_path, V="correct  horse"))
    assert mask("<p>correct &nbsp;horse; a<br>b") == "<p>***; a<br>b"


@pytest.mark.parametrize("value", [KEY, PHRASE])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_broken_lines_is_masked(tmp_path: Path, form: str, value: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=value))
    text = FORMS[form](value)
    for said in (text, cut(text, 2000), f"\N{SNOWMAN} {text} and so on"):
        shown = mask(said)
        assert "***" in shown
        assert not left_of(shown, form, text), shown
    assert mask(f"{cut(text, 2000)} and so on").endswith(" and so on")


def left_of(shown: str, form: str, text: str) -> set[str]:
    """Pieces of a secret's form that are still to be read, without those of what stands around it."""
    around = FORMS[form]("")
    pieces = {text[at : at + 12] for at in range(len(text) - 12)}
    return {one for one in pieces if one in shown and one not in around}


@pytest.mark.parametrize("form", FORMS)
def test_the_beginning_of_one_that_was_cut_is_masked(tmp_path: Path, form: str) -> None:
    render("{{ secret.V }}", variables(tmp_path, V=KEY))
    text = FORMS[form](KEY)
    shown = mask(cut(text, len(text) * 2 // 3))
    assert "***" in shown
    assert not left_of(shown, form, text), shown


def test_words_side_by_side_are_no_short_secret(tmp_path: Path) -> None:
    render("{{ secret.V }} {{ secret.W }}", variables(tmp_path, V="estate", W="blue-green"))
    text = "the latest ate; blue or green, a = b, 50% off \\ and &"
    assert mask(text) == text
    assert mask("blue- green stays") == "*** stays"
