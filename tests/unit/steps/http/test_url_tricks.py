"""Spellings and wrappings of addresses that nobody is to call: whatever a URL says, no such address is dialled.

The pool is the real one; what it would connect to is written down instead. A host that is a number in any spelling is
resolved by this machine, names by a table.
"""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Iterable, Iterator

import httpcore
import pytest

from steps import AllowedHosts, HttpPool, HttpRequest
from steps.http.dialer import Dialer
from steps.http.names import resolve

PATTERNS = ["*.example.com", "api.partner.example", "10.0.0.0/8", "fd00::/8"]
LOOPBACK, LINK, METADATA = "127.0.0.1", "169.254.169.254", "100.100.100.200"


def spellings(four: str) -> Iterator[str]:
    """Ways to write an IPv4 address as a host."""
    a, b, c, d = parts = [int(part) for part in four.split(".")]
    number = int(ipaddress.IPv4Address(four))
    high, low = f"{a:02x}{b:02x}", f"{c:02x}{d:02x}"
    yield from (four, f"{four}.", str(number), hex(number), hex(number).upper().replace("0X", "0x"), f"0{number:o}")
    yield from (f"{a}.{(b << 16) | (c << 8) | d}", f"{a}.{b}.{(c << 8) | d}")
    yield ".".join(hex(part) for part in parts)
    yield ".".join(f"0{part:o}" for part in parts)
    yield ".".join(f"{part:#06x}" for part in parts)
    yield f"0x{a:x}.{b}.0{c:o}.{d}"
    yield f"{a:04d}.{b}.{c}.{d}"
    yield four.replace(".", "\u3002")
    yield four.replace(".", "\uff0e")
    yield four.replace(".", "\uff61")
    yield "".join(chr(ord(character) + 0xFEE0) if character.isdigit() else character for character in four)
    yield "".join(f"%{ord(character):02x}" for character in four)
    # Inside IPv6: mapped, translated, compatible, NAT64 (two prefixes), 6to4, Teredo, ISATAP
    yield from (f"[::ffff:{four}]", f"[::FFFF:{high}:{low}]", f"[0:0:0:0:0:ffff:{high}:{low}]")
    yield from (f"[::ffff:0:{four}]", f"[::{four}]", f"[::{high}:{low}]")
    yield from (f"[64:ff9b::{four}]", f"[64:ff9b::{high}:{low}]", f"[64:ff9b:1::{high}:{low}]")
    yield from (f"[2002:{high}:{low}::1]", f"[2002:{high}:{low}::]")
    yield from (f"[2001:0:{high}:{low}::1]", f"[2001::{0xFFFF ^ int(high, 16):x}:{0xFFFF ^ int(low, 16):x}]")
    yield from (f"[2001:db8::5efe:{four}]", f"[2001:db8::200:5efe:{high}:{low}]")
    yield f"[::ffff:{four}%25lo]"


SIX = ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[0::0]", "[fe80::1]", "[FE80::1]", "[fe80::1%25lo]",
       "[fe80::1%lo]", "[fec0::1]", "[fd00:ec2::254]", "[FD00:0EC2::0254]", "[fd00:c1::a9fe:a9fe]", "[fd20:ce::254]",
       "[fd00:ec2::23]", "[fd00:42::42]", "[fd00:a9fe:a9fe::1]",
       "[fd00:100::100:200]", "[ff02::1]", "[100::1]"]  # fmt: skip
OTHER = ["0.0.0.0", "0", "0x0", "127.255.255.254", "127.0.1.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
         "169.254.170.2", "168.63.129.16", "192.0.0.192", "192.80.8.124"]  # fmt: skip
NAMES = {
    "localhost": LOOPBACK, "localhost.": LOOPBACK, "LOCALHOST": LOOPBACK, "a.localhost": LOOPBACK,
    "meta.example.com": LINK, "loop.example.com": LOOPBACK, "six.example.com": "::1", "link.example.com": "fe80::1%lo",
    "nat.example.com": "64:ff9b::a9fe:a9fe", "mapped.example.com": "::ffff:127.0.0.1",
    "to4.example.com": "2002:7f00:1::",
    "cloud.example.com": METADATA, "ula.example.com": "fd00:ec2::254", "zero.example.com": "0.0.0.0",
    "api.partner.example": LOOPBACK, "metadata.google.internal": LINK,
}  # fmt: skip
WRAPPED = [
    "http://good.example.com@{}/", "http://good.example.com:80@{}/", "http://a@b@{}/", "http://x:y@{}:80/", "HTTP://{}/",
    "http://{}:080/", "http://{}:/", "http://{}#@good.example.com/", "http://{}?@good.example.com/", "https://{}/",
    "http://{}/\\@good.example.com", "http://good.example.com\\@{}/", "http:\\\\{}/", "http:/{}/", "http:{}/", "//{}/",
    "http://{}\t/", "http://{}\n/", " http://{}/", "http://good.example.com%40{}/", "http://{}%00.example.com/",
    "http://{}%2f.example.com/", "http://good.example.com%23@{}/", "http://[{}]/", "http://{}.:80/", "http:///{}/",
    "ftp://{}/", "file://{}/etc/passwd", "gopher://{}:6379/_INFO", "unix://{}/", "http://{}\u0000/", "http://{}\u00ad/",
]  # fmt: skip


def tricks() -> list[str]:
    hosts = [one for four in (LOOPBACK, LINK, METADATA, "0.0.0.0") for one in spellings(four)] + SIX + OTHER + [*NAMES]
    urls = [f"http://{host}/latest" for host in hosts] + [f"http://{host}:8080/" for host in (*SIX, *OTHER)]
    for wrapping, host in itertools.product(WRAPPED, (LOOPBACK, LINK)):
        urls.append(wrapping.format(host))
    return urls


class Written(httpcore.AsyncNetworkBackend):
    """Writes down what would be dialled."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        raise httpcore.ConnectError("written down")


async def table(host: str, port: int) -> list[str]:
    for name, address in NAMES.items():
        if host == name.lower().removesuffix("."):
            return [address]
    if host == "good.example.com":
        return ["192.0.2.1"]
    try:
        # As this machine reads a number, without asking anybody.
        socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except OSError:
        raise socket.gaierror(socket.EAI_NONAME, "unknown") from None
    return await resolve(host, port)


def dialled(urls: list[str], hosts: AllowedHosts) -> set[str]:
    """What these URLs would have dialled."""
    network = Written()
    with HttpPool(dialer=Dialer(hosts, table, network)) as pool:
        answers = pool.fetch_all([HttpRequest(url, url) for url in urls], 60)
    for answer in answers:
        assert answer.status is None
        assert answer.error
        assert "timed out" not in answer.error
    return set(network.dialled)


def test_there_are_enough_of_them() -> None:
    assert len(set(tricks())) >= 176


@pytest.mark.parametrize(
    "hosts",
    [AllowedHosts(None, allow_loopback=False), AllowedHosts(["*"]), AllowedHosts(PATTERNS),
     AllowedHosts(["0.0.0.0/0", "::/0"]), AllowedHosts([])],
    ids=["no list", "star", "list", "all addresses", "nothing"],
)  # fmt: skip
def test_no_special_address_is_dialled(hosts: AllowedHosts) -> None:
    # What is left is the part of a trick that is no trick.
    assert dialled(tricks(), hosts) <= {"192.0.2.1"}


def test_only_this_machine_is_by_default() -> None:
    addresses = dialled(tricks(), AllowedHosts(None))
    assert {"127.0.0.1", "::1"} < addresses
    for address in addresses - {"192.0.2.1", "::1"}:
        # Whatever wraps it, an IPv4 address stands at the end.
        inner = ipaddress.IPv4Address(int(ipaddress.ip_address(address)) & 0xFFFFFFFF)
        assert inner in ipaddress.ip_network("127.0.0.0/8") or inner in ipaddress.ip_network("0.0.0.0/8"), address


@pytest.mark.parametrize("host", ["10.1.2.3", "167837955", "0xa010203", "good.example.com", "[fd00::7]",
                                  "[::ffff:10.1.2.3]", "[64:ff9b::a01:203]", "GOOD.Example.com."])  # fmt: skip
def test_the_others_are(host: str) -> None:
    url = f"http://user@{host}:8443/"
    for hosts in (AllowedHosts(None), AllowedHosts(PATTERNS)):
        assert hosts.refuse(url) is None
        assert len(dialled([url], hosts)) == 1


def test_what_the_text_tells_is_refused_at_submit() -> None:
    hosts = AllowedHosts(None, allow_loopback=False)
    for four in (LOOPBACK, LINK, METADATA):
        # Full-width digits and percent signs are no address to anybody.
        for host in spellings(four):
            if "%" not in host and not any(0xFF10 <= ord(character) <= 0xFF19 for character in host):
                assert hosts.refuse(f"http://{host}/"), host
    for host in (*SIX, *OTHER):
        assert hosts.refuse(f"http://{host}/"), host


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("bücher.example", "http://BÜCHER.example./"),
        ("xn--bcher-kva.example", "http://bücher.example/"),
        ("*.bücher.example", "http://a.xn--bcher-kva.example:8080/"),
        ("straße.example", "http://xn--strae-oqa.example/"),
    ],
)
def test_a_name_has_one_spelling(pattern: str, url: str) -> None:
    assert AllowedHosts([pattern]).refuse(url) is None
    assert AllowedHosts([pattern]).refuse("http://strasse.example/")
