"""What a process can find it masks, whoever resolves it, and what lies in the folder holds nobody up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from orchestrator.console.api.json_answers import MaskedJson
from orchestrator.secrets.folder import FILE_LIMIT_BYTES, SecretFolder
from orchestrator.secrets.kept_values import KeptValues
from orchestrator.secrets.known import KnownSecrets
from orchestrator.secrets.masking import _change, mask, mask_all_of, mask_value, remember
from orchestrator.secrets.needles import FEW, Needles, Parts
from orchestrator.secrets.references import Secrets
from orchestrator.secrets.source import SecretSource
from orchestrator.templates.templates import TemplateFault, render
from tests.support.secret_variables import variables
from tests.support.waiting import wait_until


def test_all_are_masked_and_none_was_resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEOVER_SECRET_TOKEN", "from-outside-1")
    monkeypatch.setenv("CHANGEOVER_SECRET_BAD", os.fsdecode(b"\xff\xfe\xff\xfe"))
    (tmp_path / "HOOK").write_text("hook/value-2\n")
    Secrets(tmp_path)
    assert mask("from-outside-1, hook%2Fvalue-2, hook/valu…") == "***, ***, ***…"
    assert mask_value({"a": ["hook/value-2"]}) == {"a": ["***"]}


def test_a_rotated_one_is_masked_and_so_is_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_text("first-value")
    Secrets(tmp_path)
    assert mask("first-value") == "***"
    # In place, by another file, and one more.
    (tmp_path / "TOKEN").write_text("other-value")
    wait_until(lambda: mask("other-value") == "***", 10, "not seen")
    (tmp_path / "new").write_text("third-value")
    (tmp_path / "new").rename(tmp_path / "TOKEN")
    (tmp_path / "MORE").write_text("forth-value")
    wait_until(lambda: mask("third-value forth-value") == "*** ***", 10, "not seen")
    (tmp_path / "TOKEN").unlink()
    assert mask("first-value other-value third-value") == "*** *** ***"


def test_links_as_kubernetes_makes_them_are_followed(tmp_path: Path) -> None:
    def put(version: str, value: str) -> None:
        (tmp_path / version).mkdir()
        (tmp_path / version / "TOKEN").write_text(value)
        (tmp_path / "..data_tmp").symlink_to(version)
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")

    put("..2026_11_29", "first-value")
    (tmp_path / "TOKEN").symlink_to("..data/TOKEN")
    secrets = Secrets(tmp_path)
    assert secrets.names() == ["TOKEN"]
    assert mask("first-value") == "***"
    put("..2026_11_30", "other-value")
    wait_until(lambda: mask("other-value") == "***", 10, "not seen")
    assert secrets["TOKEN"].reveal() == "other-value"


@pytest.mark.parametrize(
    "put",
    [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to("/dev/tty")],
    ids=["pipe", "folder", "zero", "terminal"],
)
@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused_and_holds_nobody_up(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "ODD")
    (tmp_path / "TOKEN").write_text("beside-it")
    with pytest.raises(TemplateFault, match=r"secret ODD: .*(is no regular file|cannot be read)"):
        render("{{ secret.ODD }}", variables(tmp_path))
    assert Secrets(tmp_path).names() == ["TOKEN"]
    assert mask("beside-it") == "***"


def test_what_cannot_be_resolved_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "LARGE").write_text("x" * (FILE_LIMIT_BYTES + 1))
    (tmp_path / "BINARY").write_bytes(b"\xff\xff\xff\xff")
    (tmp_path / "GONE").symlink_to("nowhere")
    (tmp_path / "SHORT").write_text("abc")
    (tmp_path / "TOKEN").write_text("beside-them")
    Secrets(tmp_path)
    assert mask("abc beside-them") == "abc ***"
    assert SecretFolder(tmp_path / "none").stamps() == {}


@pytest.mark.parametrize("text", ["true", "2026", "a:b,", "status"])
def test_an_answer_of_the_console_stays_json_whatever_is_a_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "ODD").write_text(text)
    Secrets(tmp_path)
    content = {"sequenceId": 202612, "at": "2026-11-29", "told": f"it is {text}", "ok": True}
    said = json.loads(bytes(MaskedJson(content).body))
    assert said["sequenceId"] == 202612
    assert said["told"] == "it is ***"
    assert said["ok"] is True


def looks_at(folder: Path) -> Callable[[], int]:
    """Each call is a look, whenever it is due."""
    source = SecretSource(SecretFolder(folder), {})
    return lambda: source.look(_change)


def test_a_value_counts_once_however_often_its_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.secrets.kept_values.MOST_CHARACTERS", 100)
    (tmp_path / "CERT").write_text("c" * 60)
    look = looks_at(tmp_path)
    # So lately written that each look reads it again.
    for _ in range(3):
        look()
    (tmp_path / "TOKEN").write_text("rotating-token-1")
    look()
    assert mask("rotating-token-1") == "***"


def is_masked(value: str) -> bool:
    return mask(value) == "***"


def test_for_new_values_those_are_forgotten_that_went_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("orchestrator.secrets.kept_values.MOST_CHARACTERS", 100)
    monkeypatch.setattr("orchestrator.secrets.kept_values.ROOM", 20)
    (tmp_path / "STAYS").write_text("stays-current-1")
    (tmp_path / "USED").write_text("was-resolved-1")
    source = SecretSource(SecretFolder(tmp_path), {})
    mask_all_of(source)
    assert mask("was-resolved-1") == "***"
    remember("was-resolved-1")
    (tmp_path / "USED").unlink()
    for number in range(8):
        (tmp_path / "TOKEN").write_text(f"rotated-{number:07}")
        wait_until(partial(is_masked, f"rotated-{number:07}"), 10, "a new one is not masked")
    assert mask("stays-current-1 was-resolved-1 rotated-0000006") == "*** *** ***"
    assert mask("rotated-0000000") == "rotated-0000000"
    warned = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert warned
    assert not any("rotated-0" in one for one in warned)


def test_what_had_no_room_is_masked_once_there_is_some() -> None:
    kept = KeptValues()
    kept.left = 20
    assert kept.take(["a" * 12, "b" * 12]) == (["a" * 12], [], {"b" * 12})
    assert kept.take(["a" * 12, "b" * 12]) == ([], [], {"b" * 12}), "what is in force is never forgotten"
    assert kept.take(["b" * 12]) == (["b" * 12], ["a" * 12], set())
    assert not kept.has_gone()


def test_of_many_none_is_missed() -> None:
    values = [f"ghp_{number:04}{chr(97 + number % 26) * (number % 9)}" for number in range(FEW)]
    known = KnownSecrets().with_values(values)
    for value in values:
        assert known.masked(f"said {value}!") == "said ***!"
        assert known.masked(f"said %67{value[1:]}!") == "said ***!"
        assert known.masked(f"said {value[:7]}…") == "said ***…"
    needles = Needles([*values, "xyz", "abcd"])
    assert needles.inside(f"{values[7]}xyz and abcd") == [values[7], "abcd", "xyz"]
    parts = Parts(map(str.encode, values), 4)
    assert parts.beginning_at_end(b"and ghp_001") == len("ghp_001")
    assert parts.beginning_at_end(b"and ghp_x") == 0
    assert parts.end_at_begin(b"0003ddd and") == len("0003ddd")
    assert parts.end_at_begin(b"041p_0008iiiiiiii", 3) == len("041p_0008iiiiiiii")
    assert parts.end_at_begin(b"0413ddd", 3) == 0
