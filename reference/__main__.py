"""Writes every made page and part; run where ``docs`` is."""

from __future__ import annotations

from reference.made import ROOT, made

if __name__ == "__main__":
    for name, text in made().items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text)
