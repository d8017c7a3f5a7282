"""The page for people: ``router`` (HTML), templates in ``templates/``, served files in ``static/`` under ``/static``.

Every route needs a permission, as in the API (``console/access/roles.py``). Every form sends ``actor.csrf`` back,
as the field ``csrf_token`` of a urlencoded form or as the header ``X-CSRF-Token`` (``hx-headers`` on the body does it
for all of htmx). Nothing inline: the Content-Security-Policy allows files of ours and nothing else, no ``style``
attribute either; htmx is to be told ``includeIndicatorStyles: false`` and ``allowEval: false``. ``error_page`` makes a
page of a problem. Templates escape by themselves; nothing is marked safe that came from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

FOLDER: Final = Path(__file__).parent
STATIC: Final = FOLDER / "static"
templates = Jinja2Templates(FOLDER / "templates")
router = APIRouter(include_in_schema=False)


def error_page(request: Request, problem: Mapping[str, Any]) -> Response:
    """What went wrong, for a person."""
    return templates.TemplateResponse(request, "problem.html", {"problem": problem})


def sign_in_page(request: Request, said: str, following: str) -> Response:
    """The form to sign in; ``said``: why the last try failed, ``following``: where to go on."""
    return templates.TemplateResponse(request, "sign_in.html", {"said": said, "next": following})
