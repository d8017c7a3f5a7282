"""One person has one name: in large letters or small ones, and in those of other alphabets that look so."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.control.order_gate import is_own_name
from orchestrator.domain.look_alikes import name_skeleton

# A few of those that look alike in one size, or in both.
CONFUSABLE = (
    "\u0430\u0410\u0435\u0456\u0406\u0441\u0421\u043e\u041e\u0440\u0420\u0443"
    "\u0423\u03b9\u0399\u03bf\u03a5\u03c5\u03bd\u039d\u0131"
)
LETTERS = st.characters(codec="ascii") | st.sampled_from(CONFUSABLE)


@settings(max_examples=300, deadline=None)
@given(st.text(LETTERS, max_size=12))
def test_a_name_looks_like_itself_in_large_letters_and_in_small_ones(name: str) -> None:
    assert name_skeleton(name) == name_skeleton(name.upper()) == name_skeleton(name.lower())


def test_each_letter_does() -> None:
    for code in range(0x20, 0x7F):
        assert name_skeleton(chr(code)) == name_skeleton(chr(code).upper()) == name_skeleton(chr(code).lower())


def test_names_that_are_ours_are_known_in_large_letters_and_others_are_not_taken_for_them() -> None:
    for name in ("POLICY", "Policy", "P\u041eLICY", "po1icy", "pol\u0456cy", "SYSTEM", "GATE", "S\u03a5STEM"):
        assert is_own_name(name), name
    assert name_skeleton("viki") == name_skeleton("VIKI") == name_skeleton("VlKl")
    names = ("ada", "alice", "bob", "policeman", "van", "nan", "gates", "ops-7")
    assert len({name_skeleton(name) for name in names}) == len(names)
    assert not any(map(is_own_name, names))
