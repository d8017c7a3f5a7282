"""How the API writes its answers: JSON with every known secret masked, or JSON lines as they come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from orchestrator.console.problems import answer_of, problem, problem_of
from orchestrator.control.answers import OperationResult
from orchestrator.domain.errors import NotAllowed
from orchestrator.secrets.masking import mask, mask_json

LINES: Final = "application/x-ndjson"
PIECE_BYTES: Final = 64 * 1024
"""So much of a stream is made in one go on a thread."""

RunPiece = Callable[[Callable[[], bytes]], Awaitable[bytes]]


class MaskedJson(JSONResponse):
    """What this process knows as a secret is in none of its answers."""

    def render(self, content: Any) -> bytes:
        return mask_json(json.dumps(content, ensure_ascii=False, separators=(",", ":"))).encode("utf-8", "replace")


def json_of(value: Any) -> Any:
    """A model as JSON values, camelCase."""
    return value.model_dump(by_alias=True, mode="json") if isinstance(value, BaseModel) else value


def answered(result: OperationResult, request: Request) -> OperationResult | Response:
    """How an operation was taken: refused is 409, with the same result in the problem."""
    if result.accepted:
        return result
    document = problem(409, NotAllowed.code, "Its state does not allow it", result.message, result=json_of(result))
    return answer_of(document, request, None, {})


def json_lines(values: Iterable[Any], run: RunPiece = run_in_threadpool) -> StreamingResponse:
    """Each value on a line; ``run`` makes the pieces, on a thread. What is wrong before the first is an answer of its
    own; later it is a line ``error``, with the problem, and the last."""
    rest = iter(values)
    first = list(islice(rest, 1))
    return StreamingResponse(_pieces(chain(first, rest), run), media_type=LINES)


async def _pieces(values: Iterator[Any], run: RunPiece) -> AsyncIterator[bytes]:
    while piece := await run(partial(_piece, values)):
        yield piece


def _piece(values: Iterator[Any]) -> bytes:
    lines: list[str] = []
    size = 0
    try:
        for value in values:
            lines.append(json.dumps(json_of(value), ensure_ascii=False, separators=(",", ":")) + "\n")
            size += len(lines[-1])
            if size >= PIECE_BYTES:
                break
    except Exception as error:  # noqa: BLE001 - the answer has begun: the line says how it ends
        lines.append(json.dumps({"error": problem_of(error)}) + "\n")
    text = "".join(lines)
    # Most are as they should be: a whole piece is looked at in one go.
    if mask(text) != text:
        text = "".join(f"{mask_json(line)}\n" for line in lines)
    return text.encode("utf-8", "replace")
