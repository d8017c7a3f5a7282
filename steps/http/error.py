"""A failed request in a few words that an operator can act on, whatever layer it failed in."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import h11
import httpcore
import httpx

from steps.wording import cut


def describe(error: BaseException) -> str:
    """A short sentence without stop: ``connection refused``, ``host name not resolved`` ... Never empty."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS certificate not trusted: {cut(cause.verify_message, 100)}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cut(cause.reason or str(cause), 100)}"
        if isinstance(cause, socket.gaierror):
            return "host name not resolved"
    for cause in causes:
        # httpcore and anyio wrap errors of the system in their own, which have no number.
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return f"not a usable address: {cut(str(error), 100)}"
    if isinstance(error, httpcore.RemoteProtocolError | httpcore.LocalProtocolError | h11.LocalProtocolError):
        return f"not proper HTTP: {cut(str(error), 100)}"
    return cut(str(error), 100) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, outermost first; several at once when several addresses were tried."""
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (*inner, error.__cause__ or error.__context__):
        if cause is not None:
            yield from _causes(cause)
