"""Causes that a test cannot bring about with a server of its own, as the layers below wrap them."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx
import pytest

from steps.http.error import describe


def caused_by(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = OSError("All connection attempts failed")
    error.__cause__.__cause__ = cause
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (OSError(errno.EHOSTUNREACH, "x"), "no route to host"),
        (
            ExceptionGroup("tried", [OSError(errno.ENETUNREACH, "x"), OSError(errno.ECONNREFUSED, "x")]),
            "network is unreachable",
        ),
        (socket.gaierror(-2, "x"), "host name not resolved"),
        (untrusted(), "TLS certificate not trusted: self-signed certificate"),
    ],
)
def test_the_cause_under_the_wrapping_is_told(cause: BaseException, said: str) -> None:
    assert describe(caused_by(cause)) == said


def test_never_empty_and_bounded() -> None:
    assert describe(httpx.ReadError("")) == "ReadError"
    assert len(describe(httpx.ReadError("x" * 10_000))) < 120
