from __future__ import annotations

import pytest

from steps import AllowedHosts

HOSTS = AllowedHosts(
    ["api.example.com", "*.corp.example", "10.0.0.0/8", "agent.internal:8443", "fd00::/8", "[fd01::1]:90"]
)


@pytest.mark.parametrize(
    "url",
    ["https://api.example.com/x", "http://API.example.com.:99/", "http://a.b.corp.example", "http://10.1.2.3:80/",
     "https://agent.internal:8443/", "http://[fd00::1]/", "http://user:pass@api.example.com/"],
)  # fmt: skip
def test_allowed(url: str) -> None:
    assert HOSTS.refuse(url) is None


@pytest.mark.parametrize(
    "url",
    ["https://example.com/", "http://corp.example/", "http://xcorp.example/", "http://11.0.0.1/", "https://agent.internal/",
     "http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/latest", "http://[::1]/", "http://h:99999/", "x",
     "http://api.example.com@evil.example/", "http://api.example.com.evil.example/"],
)  # fmt: skip
def test_refused(url: str) -> None:
    assert HOSTS.refuse(url)


@pytest.mark.parametrize("pattern", ["*", "0.0.0.0/0", "::/0"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "x.localhost", "169.254.169.254", "0.0.0.0", "[::1]", "[fe80::1]", "[::ffff:127.0.0.1]"],
)  # fmt: skip
def test_everything_does_not_mean_this_machine(pattern: str, host: str) -> None:
    assert AllowedHosts([pattern]).refuse(f"http://{host}/")


@pytest.mark.parametrize("pattern", ["127.0.0.1", "127.0.0.0/8", "127.0.0.1:8080"])
def test_this_machine_where_it_is_listed(pattern: str) -> None:
    assert AllowedHosts([pattern]).refuse("http://127.0.0.1:8080/") is None
    assert AllowedHosts(["localhost"]).refuse("http://localhost/") is None


@pytest.mark.parametrize("pattern", ["", "http://a", "a*b", "*.*.a", "a:b", "a:0", "a..b", "10.0.0.0/99"])
def test_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"no host name|usable port"):
        AllowedHosts([pattern])


def test_an_empty_list_allows_nothing() -> None:
    assert AllowedHosts([]).refuse("http://example.com")
