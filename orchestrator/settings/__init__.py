"""Application settings: the model, the servers they name, where each value came from, the checkpoint store."""

from __future__ import annotations

from orchestrator.settings.model import Settings, load_settings

__all__ = ["Settings", "load_settings"]
