"""A plan's head as far as it is right: a mistake in one key must not hide those in the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from orchestrator.domain.config import PlanHeader
from orchestrator.domain.few_mistakes import few_of, is_large
from orchestrator.domain.fleet_config import MAX_WAVES, WaveSpec, WaveTenants
from orchestrator.domain.made_up import MADE_UP
from orchestrator.domain.naming import snake_case
from orchestrator.domain.wording import meant_key
from orchestrator.validation.findings import LIMIT

M = TypeVar("M", bound=BaseModel)
_ROUNDS = 8
"""More than a head is deep: each leaves out what the one before has made incomplete."""
_FILLED: Final = {"name": "plan", "max_concurrency": 1}
_SOMEBODY: Final = WaveTenants(count=1)


def right_head(raw: Mapping[Any, Any]) -> tuple[PlanHeader | None, frozenset[str]]:
    """The head without what is wrong in it, and the names of those keys in which something is.

    What cannot be left out is made up: a name, a number of slots, and for a wave its name and tenants, so that each
    wave keeps its place. ``waves`` is among the names only if it cannot be said whom they take. None when there are
    more mistakes than are told.
    """
    head = {key: value for key, value in raw.items() if isinstance(key, str)}
    waves = head.get("waves")
    unsure = False
    if isinstance(waves, list | tuple) and len(waves) <= MAX_WAVES:
        pairs = [_right_wave(index, wave) for index, wave in enumerate(waves)]
        head["waves"] = [wave for wave, _ in pairs]
        unsure = not all(is_sure for _, is_sure in pairs)
    header, wrong = right_part(PlanHeader, head, _FILLED)
    return header, wrong | {"waves"} if unsure else wrong


def _right_wave(index: int, raw: Any) -> tuple[WaveSpec, bool]:
    """The wave, and whether its tenants are as written."""
    wave, wrong = right_part(WaveSpec, raw, _FILLED)
    # It is the same as no other's.
    unnamed = f"{MADE_UP}{index}"
    if wave is None:
        return WaveSpec(name="wave", tenants=_SOMEBODY).model_copy(update={"name": unnamed}), False
    changes: dict[str, Any] = {"name": unnamed} if "name" in wrong else {}
    if "tenants" in wrong and wave.tenants is None:
        changes["tenants"] = _SOMEBODY
    return wave.model_copy(update=changes), "tenants" not in wrong


def right_part(model: type[M], item: Any, filled: Mapping[str, Any]) -> tuple[M | None, frozenset[str]]:
    """The item without what is wrong in it, and the keys in which something is, also those that were meant by names
    that are none; ``filled`` is in the place of those that it must have."""
    if is_large(item):
        few = few_of(model, item)
        if few.problems or few.left_out:
            return None, frozenset()
    wrong: set[str] = set()
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(item), _meant(wrong, model)
        except ValidationError as error:
            if error.error_count() > LIMIT or not isinstance(item, Mapping):
                break
            for told in error.errors(include_url=False, include_input=False, include_context=False):
                place = told["loc"]
                name = snake_case(str(place[0]))
                wrong.add(name)
                if told["type"] != "missing":
                    item = _without(item, place)
                elif len(place) > 1:
                    item = _without(item, place[:-1])
                elif name in filled:
                    item = {**item, name: filled[name]}
    return None, frozenset(wrong)


def _meant(wrong: set[str], model: type[BaseModel]) -> frozenset[str]:
    near = (meant_key(name, model) for name in wrong - model.model_fields.keys())
    return frozenset(wrong).union(name for name in near if name is not None)


def _without(item: Mapping[Any, Any], place: tuple[int | str, ...]) -> Mapping[Any, Any]:
    """The item without that place; a list in which one is wrong is left out as a whole."""
    key, *inner = place
    known = [key] if key in item else [name for name in item if snake_case(str(name)) == snake_case(str(key))]
    kept = {name: value for name, value in item.items() if name not in known}
    for name in known:
        value = item[name]
        if inner and isinstance(value, Mapping) and inner != ["[key]"]:
            kept[name] = _without(value, tuple(inner))
    return kept
