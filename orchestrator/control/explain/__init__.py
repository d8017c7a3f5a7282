"""Why is it not moving, and what to type next: see ``explainer``."""

from orchestrator.control.explain.explainer import Explainer
from orchestrator.control.explain.situations import Situation

__all__ = ["Explainer", "Situation"]
