"""Options of `console`: a rule between two of them names its option and the value given there."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.errors import InvalidInput
from orchestrator.settings.model import Settings, with_console


def test_a_certificate_without_its_key_is_named_by_its_option() -> None:
    with pytest.raises(InvalidInput) as found:
        with_console(Settings(), {"tls_cert": Path("/nope")})
    (problem,) = found.value.problems
    assert (problem.path, problem.value) == ("--tls-cert", "/nope")
    assert problem.message == "expected tls_key beside it"
