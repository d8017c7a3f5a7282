"""The page for people: ``router`` (HTML), templates in ``templates/``, served files in ``static/`` under ``/static``.

Every route needs a permission, as in the API (``console/access/roles.py``). Every form sends ``actor.csrf`` back, as
the field ``csrf_token`` of a urlencoded form or as the header ``X-CSRF-Token`` (``hx-headers`` on the body does it for
all of htmx). Nothing inline: the Content-Security-Policy allows files of ours and nothing else, no ``style`` attribute
either. ``error_page`` makes a page of a problem. Templates escape by themselves; nothing is marked safe that came from
outside.
"""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.console.page import audit, dialogs, doctor, freezes, plan, plans, submit, tenants, tokens, webhooks
from orchestrator.console.page.rendering import STATIC, error_page, sign_in_page

__all__ = ["STATIC", "error_page", "router", "sign_in_page"]

router = APIRouter(include_in_schema=False)
for _room in (plans, plan, dialogs, tenants, freezes, doctor, submit, tokens, audit, webhooks):
    router.include_router(_room.router)
