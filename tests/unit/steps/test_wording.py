from __future__ import annotations

from steps.wording import cut, join_bounded


def test_cut_is_one_line() -> None:
    assert cut("a\n  b\tc") == "a b c"
    assert cut("a" * 200) == "a" * 200
    assert cut("a" * 201) == "a" * 200 + "…"
    assert cut("a" + " " * 1000 + "b") == "a…"


def test_join_names_as_many_as_fit() -> None:
    assert join_bounded(["a", "b"]) == "a; b"
    assert join_bounded([]) == ""
    assert join_bounded(["aaa", "bbb", "ccc", "ddd"], limit_bytes=10) == "aaa; bbb; and 2 more"
    assert join_bounded(["a" * 50, "b"], limit_bytes=10) == "a" * 50 + "; and 1 more"


def test_join_counts_bytes() -> None:
    assert len(join_bounded(["ü" * 200] * 100).encode()) <= 4_050
