"""Draws expressions and templates at random: whatever the grammar allows, and much that it does not."""

from __future__ import annotations

import random
from collections.abc import Callable

NAMES = (
    "long", "wide", "snow", "same_hash", "deep", "big", "tenant", "tenant.network_endpoints", "tenant.variables",
    "tenant.tenant_id", "plan", "none", "true", "secret.TOKEN", "secret", "missing", "x", "loop.index", "''.upper",
)  # fmt: skip
NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "64",
    "100",
    "1000",
    "60000",
    "4095",
    "10**9",
    "-10**9",
    "1.5",
    "1e308",
    "big",
)
TEXTS = (
    "''", "'a'", "'ab'", "'%s'", "'%9999999d'", "'{:>9999999}'", "'key'", "'key.value'", "'\\u0000'", "('a'*60000)",
    "('a'*30000 ~ 'b')", "('ab ' * 20000)", "' '", "'0'", "'9'*1300", "'x y'",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or")
FILTERS = (
    "abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first", "float", "format", "groupby",
    "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "pprint", "random",
    "reject", "rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string",
    "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "urlize", "wordcount",
    "wordwrap", "xmlattr",
)  # fmt: skip
TESTS = (
    "boolean", "defined", "divisibleby", "eq", "even", "float", "ge", "in", "integer", "lower", "lt", "mapping", "none",
    "number", "odd", "sequence", "string", "undefined", "upper", "sameas", "iterable",
)  # fmt: skip
METHODS = (
    "capitalize", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "get", "index", "isalnum",
    "items", "join", "keys", "ljust", "lower", "lstrip", "partition", "removeprefix", "replace", "rpartition", "rsplit",
    "rstrip", "split", "splitlines", "startswith", "strip", "title", "translate", "upper", "values", "zfill",
)  # fmt: skip
KEYWORDS = ("attribute", "start", "default", "reverse", "case_sensitive", "base", "method", "precision", "by", "sep")


class ExpressionGrammar:
    """One seed, one row of expressions. Small parts are drawn often, since most of what is large is refused early."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def source(self) -> tuple[str, str]:
        """``expression`` or ``template``, and its text."""
        draw = self._random
        if draw.random() < 0.6:
            return "expression", self._expression(draw.randint(2, 5))
        shape = draw.choice(("{{ %s }}", "x{{ %s }}", "{%% if %s %%}a{%% endif %%}", "loop"))
        if shape != "loop":
            return "template", shape % self._expression(draw.randint(2, 5))
        condition = f" if {self._expression(2)}" if draw.random() < 0.4 else ""
        body = draw.choice(("{{ %s }}", "{%% if %s %%}a{%% endif %%}", "%.0s")) % self._expression(3)
        return "template", f"{{% for x in {self._expression(3)}{condition} %}}{body}{{% endfor %}}"

    def _expression(self, depth: int) -> str:
        draw = self._random
        if depth <= 0 or draw.random() < 0.1:
            return self._atom()
        shapes: tuple[Callable[[int], str], ...] = (
            self._binary, self._binary, self._filtered, self._filtered, self._filtered, self._tested, self._called,
            self._repeated, self._literal, self._sliced, self._chosen, self._range, self._chained,
        )  # fmt: skip
        return draw.choice(shapes)(depth - 1)

    def _atom(self) -> str:
        return self._random.choice(self._random.choice((NAMES, NUMBERS, TEXTS)))

    def _binary(self, depth: int) -> str:
        return f"({self._expression(depth)} {self._random.choice(BINARY)} {self._expression(depth)})"

    def _chained(self, depth: int) -> str:
        sign = self._random.choice(BINARY)
        return "(" + f" {sign} ".join([self._expression(depth - 1)] * self._random.randint(2, 12)) + ")"

    def _filtered(self, depth: int) -> str:
        name = self._random.choice(FILTERS)
        value = f"({self._expression(depth)})"
        if name in ("map", "select", "reject"):
            inner = self._random.choice(FILTERS if name == "map" else TESTS)
            given = ", ".join([f"'{inner}'", *self._arguments(depth)])
            if name == "map" and self._random.random() < 0.3:
                given = f"attribute={self._random.choice(TEXTS)}"
            return f"{value} | {name}({given})" + self._random.choice((" | list", ""))
        if name in ("selectattr", "rejectattr"):
            return f"{value} | {name}('key', '{self._random.choice(TESTS)}', {self._expression(depth - 1)}) | list"
        return f"{value} | {name}({', '.join(self._arguments(depth))})"

    def _tested(self, depth: int) -> str:
        arguments = ", ".join(self._arguments(depth))
        return f"({self._expression(depth)} is {self._random.choice(TESTS)}{f'({arguments})' if arguments else ''})"

    def _called(self, depth: int) -> str:
        arguments = ", ".join(self._arguments(depth))
        return f"({self._expression(depth)}).{self._random.choice(METHODS)}({arguments})"

    def _arguments(self, depth: int) -> list[str]:
        given = [self._expression(depth - 1) for _ in range(self._random.choice((0, 0, 1, 1, 2)))]
        if self._random.random() < 0.15:
            given.append(f"{self._random.choice(KEYWORDS)}={self._expression(depth - 1)}")
        return given

    def _repeated(self, depth: int) -> str:
        return f"([{self._expression(depth)}] * {self._random.choice(NUMBERS)})"

    def _literal(self, depth: int) -> str:
        items = [self._expression(depth - 1) for _ in range(self._random.randint(0, 3))]
        if self._random.random() < 0.5:
            return "[" + ", ".join(items) + "]"
        return "{" + ", ".join(f"{self._atom()}: {item}" for item in items) + "}"

    def _sliced(self, depth: int) -> str:
        bounds = [self._random.choice(("", *NUMBERS)) for _ in range(3)]
        index = ":".join(bounds) if self._random.random() < 0.5 else self._expression(depth - 1)
        return f"({self._expression(depth)})[{index}]"

    def _chosen(self, depth: int) -> str:
        return f"({self._expression(depth)} if {self._expression(depth)} else {self._expression(depth)})"

    def _range(self, depth: int) -> str:
        return f"range({', '.join(self._random.choice(NUMBERS) for _ in range(self._random.randint(1, 3)))})"
