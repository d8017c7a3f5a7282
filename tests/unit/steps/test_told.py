"""What an error of user's code tells, whatever its words and parts do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel, ValidationError

from steps.told import MOST_SAID, MOST_TOLD, cause_of, full_words_of, origin_of, said_by, type_name, words_of
from tests.support.hostile_errors import HOSTILE


def raised(make: Callable[[], BaseException]) -> BaseException:
    error = make()
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - of any kind
        return caught


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_raised_and_all_is_bounded(name: str) -> None:
    def tell() -> tuple[str, str, str]:
        error = raised(HOSTILE[name])
        return type_name(error), words_of(error), full_words_of(error)

    with ThreadPoolExecutor(1) as pool:
        for kind, words, text in (tell(), pool.submit(tell).result()):
            assert {type(kind), type(words), type(text)} == {str}
            assert words.startswith(kind)
            assert len(words) < MOST_SAID + 300
            assert "test_told.py" in text
            assert words in text
            assert len(text) < 2 * MOST_TOLD


def test_it_is_told_as_python_tells_it() -> None:
    def deep(count: int) -> None:
        if count:
            deep(count - 1)
        raise KeyError("inner")

    try:
        try:
            deep(100)
        except KeyError as inner:
            raise ValueError("outer") from inner
    except ValueError as error:
        error.add_note("and a note")
        lines = full_words_of(error).split("\n")
    assert lines[0] == "Traceback (most recent call last):"
    assert "    deep(100)" in lines
    assert "  (82 more)" in lines
    assert lines.index("KeyError: 'inner'") < lines.index(
        "The above exception was the direct cause of the following exception:"
    )
    assert lines[-2:] == ["ValueError: outer", "and a note"]


def test_what_was_handled_meanwhile_is_told_unless_it_was_put_away() -> None:
    def around(*, hides: bool) -> ValueError:
        try:
            try:
                raise KeyError("inner")
            except KeyError:
                if hides:
                    raise ValueError("outer") from None
                raise ValueError("outer")  # noqa: B904 - that is the case
        except ValueError as error:
            return error

    assert "KeyError" in full_words_of(around(hides=False))
    assert "KeyError" not in full_words_of(around(hides=True))
    assert isinstance(origin_of(around(hides=True)), KeyError)
    assert cause_of(around(hides=False)) is None


def test_members_of_a_group_are_told_and_what_says_nothing_is_named() -> None:
    text = full_words_of(ExceptionGroup("two", [ValueError("a\nb"), OSError()]))
    assert text.split("\n") == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "  member 1:",
        "    ValueError: a",
        "    b",
        "  member 2:",
        "    OSError",
    ]
    assert said_by(OSError()) == ""


def test_of_code_that_gives_itself_a_name_no_file_is_read_that_is_none() -> None:
    def of(name: str) -> str:
        try:
            exec(compile("raise ValueError('x')", "made", "exec").replace(co_filename=name))
        except ValueError as error:
            return full_words_of(error)
        raise AssertionError

    for name in ("/dev/zero", "/srv/\0", "<made>"):
        assert of(name).split("\n")[-2:] == [f'  File "{name}", line 1, in <module>', "ValueError: x"]


class Answer(BaseModel):
    """What a step reads."""

    token: int
    parts: list[int]


class OfAPackage(ValidationError):
    """One of pydantic's that a package has made its own, and gave words that quote more."""

    @property
    def title(self) -> str:
        raise SystemExit

    def __str__(self) -> str:
        return super().__str__() + "quoted"


def test_what_a_model_refuses_is_told_without_the_values() -> None:
    """pydantic quotes them cut in their middle, where nobody would find a secret."""
    secret = "quoted-R7kQ2mVx9LtB4nZs8WcY1aEd5HfJ6uPgT3oKqXwNvDyM0Gi"
    said = (
        "2 validation errors for Answer\n"
        "token\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing]\n"
        "parts.0\n  Input should be a valid integer [type=int_type]"
    )

    def refuse() -> None:
        Answer.model_validate({"token": secret, "parts": [{"error": secret}]})

    with pytest.raises(ValidationError) as caught:
        refuse()
    assert words_of(caught.value) == f"ValidationError: {said}"
    own = OfAPackage.from_exception_data("of it", [{"type": "int_type", "loc": ("n",), "input": secret}])
    assert said_by(own) == "1 validation error for of it\nn\n  Input should be a valid integer [type=int_type]"
    group = ExceptionGroup("group", [caught.value, RuntimeError("other")])
    group.__cause__ = own
    text = full_words_of(group)
    assert all(f"    {line}" in text.split("\n") for line in f"ValidationError: {said}".split("\n"))
    assert said_by(own) in text
    assert "input_value" not in text
    assert "quoted" not in text
