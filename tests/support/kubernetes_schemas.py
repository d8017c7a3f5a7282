"""Kubernetes' schemas as one file a kind, the form in which kubeconform reads them; out of kubernetes-validate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_REFERENCE = re.compile(r'"[^"]*#/\$defs/')


def write_schemas(source: Path, target: Path, kinds: Iterable[str]) -> None:
    """``kinds`` as ``deployment-apps-v1``; each gets the definitions that it reaches, and no others."""
    shared = _read(source / "_definitions.json")["$defs"]
    for kind in kinds:
        schema = _read(source / f"{kind}.json")
        reached: dict[str, Any] = {}
        looked_at = [schema]
        while looked_at:
            for name in re.findall(r'"#/definitions/([^"]+)"', json.dumps(looked_at.pop())):
                if name not in reached:
                    reached[name] = shared[name]
                    looked_at.append(shared[name])
        schema["definitions"] = reached
        # Of a later form of JSON Schema than the reader's.
        del schema["$id"], schema["$schema"]
        (target / f"{kind}.json").write_text(json.dumps(schema))


def _read(path: Path) -> Any:
    return json.loads(_REFERENCE.sub('"#/definitions/', path.read_text()))
