"""A plan out of a request's body: JSON or YAML, as bounded as a plan file."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from orchestrator.console.api.bodies import RequestId
from orchestrator.console.problems import Refusal
from orchestrator.domain.errors import InvalidInput, Problem, cut_text
from orchestrator.files.json_text import JsonMistake, parse_json
from orchestrator.files.yaml_text import read_yaml
from orchestrator.plans.plan_file import MAX_BYTES

JSON: Final = ("application/json", "text/json")
YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain", "")
_IDS: Final = ("plan_id", "planId")


class PlanText:
    """The body, not read yet as a plan: that takes time, and is for a thread."""

    def __init__(self, data: bytes, *, is_json: bool, request_id: str | None) -> None:
        self._data = data
        self._is_json = is_json
        self._request_id = request_id
        self._wrong: InvalidInput | None = None

    @property
    def is_unreadable(self) -> bool:
        """Whether somebody has tried to read it and could not."""
        return self._wrong is not None

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self._data)

    def values(self) -> dict[str, Any]:
        """The plan as values. Raises ``InvalidInput``, each time the same: what takes long is tried once.

        One that names no id gets one from the request's: the same request again is the same plan.
        """
        if self._wrong is not None:
            raise self._wrong
        try:
            found = self._read()
        except InvalidInput as error:
            self._wrong = error
            raise
        if self._request_id and not any(found.get(name) for name in _IDS):
            found = {**found, "plan_id": f"plan-{hashlib.sha256(self._request_id.encode()).hexdigest()[:24]}"}
        return found

    def _read(self) -> dict[str, Any]:
        try:
            text = self._data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput([Problem("", None, f"not UTF-8 text ({error.reason})")]) from error
        try:
            found = parse_json(text) if self._is_json else read_yaml(text, "body")
        except JsonMistake as error:
            raise InvalidInput([Problem("", None, str(error))]) from error
        if not isinstance(found, dict):
            message = "expected a plan: a mapping with name, max_concurrency, stages and tenants"
            raise InvalidInput([Problem("", None, message)])
        return found


async def _plan_text(request: Request, request_id: RequestId) -> PlanText:
    read: PlanText | None = getattr(request.state, "plan_text", None)
    if read is not None:
        # Whoever looks for all that is wrong with the request asks again, and a body comes once.
        return read
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (*JSON, *YAML):
        detail = f"a plan is application/json or application/yaml, not {cut_text(kind, 100)}"
        raise Refusal(415, "unsupported_media_type", "Not a kind that a plan is written in", detail)
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BYTES:
            raise Refusal(413, "too_large", "The body is too large", f"at most {MAX_BYTES} bytes")
        pieces.append(piece)
    read = request.state.plan_text = PlanText(b"".join(pieces), is_json=kind in JSON, request_id=request_id)
    return read


PlanBody = Annotated[PlanText, Depends(_plan_text)]
