"""Random fleets with everything at once, and what many people ask of them in between."""

from __future__ import annotations

from tests.support.random_walk.idle import check_nobody_waits_in_vain
from tests.support.random_walk.passed_waves import check_no_wave_passed_by
from tests.support.random_walk.walk import Walk

__all__ = ["Walk", "check_no_wave_passed_by", "check_nobody_waits_in_vain"]
