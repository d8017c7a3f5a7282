"""What is shown at the console's door: a token, a session's cookie, or the code of a one-time link.

``chg-token-<id>-<secret>``: the id finds the record, the secret has 256 bits. Only its digest is kept, and that is
enough against whoever reads Redis: nobody finds such a secret by trying, so a slow hash would only cost the console.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

CredentialKind = Literal["token", "session", "link"]
LEAST_DIGITS: Final = 8
"""So many different digits a secret has."""
_SECRET: Final = re.compile(r"[0-9a-f]{64}")
_FORM: Final = re.compile(rf"chg-(token|session|link)-([0-9a-f]{{16}})-({_SECRET.pattern})")


@dataclass(frozen=True, slots=True)
class Credential:
    """One, with its secret; never logged or kept so."""

    kind: CredentialKind
    identifier: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.kind}, {self.identifier})"

    @property
    def text(self) -> str:
        """As it is shown."""
        return f"chg-{self.kind}-{self.identifier}-{self.secret}"

    @property
    def digest(self) -> str:
        """What is kept of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    @property
    def csrf(self) -> str:
        """What forms send back that a page of this credential gave out. The secret cannot be told from it."""
        return hmac.new(self.secret.encode(), b"changeover csrf", hashlib.sha256).hexdigest()

    def proves(self, digest: object) -> bool:
        """Whether this is the secret that the digest was made of; takes as long whatever differs."""
        return isinstance(digest, str) and hmac.compare_digest(self.digest.encode(), digest.encode())


def draw_credential(kind: CredentialKind) -> Credential:
    """A new one."""
    return Credential(kind, secrets.token_hex(8), secrets.token_hex(32))


def is_secret(text: str) -> bool:
    """Whether it has the form of a secret, and is none that was obviously not drawn at random: of few different digits,
    or one piece again and again. Of those that are drawn it is none in a billion."""
    drawn = len(set(text)) >= LEAST_DIGITS and text not in (text + text)[1:-1]
    return drawn and _SECRET.fullmatch(text) is not None


def read_credential(text: str, kind: CredentialKind) -> Credential | None:
    """What the text shows, when it has the form of this kind."""
    found = _FORM.fullmatch(text)
    return Credential(kind, found[2], found[3]) if found and found[1] == kind else None


def without_credentials(text: str) -> str:
    """The text with the secret of each in it replaced."""
    return _FORM.sub(r"chg-\1-\2-***", text) if "chg-" in text else text
