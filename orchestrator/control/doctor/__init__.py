"""Looks the installation over: see ``examination``."""

from orchestrator.control.doctor.examination import examine
from orchestrator.control.doctor.rows import Row

__all__ = ["Row", "examine"]
