"""The HTTP API: ``router``, under ``/api/v1``. How a route says what it needs: ``console/access/roles.py``; how it
fails: ``console/problems.py``, with all that is wrong with a request: ``every_mistake.py``.

A module of routes makes an ``APIRouter`` and is included here. Handlers that call ``Client`` are plain ``def``: it
blocks, and they run in the thread pool. What is ``async`` calls it through ``starlette.concurrency.run_in_threadpool``.
A stream that stays open is ``async`` and holds no thread while it waits; the door ends it when its token is revoked and
when the console stops, by a disconnect. What costs much is shared by all who ask (``shared.py``).
"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from orchestrator.console.api import (
    audit,
    document,
    events,
    freezes,
    looks,
    operations,
    plans,
    tasks,
    tenants,
    tokens,
    webhooks,
)
from orchestrator.console.api.known_parameters import CHECKS

router = APIRouter(prefix="/api/v1", dependencies=[Depends(one) for one in CHECKS])
for room in (operations, plans, tasks, tenants, freezes, looks, events, tokens, webhooks, audit, document):
    router.include_router(room.router)
router.include_router(tokens.links)
