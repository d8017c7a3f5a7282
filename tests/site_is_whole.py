"""What the built site loads is its own: ``python -m tests.site_is_whole FOLDER``; else a line each, exit code 1."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

_LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=\"([^\"]+)|<link\b[^>]*?\bhref=\"([^\"]+)")


def faults(folder: Path) -> list[str]:
    """Files that a page loads from elsewhere, or that are not there."""
    found: list[str] = []
    for page in sorted(folder.rglob("*.html")):
        for match in _LOADED.finditer(page.read_text()):
            address = match[1] or match[2]
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                found.append(f"{page}: loads {address}")
            elif parts.path and page.name != "404.html" and not (page.parent / parts.path).exists():
                found.append(f"{page}: {address} is not there")
    return found


if __name__ == "__main__":
    told = faults(Path(sys.argv[1]))
    print("\n".join(told) or "the site is whole")
    sys.exit(1 if told else 0)
