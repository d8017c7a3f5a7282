"""The files that TLS goes by: looked at before anything is dialled or served, since what a client or server says of a
wrong one names neither the file nor the option, and one that is a pipe would be waited for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from orchestrator.domain.errors import InvalidInput
from orchestrator.files.text_file import read_text

_MOST_BYTES: Final = 8 * 1024 * 1024
"""A bundle of all authorities of the world is a twentieth of it."""


class _NeedsPassword(Exception):
    """Of a key: whoever uses it is asked at the terminal."""


def tls_mistakes(
    files: Mapping[str, str], *, authorities: str = "", certificate: str = "", key: str = ""
) -> Iterator[tuple[str, str]]:
    """Option and what is wrong with its file, for each wrong one. ``files``: option to path; the others say which of
    them is what."""
    wrong = {name: found for name, path in files.items() if (found := _unusable(path))}
    yield from wrong.items()
    if authorities in files and authorities not in wrong and not _holds_certificate(files[authorities]):
        yield authorities, f"{files[authorities]}: holds no certificate (PEM)"
    if key in files and certificate not in files:
        yield key, f"needs {certificate} beside it"
    if certificate not in files or certificate in wrong or key in wrong:
        return
    if not _holds_certificate(files[certificate]):
        yield certificate, f"{files[certificate]}: holds no certificate (PEM)"
    elif found := _wrong_key(files[certificate], files.get(key)):
        yield key if key in files else certificate, found


def _unusable(path: str) -> str:
    try:
        read_text(Path(path), path, _MOST_BYTES)
    except InvalidInput as error:
        return "; ".join(f"{path}: {problem.message}" for problem in error.problems)
    return ""


def _holds_certificate(path: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, OSError):
        return False
    return True


def _wrong_key(certificate: str, key: str | None) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, _password)
    except _NeedsPassword:
        return ""
    except (ssl.SSLError, OSError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            return f"{key or certificate}: its key is not that of {certificate}"
        return f"{key or certificate}: holds no key (PEM)"
    return ""


def _password() -> str:
    raise _NeedsPassword
