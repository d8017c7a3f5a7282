"""What of Jinja's language there is, and what its compiler is given to compile instead.

Jinja turns most operations into plain Python ones, which ask nobody. Here each that can build or walk a value is routed
through a function of the sandbox that weighs first. Nodes that are not named below are refused, those of later versions
of Jinja included.
"""

from __future__ import annotations

import math
from typing import Any, Final

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from steps.expressions.budget import NUMBER_BITS

WEIGHED: Final = "weighed operand"
BUILT: Final = "list or mapping"
SEARCHED: Final = "operand of in"
SLICED: Final = "part of a sequence"
JOINED: Final = "~"
TURNS: Final = "turns of a loop"
"""Names of filters that no template can write."""

_SEARCH: Final = ("in", "notin")
_STATEMENTS: Final[dict[type[nodes.Node], str]] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.With: "with",
}
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Const, nodes.List, nodes.Tuple,
    nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.CondExpr, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Pow, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Filter, nodes.Test, nodes.Call,
)  # fmt: skip


def restricted(tree: nodes.Template) -> nodes.Template:
    """The tree with every operation bounded. Raises ``TemplateSyntaxError`` for what is not allowed."""
    _Restriction().visit(tree)
    return tree


class _Restriction(NodeTransformer):
    def __init__(self) -> None:
        self._in_loop = False

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if type(node) not in _ALLOWED:
            word = _STATEMENTS.get(type(node))
            what = f"{{% {word} %}}" if word else type(node).__name__.lower()
            raise TemplateSyntaxError(f"{what} is not allowed in a template", node.lineno)
        return super().generic_visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if self._in_loop or node.recursive:
            raise TemplateSyntaxError("a loop inside a loop is not allowed in a template", node.lineno)
        parts = sum(1 for _ in node.find_all(nodes.Node))
        self._in_loop = True
        self.generic_visit(node)
        self._in_loop = False
        node.iter = _through(TURNS, node.iter, nodes.Const(parts))
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:
        if isinstance(node.value, int) and node.value.bit_length() > NUMBER_BITS:
            raise TemplateSyntaxError(f"a number of more than {NUMBER_BITS} bits", node.lineno)
        if isinstance(node.value, float) and not math.isfinite(node.value):
            raise TemplateSyntaxError("a number that no float can hold", node.lineno)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _weighed(node.expr)
        for operand in node.ops:
            operand.expr = _through(SEARCHED, operand.expr) if operand.op in _SEARCH else _weighed(operand.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _through(JOINED, nodes.List(node.nodes, lineno=node.lineno))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        if not isinstance(node.arg, nodes.Slice):
            return self.generic_visit(node)
        bounds = [node.arg.start, node.arg.stop, node.arg.step]
        whole = self.visit(node.node)
        return _through(SLICED, whole, *(nodes.Const(None) if one is None else self.visit(one) for one in bounds))

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return _through(BUILT, self.generic_visit(node))

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return node if node.ctx == "store" else _through(BUILT, node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        for pair in node.items:
            pair.key = _weighed(pair.key)
        return _through(BUILT, node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        return self._with_plain_arguments(node)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        return self._with_plain_arguments(node)

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        return self._with_plain_arguments(node)

    def _with_plain_arguments(self, node: nodes.Call | nodes.Filter | nodes.Test) -> nodes.Node:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise TemplateSyntaxError("arguments with * or ** are not allowed in a template", node.lineno)
        return self.generic_visit(node)


def _through(name: str, node: nodes.Node, *arguments: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno)


def _weighed(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _through(WEIGHED, node)
