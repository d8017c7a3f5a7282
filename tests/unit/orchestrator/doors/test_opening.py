"""Which door is taken: the console that the environment names, unless settings say which ledger is meant."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.doors.opening import TOKEN_VARIABLE, URL_VARIABLE, console_is_named, open_door
from orchestrator.doors.remote.door import ConsoleDoor


def test_the_environment_names_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert not console_is_named()
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    monkeypatch.setenv(TOKEN_VARIABLE, " chg_x ")
    assert console_is_named()
    assert isinstance(open_door(None), ConsoleDoor)


@pytest.mark.parametrize("token", ["", "  "])
def test_a_console_without_a_token_is_a_mistake_with_its_name(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(InvalidInput) as raised:
        open_door(None)
    assert [problem.path for problem in raised.value.problems] == [TOKEN_VARIABLE]


@pytest.mark.parametrize("odd", ["\n{} is viewer", " {}", "\u200b{}", "\ufeff{}", "\xe9{}", "\x7f{}", "\r{}", "\t{}"])
def test_what_is_no_token_is_a_mistake_with_its_name_and_is_not_shown(
    odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "chg-token-abcdefghij0123456789"
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    monkeypatch.setenv(TOKEN_VARIABLE, token + odd.format("x"))
    with pytest.raises(InvalidInput) as raised:
        open_door(None)
    (problem,) = raised.value.problems
    assert (problem.path, problem.value) == (TOKEN_VARIABLE, None)
    assert "as `changeover token create` prints it" in problem.message
    assert "abcdefghij" not in str(raised.value)
