"""The OpenAPI document as a page: every operation with what it takes and answers, and what was really answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Changeover: HTTP API</title>
<link rel="stylesheet" href="/api/docs.css">
</head>
<body>
<header><h1>Changeover: HTTP API</h1>
<p><a href="/api/v1/openapi.json">OpenAPI document</a></p></header>
"""


def page_of(document: Mapping[str, Any]) -> str:
    """The page. All text of the document is escaped; nothing in it is taken for markup."""
    operations = list(_operations(document))
    parts = [_HEAD, _paragraphs(document["info"].get("description", "")), "<nav><ul>"]
    parts += [f'<li><a href="#{name}"><b>{method}</b> {escape(path)}</a></li>' for method, path, name, _ in operations]
    parts.append("</ul></nav><main>")
    parts += [_section(*operation) for operation in operations]
    parts.append(_schemas(document["components"]["schemas"]))
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, escape(operation["operationId"]), operation


def _section(method: str, path: str, name: str, operation: Mapping[str, Any]) -> str:
    parts = [f'<section id="{name}"><h2><b>{method}</b> <code>{escape(path)}</code></h2>']
    parts.append(_paragraphs(operation.get("description", "")))
    if parameters := operation.get("parameters"):
        rows = [
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{escape(_kind(one.get('schema', {})))}</td><td>{escape(one.get('description', ''))}</td></tr>"
            for one in parameters
        ]
        parts.append(f"<table><tr><th>parameter</th><th>in</th><th>kind</th><th></th></tr>{''.join(rows)}</table>")
    if body := operation.get("requestBody"):
        parts.append("<h3>Body</h3>" + _contents(body["content"]))
    for status, response in operation["responses"].items():
        parts.append(f"<h3>{escape(status)} <small>{escape(response['description'])}</small></h3>")
        parts.append(_contents(response.get("content", {})))
    return "\n".join([*parts, "</section>"])


def _contents(contents: Mapping[str, Any]) -> str:
    parts = []
    for kind, content in contents.items():
        parts.append(f"<p><code>{escape(kind)}</code> {_reference(content.get('schema', {}))}</p>")
        if "example" in content:
            example = content["example"]
            text = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
            parts.append(f"<details><summary>example</summary><pre>{escape(text)}</pre></details>")
    return "\n".join(parts)


def _schemas(schemas: Mapping[str, Any]) -> str:
    parts = ["<h2>Models</h2>"]
    for name, schema in sorted(schemas.items()):
        parts.append(f'<section id="model-{escape(name)}"><h3>{escape(name)}</h3>')
        parts.append(_paragraphs(schema.get("description", "")))
        rows = [
            f"<tr><td><code>{escape(field)}</code></td><td>{_reference(kind) or escape(_kind(kind))}</td>"
            f"<td>{escape(kind.get('description', ''))}</td></tr>"
            for field, kind in schema.get("properties", {}).items()
        ]
        if rows:
            parts.append(f"<table><tr><th>field</th><th>kind</th><th></th></tr>{''.join(rows)}</table>")
        parts.append("</section>")
    return "\n".join(parts)


def _kind(schema: Mapping[str, Any]) -> str:
    """``string``, ``array of PlanSummary``, ``integer or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))


def _reference(schema: Mapping[str, Any]) -> str:
    if "$ref" not in schema:
        return ""
    name = escape(_kind(schema))
    return f'<a href="#model-{name}">{name}</a>'


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
