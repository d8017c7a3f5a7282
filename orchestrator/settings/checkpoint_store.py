"""The checkpoint store that the settings name, when it is not the ledger itself."""

from __future__ import annotations

from checkpoint import (
    LEDGER_STORE,
    CheckpointError,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    StoreOptions,
    make_store,
)
from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.settings.contained_store import ContainedStore, words_of_store
from orchestrator.settings.given import with_where
from orchestrator.settings.model import Settings, sources
from steps.raised import Escaped
from steps.told import cause_of, said_by, words_of


def open_store(settings: Settings, *, one_process: bool = False) -> ContainedStore | None:
    """The store, not yet connected; None when checkpoints are kept in the ledger's own writes (``redis``).

    ``one_process``: coordinator and worker are this process. Raises ``InvalidInput``.
    """
    chosen = settings.checkpoint
    if chosen.store_type == LEDGER_STORE:
        return None
    url = chosen.url.get_secret_value() if chosen.url else None
    try:
        store = make_store(
            chosen.store_type, StoreOptions(settings.namespace, url, chosen.size_limit_bytes), one_process=one_process
        )
    except CheckpointStoreMisused as error:
        why = cause_of(error)
        said = said_by(error) or f"checkpoint.store_type: {words_of(error)}"
        told = f"{said}: {words_of(why)}" if why is not None else said
        path, _, rest = told.partition(": ")
        raise InvalidInput([Problem("", None, with_where(told, path if rest else "", sources()))]) from error
    return ContainedStore(store, chosen.store_type)


def require_store(settings: Settings, *, one_process: bool = False) -> None:
    """Says at a process' start what would else be said by every stage: raises ``InvalidInput`` or ``Unreachable``."""
    store = open_store(settings, one_process=one_process)
    if store is None:
        return
    try:
        try:
            store.load("")
        finally:
            store.close()
    except CheckpointStoreUnavailable as error:
        advice = "start it, or set CHANGEOVER_CHECKPOINT__URL"
        raise Unreachable(f"{words_of_store(error, store.name)}; {advice}") from error
    except (CheckpointError, Escaped) as error:
        raise InvalidInput([Problem("", None, words_of_store(error, store.name))]) from error
