"""What templates see when secrets are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.secrets.references import Secrets
from orchestrator.templates.variables import template_variables


def variables(folder: Path, **environment: str) -> dict[str, Any]:
    """Of the tenant acme; ``environment`` are secrets by name, beside those in the folder."""
    given = {f"CHANGEOVER_SECRET_{name}": value for name, value in environment.items()}
    return template_variables({"tenant_id": "acme"}, {}, Secrets(folder, given))
