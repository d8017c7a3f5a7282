"""Whether this console works: the one address that wants no token."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

HEALTH: Final = "/health"
router = APIRouter()


@router.get(HEALTH, tags=["health"])
async def health() -> dict[str, str]:
    """Answers while the console does, and needs no thread; says nothing of Redis, so that its absence restarts
    nobody."""
    return {"status": "up"}
