"""What a script defines at each call: what its body needs at once; the rest when it is asked for."""

from __future__ import annotations

import re

import pytest

from orchestrator.ledger.script_keys import with_keys
from orchestrator.ledger.script_levels import MOST_LOCALS, with_levels
from orchestrator.ledger.script_parts import definitions_of
from orchestrator.ledger.script_source import named_script, script_names

MANY = "\n".join(f"local function f{number}(x) return x end" for number in range(MOST_LOCALS + 1))
CALLS = "\n".join(f"f{number}(0)" for number in range(MOST_LOCALS + 1))
LEVELS = """\
local MOST = 10
local function always(x) return x + MOST end
local function seldom(x) return {always = always(x), other = K.always} end
-- Why.
-- @rare
local function hardly(x)
  -- always in a comment
  return seldom(x) .. 'always'
end
local function sometimes(always) return hardly(always) end
"""


def levelled(source: str, body: str, *later: str) -> str:
    return with_levels(definitions_of("x.lua", source), body, later)


def test_a_script_of_few_functions_keeps_local_names() -> None:
    source = MANY.replace("local function f0(x) return x end\n", "")
    body = CALLS.replace("f0(0)\n", "")
    assert levelled(source, body) == f"{source}\n{body}"


def test_functions_that_are_too_many_are_fields_of_a_table_with_room_for_them() -> None:
    found = levelled(MANY, f"{CALLS}\nreturn apart(f1, {{f2 = f2}}, 'f3')")
    room = ", ".join(["_ = 0"] * (MOST_LOCALS + 1))
    assert found.startswith(f"local F = {{{room}}}\nfunction F.f0(x) return x end\n")
    assert found.endswith("\nreturn apart(F.f1, {f2 = F.f2}, 'f3')")


def test_what_few_calls_need_is_defined_when_it_is_asked_for_and_what_is_rare_after_that() -> None:
    assert levelled(LEVELS, "return always(1), sometimes(2)", "sometimes") == (
        """\
local E, define_E
E = setmetatable({}, {__index = function(_, name) define_E() return E[name] end})
local R, define_R
R = setmetatable({}, {__index = function(_, name) define_R() return R[name] end})
local MOST = 10
local function always(x) return x + MOST end
define_E = function()
define_E = nil
E = {_ = 0}
function E.sometimes(always) return R.hardly(always) end
end
define_R = function()
define_R = nil
if define_E then define_E() end
R = {_ = 0, _ = 0}
function R.seldom(x) return {always = always(x), other = K.always} end
function R.hardly(x)
  -- always in a comment
  return R.seldom(x) .. 'always'
end
end
return always(1), E.sometimes(2)"""
    )


def test_only_a_function_of_its_own_name_may_be_rare() -> None:
    with pytest.raises(ValueError, match=r"x\.lua:2: only a local function may be rare: 'function T.f"):
        definitions_of("x.lua", "-- @rare\nfunction T.f() return 1 end")


def test_keys_stand_where_they_are_asked_for() -> None:
    source = "local K = {}\nfunction K.meta() return ROOT .. 'meta' end\n"
    source += "function K.task(id) return ROOT .. 'task:' .. id end\n"
    asked = "f(K.meta(), K.task(task.id), K.task(id_of(plan, 1)), K.task(one or other))"
    assert with_keys(source + asked) == (
        "local K = {}\nf((ROOT .. 'meta'), (ROOT .. 'task:' .. task.id), (ROOT .. 'task:' .. (id_of(plan, 1))), "
        "(ROOT .. 'task:' .. (one or other)))"
    )
    assert with_keys(f"{source}return K[kind]()") == f"{source}return K[kind]()"


@pytest.mark.parametrize("name", script_names())
def test_every_script_has_room_for_its_local_names(name: str) -> None:
    # At the left margin of the whole text: more than any one function of it has.
    found = re.findall(r"^local (?:function \w+|[\w, ]+)", named_script(name)[1], re.MULTILINE)
    assert sum(len(line.split(",")) for line in found) < 180
