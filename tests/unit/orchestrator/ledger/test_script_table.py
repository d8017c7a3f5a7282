"""Lua takes 200 local names in a function: a large script keeps its functions in one table."""

from __future__ import annotations

import re

import pytest

from orchestrator.ledger.script_source import assemble, script_names
from orchestrator.ledger.script_table import MOST_LOCALS, in_one_table

MANY = "\n".join(f"local function f{number}(x) return x end" for number in range(MOST_LOCALS + 1))


def test_a_script_of_few_functions_stays_as_it_is() -> None:
    source = MANY.replace("local function f0(x) return x end\n", "") + "\nreturn f1(1)"
    assert in_one_table(source) == source


def test_functions_are_fields_wherever_they_are_used_and_nothing_else_is() -> None:
    own = "\n".join(
        [
            "local function g(f3)",
            "  -- f1 in a comment",
            "  local text = 'f1 and f2'",
            "  return {f1 = f1(f2(1)), other = K.f2, f3, text == f1}",
            "end",
            "return apart(f1, g)",
        ]
    )
    found = in_one_table(f"{MANY}\n{own}")
    assert found.startswith("local F = {}\nfunction F.f0(x) return x end\n")
    assert found.endswith(
        """function F.g(f3)
  -- f1 in a comment
  local text = 'f1 and f2'
  return {f1 = F.f1(F.f2(1)), other = K.f2, f3, text == F.f1}
end
return apart(F.f1, F.g)"""
    )
    # It is a parameter, too.
    assert "local function f3(x) return x end" in found


@pytest.mark.parametrize("name", script_names())
def test_every_script_has_room(name: str) -> None:
    # At the left margin of the whole text: more than any one function of it has.
    found = re.findall(r"^local (?:function \w+|[\w, ]+)", assemble(name), re.MULTILINE)
    assert sum(len(line.split(",")) for line in found) < 180
