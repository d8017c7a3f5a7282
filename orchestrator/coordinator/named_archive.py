"""The archive that the settings name."""

from __future__ import annotations

from orchestrator.coordinator.archive import Archive, FolderArchive
from orchestrator.settings.model import Settings


def open_archive(settings: Settings) -> Archive | None:
    """The archive that the settings name; None when plans are purged without one."""
    if settings.archive.path is not None:
        return FolderArchive(settings.archive.path)
    if settings.archive.url is not None:
        # SQLAlchemy takes a fifth of a worker's and a coordinator's start, and most archive elsewhere or nothing.
        from orchestrator.coordinator.database_archive import DatabaseArchive

        return DatabaseArchive(settings.archive.url.get_secret_value(), settings.namespace)
    return None
