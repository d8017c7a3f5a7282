"""The Celery application that coordinator, workers and Flower share."""

from __future__ import annotations

from celery import Celery


def make_app() -> Celery:
    """A Celery application configured by ``celeryconfig``; coordinator, workers and Flower all use this one."""
    # Imported here, since it reads the servers from the environment; given as a module, since Celery would look for a
    # name in the current folder first, where a user may have a celeryconfig of their own.
    import celeryconfig

    app = Celery("changeover")
    app.config_from_object(celeryconfig)
    return app
