"""The one reading of a URL: scheme, host and port as they are dialled, for checks at submit and at use alike.

Two parsers that differ about a host are a hole between check and use, so there is one: httpx's, which also sends the
request. A host is given as it goes over the wire: lower case, IDNA 2008 (``bücher.example`` is
``xn--bcher-kva.example``, ``127。0。0。1`` is ``127.0.0.1``), without a last dot, and an address in any spelling that a
resolver would take for one (``127.1``, ``0x7f000001``, ``[::ffff:7f00:1]``) as the address.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from steps.told import exact_text

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS: Final = {"http": 80, "https": 443}
_NAME = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
_IPV4 = r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})"
_PLAIN: Final = re.compile(rf"(https?)://(?:({_NAME})|({_IPV4}))(?::([1-9][0-9]{{0,4}}))?(?:[/?][!-~]*)?")
"""Most URLs: read without a parser, since a plan has 100,000 of them. Only ASCII, and no number at a name's end."""

_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


_NO_PORT: Final = "its port is no number from 1 to 65535"
URL_LIMIT: Final = 2048
_UNUSABLE: Final = re.compile(r"[\x00-\x20\x7f<>\"{}|\\^`]")
"""Characters that no URL may hold; among them the braces of a template that was not rendered."""


class Place(NamedTuple):
    """Where a URL leads. ``address`` is set when the host is one, in whatever spelling."""

    scheme: str
    host: str
    port: int
    address: IpAddress | None


def read_url(url: str) -> Place:
    """Where the URL leads. Raises ``ValueError``, in a few words that do not quote it."""
    # A check reads each URL several times in a row.
    return _read_lately(url) if len(url) <= URL_LIMIT else _read(url)


def _read(url: str) -> Place:
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        scheme, host, four, digits = plain.groups()
        port = int(digits or _PORTS[scheme])
        if port < 65536 and four is not None:
            octets = [int(part) for part in four.split(".")]
            if max(octets) < 256:
                # Of a number: the text would be read once more.
                return Place(scheme, four, port, ipaddress.IPv4Address(int.from_bytes(octets)))
        if port < 65536 and host is not None and len(host) <= 253 and not _NUMBER.fullmatch(host.rpartition(".")[2]):
            return Place(scheme, host, port, None)
    # Loaded for the few that need it: what takes commands a thirtieth of their start is seldom used by one.
    import httpx

    try:
        parts = httpx.URL(url)
        scheme, host = parts.scheme, parts.raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        # httpx quotes after the colon, and the URL may hold a password.
        said = str(error).partition(":")[0].lower()
        if "port" in said:
            said = _NO_PORT if url.count("[") == url.count("]") else "its brackets do not match"
        raise ValueError(exact_text(said, 100)) from None
    _refuse_unsplit(url)
    if scheme not in _PORTS:
        raise ValueError(f"its scheme is {exact_text(scheme, 20)!r}")
    port = _PORTS[scheme] if parts.port is None else parts.port
    if not 0 < port < 65536:
        raise ValueError(_NO_PORT)
    name, address = read_host(host)
    return Place(scheme, name, port, address)


def _refuse_unsplit(url: str) -> None:
    """What takes a URL apart, here and in the tools of others, does so by ``urlsplit``, which refuses a little more."""
    try:
        urlsplit(url)
    except ValueError as error:
        # Its words quote the place, which may hold a password.
        said = "a character in it stands for another" if "NFKC" in str(error) else "its brackets do not match"
        raise ValueError(said) from None


_read_lately: Final = lru_cache(maxsize=256)(_read)


def what_is_wrong(url: str) -> str | None:
    """Why the text is no usable http(s) URL, in a few words that do not quote it; None when it is one."""
    if len(url) > URL_LIMIT:
        return f"it is longer than {URL_LIMIT} characters"
    if _UNUSABLE.search(url):
        return "it holds white space or a character that must be percent-encoded"
    try:
        read_url(url)
    except ValueError as error:
        return str(error)
    return None


def read_host(host: str) -> tuple[str, IpAddress | None]:
    """The host as it is compared, and the address that it is, if any. Raises ``ValueError``."""
    host = host.lower().removesuffix(".")
    if not host:
        raise ValueError("it has no host")
    if ":" in host:
        # A zone names an interface of this machine; what is behind it is told by the address alone.
        address = ipaddress.ip_address(host.partition("%")[0])
        return str(address), address
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) <= 63 for label in labels):
        raise ValueError("its host name has an empty or too long part")
    if not _NUMBER.fullmatch(labels[-1]):
        return host, None
    # What ends in a number is no name: the resolver reads it as C does, octal, hexadecimal and short forms included.
    try:
        if not all(_NUMBER.fullmatch(label) for label in labels):
            raise OSError
        four = ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        raise ValueError("its host ends in a number and is no IPv4 address") from None
    return str(four), four


def encoded_host(host: str) -> str:
    """A host name as it goes over the wire, which is how it stands in a URL. Raises ``ValueError``."""
    import httpx

    try:
        return httpx.URL(scheme="http", host=host).raw_host.decode("ascii").lower()
    except httpx.InvalidURL as error:
        raise ValueError(exact_text(str(error), 100)) from None
