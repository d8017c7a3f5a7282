"""The steps and instance sources that installed packages bring; one that is broken is one clear line, wherever it is
met: no plan is checked, and no worker starts, with half of the steps that its author had."""

from __future__ import annotations

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.secrets.masking import mask
from steps import InstanceSource, StepRegistry, load_registry, load_sources
from steps.registry import StepRegistryError


def installed_steps() -> StepRegistry:
    """The built-in steps and those of other packages. Raises ``InvalidInput``, which says whose is wrong, and how; a
    source that is broken too: no worker starts with it."""
    try:
        registry = load_registry()
    except StepRegistryError as error:
        raise InvalidInput([Problem("", None, mask(str(error)))]) from error
    installed_sources()
    return registry


def installed_sources() -> list[InstanceSource]:
    """Where steps may look instances up, beside the settings. Raises as ``installed_steps`` does."""
    try:
        return load_sources()
    except TypeError as error:
        raise InvalidInput([Problem("", None, mask(str(error)))]) from error
