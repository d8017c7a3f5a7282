"""The Celery application that coordinator, workers and Flower share."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec
from types import ModuleType

from celery import Celery

from orchestrator.settings.model import Settings


def make_app(settings: Settings | None = None) -> Celery:
    """A Celery application configured by ``celeryconfig``; coordinator, workers and Flower all use this one. Its
    broker is that of the ``settings``, without them of the environment's."""
    app = Celery("changeover")
    app.config_from_object(_config(settings))
    return app


def _config(settings: Settings | None) -> ModuleType:
    # Imported here, since it reads the servers from the environment; given as a module, since Celery would look for a
    # name in the current folder first, where a user may have a celeryconfig of their own.
    if settings is None:
        import celeryconfig

        return celeryconfig
    spec = find_spec("celeryconfig")
    assert spec is not None
    assert spec.loader is not None
    own = module_from_spec(spec)
    own.__dict__["_given"] = settings
    spec.loader.exec_module(own)
    return own
