from __future__ import annotations

from steps.kept_by_size import KeptBySize


def test_the_least_recently_used_go_when_there_are_too_many() -> None:
    kept: KeptBySize[str, int] = KeptBySize(most=3, most_characters=1000)
    for number, name in enumerate("abc"):
        kept.put(name, number, 1)
    assert kept.get("a") == 0
    kept.put("d", 3, 1)
    assert [kept.get(name) for name in "abcd"] == [0, None, 2, 3]
    assert (len(kept), kept.characters) == (3, 3)


def test_and_when_they_weigh_too_much() -> None:
    kept: KeptBySize[str, int] = KeptBySize(most=100, most_characters=100)
    for number, name in enumerate("abcd"):
        kept.put(name, number, 25)
    kept.put("e", 4, 60)
    assert [kept.get(name) for name in "abcde"] == [None, None, None, 3, 4]
    assert kept.characters == 85


def test_what_is_put_again_weighs_once() -> None:
    kept: KeptBySize[str, int] = KeptBySize(most=100, most_characters=100)
    for number in range(10):
        kept.put("a", number, 40)
    kept.put("b", 1, 40)
    assert (kept.get("a"), kept.get("b"), kept.characters) == (9, 1, 80)


def test_the_newest_is_kept_whatever_it_weighs_and_alone() -> None:
    kept: KeptBySize[str, int] = KeptBySize(most=100, most_characters=100)
    kept.put("a", 0, 10)
    kept.put("huge", 1, 10_000)
    assert (kept.get("a"), kept.get("huge"), kept.characters) == (None, 1, 10_000)
    kept.put("b", 2, 10)
    assert (kept.get("huge"), kept.get("b"), kept.characters) == (None, 2, 10)
    kept.clear()
    assert (len(kept), kept.characters) == (0, 0)
