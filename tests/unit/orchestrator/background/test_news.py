"""What lasts is said when it begins, when it changes, and seldom."""

from __future__ import annotations

from orchestrator.background.news import REMEMBERED, TOLD_SECONDS, News


def test_what_was_said_is_said_again_seldom_or_when_it_is_another_thing() -> None:
    seconds = 0.0
    news = News(lambda: seconds)
    assert news.is_new("p", "broken")
    assert not news.is_new("p", "broken")
    assert news.is_new("q", "broken")
    assert news.is_new("p", "broken otherwise")
    seconds = TOLD_SECONDS
    assert news.is_new("p", "broken otherwise")
    news.forget("p")
    assert news.is_new("p", "broken otherwise")


def test_what_is_remembered_is_bounded() -> None:
    news = News()
    for number in range(REMEMBERED + 1):
        assert news.is_new(str(number), "broken")
    assert not news.is_new("1", "broken")
    assert news.is_new("0", "broken")
