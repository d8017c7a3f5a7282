"""Plays the instances of a plan's tenants: ``python -m examples.fleet examples/blue-to-green.yaml``."""

from __future__ import annotations

import sys

from orchestrator.embedded.demo.fleet import main

if __name__ == "__main__":
    sys.exit(main())
