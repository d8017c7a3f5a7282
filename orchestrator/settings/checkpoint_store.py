"""The checkpoint store that the settings name, when it is not the ledger itself."""

from __future__ import annotations

from checkpoint import (
    LEDGER_STORE,
    CheckpointStore,
    CheckpointStoreMisused,
    CheckpointStoreUnavailable,
    StoreOptions,
    make_store,
)
from orchestrator.domain.errors import InvalidInput, Problem, Unreachable
from orchestrator.settings.model import Settings
from steps.raised import is_for_process
from steps.told import cause_of, said_by, words_of


def open_store(settings: Settings, *, one_process: bool = False) -> CheckpointStore | None:
    """The store, not yet connected; None when checkpoints are kept in the ledger's own writes (``redis``).

    ``one_process``: coordinator and worker are this process. Raises ``InvalidInput``.
    """
    chosen = settings.checkpoint
    if chosen.store_type == LEDGER_STORE:
        return None
    url = chosen.url.get_secret_value() if chosen.url else None
    try:
        return make_store(
            chosen.store_type, StoreOptions(settings.namespace, url, chosen.size_limit_bytes), one_process=one_process
        )
    except CheckpointStoreMisused as error:
        why = cause_of(error)
        told = f"{said_by(error)}: {words_of(why)}" if why is not None else said_by(error)
        raise InvalidInput([Problem("", None, told)]) from error


def require_store(settings: Settings, *, one_process: bool = False) -> None:
    """Says at a process' start what would else be said by every stage: raises ``InvalidInput`` or ``Unreachable``."""
    store = open_store(settings, one_process=one_process)
    if store is None:
        return
    name = f"checkpoint store {settings.checkpoint.store_type}"
    try:
        try:
            store.load("")
        finally:
            close = getattr(store, "close", None)
            if close is not None:
                close()
    except CheckpointStoreMisused as error:
        raise InvalidInput([Problem("", None, f"{name}: {said_by(error)}")]) from error
    except CheckpointStoreUnavailable as error:
        advice = "start it, or set CHANGEOVER_CHECKPOINT__URL"
        raise Unreachable(f"{name}: {said_by(error)}; {advice}") from error
    except BaseException as error:
        if is_for_process(error):
            raise
        raise InvalidInput([Problem("", None, f"{name}: {words_of(error)}")]) from error
