"""What pydantic gets to see of something large: it collects each mistake, a kilobyte apiece, in one call that nothing
else of the process can get past. So what is long is cut before, where its declared bound is passed or where more than
``MOST`` of its entries are wrong, and that is told as one problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, JsonValue, TypeAdapter, ValidationError

from orchestrator.domain.errors import Problem, cut_text
from orchestrator.domain.wording import first_problems_of, join, shown

MOST: Final = 100
"""Mistakes of one list or mapping that pydantic gets to see, about."""
LARGE: Final = 1000
"""Entries, of all depths: what has fewer is looked at in one piece."""
M = TypeVar("M", bound=BaseModel)
_JSON: Final = (type(None), bool, int, float, str)


def model_or_problems(
    model: type[M], item: Any, spoken_of: type[BaseModel] | None = None, *, only_counted: bool = False
) -> tuple[M | None, list[Problem], int]:
    """The item as a model, or the first of its problems and how many more there are.

    ``spoken_of`` is the model whose keys are known to the author, if not the same; ``only_counted``: no problem is
    wanted, as enough others are told.
    """
    few = few_of(model, item)
    try:
        made = model.model_validate(few.value)
    except ValidationError as error:
        most = 0 if only_counted else max(MOST - len(few.problems), 1)
        problems, more = first_problems_of(error, spoken_of or model, most=most)
        if only_counted:
            return None, [], len(few.problems) + few.left_out + more
        return None, few.too_long + problems + few.notes, few.left_out + more
    return (None, few.problems, few.left_out) if few.problems else (made, [], 0)


@dataclass(slots=True)
class Few:
    """What is left to look at. ``too_long`` says where a declared bound is passed, ``notes`` where so much was wrong
    that the rest was not looked at; ``left_out`` counts unknown keys."""

    value: Any
    too_long: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    left_out: int = 0

    @property
    def problems(self) -> list[Problem]:
        """Of both kinds."""
        return self.too_long + self.notes

    def cut(self, annotation: Any, value: Any, path: str, metadata: Sequence[Any] = ()) -> Any:
        """The value without what is beyond its bounds."""
        kind, arguments, metadata = _container(annotation, value, tuple(metadata))
        if kind is None:
            return value
        if kind is BaseModel:
            return self._cut_model(arguments[0], value, path)
        if kind is JsonValue:
            return value if _few_strange(value) else self._emptied(value, path)
        bound = next((one.max_length for one in metadata if getattr(one, "max_length", None) is not None), None)
        if bound is not None and len(value) > bound:
            self.too_long.append(Problem(path, shown(value), f"expected at most {bound} of them"))
        if bound is None and arguments[-1] is JsonValue and _few_strange(value):
            return value
        own = tuple(one for one in metadata if isinstance(one, BeforeValidator))
        return self._cut_entries(arguments, own, value, path, len(value) if bound is None else bound)

    def _cut_model(self, model: type[BaseModel], value: Mapping[Any, Any], path: str) -> dict[Any, Any]:
        fields = {name: (own, one) for own, one in model.model_fields.items() for name in (own, one.alias or own)}
        forbids = model.model_config.get("extra") == "forbid"
        found: dict[Any, Any] = {}
        strange = 0
        for key, one in value.items():
            own, known = fields.get(key, ("", None)) if isinstance(key, str) else ("", None)
            if known is not None:
                found[key] = self.cut(known.annotation, one, join(path, own), known.metadata)
                continue
            is_wrong = forbids or not isinstance(key, str)
            strange += is_wrong
            if not is_wrong or strange <= MOST:
                found[key] = one
        if strange > MOST:
            self.left_out += strange - MOST
        return found

    def _cut_entries(
        self, known: tuple[Any, ...], own: tuple[Any, ...], value: Any, path: str, bound: int
    ) -> dict[Any, Any] | list[Any]:
        """``own``: what reads the whole before its entries are; each is tried as if it were the only one."""
        is_mapping = isinstance(value, Mapping)
        alone: Any = dict[known[0], known[1]] if is_mapping else list[known[0]]  # type: ignore[valid-type]
        adapter = _adapter(Annotated[(alone, *own)] if own else alone)
        found: dict[Any, Any] | list[Any] = {} if is_mapping else []
        wrong = 0
        for index, entry in enumerate(value):
            if index == bound:
                break
            if wrong > MOST:
                self.notes.append(Problem(path, shown(value), f"more than {MOST} of its entries are wrong"))
                break
            one: dict[Any, Any] | list[Any]
            if isinstance(found, dict):
                one = {entry: self.cut(known[1], value[entry], join(path, cut_text(str(entry))))}
                found.update(one)
            else:
                one = [self.cut(known[0], entry, f"{path}[{index}]")]
                found += one
            wrong += _mistakes(adapter, one)
        return found

    def _emptied(self, value: Any, path: str) -> Any:
        self.notes.append(Problem(path, shown(value), f"more than {MOST} of the values in it are not JSON"))
        return type(value)()


def few_of(model: type[BaseModel], item: Any) -> Few:
    """What is to be looked at of the item as this model: all of it if it is small."""
    few = Few(item)
    if is_large(item):
        few.value = few.cut(model, item, "")
    return few


def is_large(item: Any) -> bool:
    """Whether it has more than ``LARGE`` entries, in any depth."""
    entries, below = 0, [item] if isinstance(item, Mapping | list | tuple) else []
    while below:
        one = below.pop()
        entries += len(one)
        if entries > LARGE:
            return True
        inner = one.values() if isinstance(one, Mapping) else one
        below += [value for value in inner if isinstance(value, Mapping | list | tuple)]
    return False


def _container(annotation: Any, value: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """As what of the annotation's alternatives the value is read, with its arguments and metadata; None: as no list,
    mapping or model."""
    is_mapping = isinstance(value, Mapping)
    if not is_mapping and not isinstance(value, list | tuple):
        return None, (), ()
    if annotation is JsonValue:
        return JsonValue, (), metadata
    if isinstance(annotation, type) and is_mapping and issubclass(annotation, BaseModel):
        return BaseModel, (annotation,), metadata
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        own = [inner for one in annotation.__metadata__ for inner in (one, *getattr(one, "metadata", ()))]
        return _container(arguments[0], value, (*metadata, *own))
    if isinstance(origin, type) and arguments and issubclass(origin, Mapping if is_mapping else list | tuple):
        return origin, arguments, metadata
    if isinstance(origin, type) and issubclass(origin, Mapping | list | tuple):
        return None, (), ()
    found = (_container(one, value, metadata) for one in arguments)
    return next((one for one in found if one[0] is not None), (None, (), ()))


@lru_cache(maxsize=256)
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _mistakes(adapter: TypeAdapter[Any], value: Any) -> int:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return error.error_count()
    return 0


def _few_strange(value: Any) -> bool:
    """Whether at most ``MOST`` of the keys and values in it are not JSON's."""
    strange, below = 0, [value]
    while below:
        one = below.pop()
        if isinstance(one, Mapping):
            strange += sum(not isinstance(key, str) for key in one)
            below += one.values()
        elif isinstance(one, list | tuple):
            below += one
        else:
            strange += not isinstance(one, _JSON)
        if strange > MOST:
            return False
    return True
