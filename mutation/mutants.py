"""The mutants of a module: its source with one change each.

Cosmic Ray changes operators, numbers and conditions, but neither texts nor regular expressions nor
tables, which decide much in this library. Those changes are made here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators import (
    binary_operator_replacement,
    boolean_replacer,
    break_continue,
    comparison_operator_replacement,
    exception_replacer,
    number_replacer,
    remove_decorator,
    unary_operator_replacement,
    zero_iteration_for_loop,
)

Edit = tuple[int, int, str]
"""The bytes from the first to the second position are replaced."""

# One replacement of each operator. Most of the others are found by the same tests.
_OPERATORS = [
    boolean_replacer.AddNot,
    boolean_replacer.ReplaceTrueWithFalse,
    boolean_replacer.ReplaceFalseWithTrue,
    boolean_replacer.ReplaceAndWithOr,
    boolean_replacer.ReplaceOrWithAnd,
    break_continue.ReplaceBreakWithContinue,
    break_continue.ReplaceContinueWithBreak,
    exception_replacer.ExceptionReplacer,
    number_replacer.NumberReplacer,
    remove_decorator.RemoveDecorator,
    zero_iteration_for_loop.ZeroIterationForLoop,
    *(
        operator
        for module in (
            binary_operator_replacement,
            comparison_operator_replacement,
            unary_operator_replacement,
        )
        for operator in module.operators()
        if re.search(
            "_(Add_Sub|Sub_Add|Mul_Add|Mod_Add|FloorDiv_Mul|BitOr_BitAnd|BitAnd_BitOr|Eq_NotEq"
            "|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is_IsNot|IsNot_Is"
            "|USub_UAdd|Delete_USub|Delete_Not)$",
            operator.__name__,
        )
    ),
]

# To return None instead is the same for most callers.
EMPTY = ("None", "False", "[]", "()", "{}", '""')

# Prose is for people. Tests compare the parts of messages that matter.
_is_prose = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}").search

# What is changed in a regular expression, and the changes. `(?...` is not a quantifier.
_EXPRESSION_CHANGES = {
    r"(?<=\[)(?!\^)": ["^"],
    r"(?<=\[)\^": [""],
    r"(?<![\\(+*?}])[+](?!\])": ["*"],
    r"(?<![\\(+*?}])[*](?!\])": ["+"],
    r"(?<![\\(+*?}|])\?(?=[^\]]*(?:\[|$))": [""],
    r"(?<=\(\?)!": ["="],
    r"(?<=\(\?<)!": ["="],
    r"\\\.": ["."],
    r"(?<=\d)-(?=\d)|(?<=[A-Za-z])-(?=[A-Za-z])": [""],
    r"(?<=\{)\d+(?=,?\d*\})": ["2", "0"],
    r"(?<=,)\d+(?=\})": ["2"],
    r"\$(?![^\[]*\])": [""],
    r"(?<=\w) *\| *(?=\w)": ["|zz"],
}


def mutants(source: str) -> dict[str, int]:
    """Return the mutants of a module's source, and the line that each changes."""
    tree = ast.parse(source)
    left_alone = set(_lines_left_alone(tree))
    found: dict[str, int] = {}
    parsed = get_ast(source)
    for operator in _OPERATORS:
        places = [
            place for node in ast_nodes(parsed) for place in operator().mutation_positions(node)
        ]
        for occurrence, ((line, column), _) in enumerate(places):
            if not any(start <= (line, column) < end for start, end in left_alone):
                found[mutate_code(source, operator(), occurrence)] = line
    encoded = source.encode()
    for start, end, text in _edits(tree, encoded, left_alone):
        changed = (encoded[:start] + text.encode() + encoded[end:]).decode()
        found[changed] = encoded.count(b"\n", 0, start) + 1
    found.pop(source, None)
    return found


def _lines_left_alone(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the places of annotations, docstrings and other code that only tools read."""
    for node in ast.walk(tree):
        left: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            left = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            left = [node.returns]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left = [node]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            left = [node]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
            left = [node]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("TypeVar", "cast"):
            left = [node]
        for part in left:
            if isinstance(part, ast.stmt | ast.expr):
                end = (part.end_lineno or part.lineno, part.end_col_offset or 0)
                yield (part.lineno, part.col_offset), end


def _edits(
    tree: ast.Module, encoded: bytes, left_alone: set[tuple[tuple[int, int], tuple[int, int]]]
) -> Iterator[Edit]:
    """Yield the changes that Cosmic Ray does not make."""
    starts = [0]
    for line in encoded.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.stmt | ast.expr | ast.keyword)
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        return starts[node.lineno - 1] + node.col_offset, end

    def without_each(nodes: list[tuple[int, int]]) -> Iterator[Edit]:
        for index, (start, end) in enumerate(nodes):
            if index + 1 < len(nodes):
                yield start, nodes[index + 1][0], ""
            else:
                yield (nodes[index - 1][1] if index else start), end, ""

    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, is_expression = waiting.pop()
        if isinstance(node, ast.stmt | ast.expr):
            place = (node.lineno, node.col_offset)
            if any(start <= place < end for start, end in left_alone):
                continue
        is_expression |= isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        ):
            start, end = span(node)
            text = encoded[start:end].decode()
            if is_expression or re.match("(?i)r|fr|br", text):
                for expression, replacements in _EXPRESSION_CHANGES.items():
                    for match in re.finditer(expression, text):
                        before = len(text[: match.start()].encode())
                        after = len(text[: match.end()].encode())
                        for replacement in replacements:
                            yield start + before, start + after, replacement
            elif not _is_prose(text):
                yield start, end, f"({'b' * text.startswith('b')}'X' {text})"
            continue
        if isinstance(node, ast.List | ast.Set) or (
            isinstance(node, ast.Tuple) and len(node.elts) > 2
        ):
            yield from without_each([span(element) for element in node.elts])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from without_each(
                [(span(key)[0], span(value)[1]) for key, value in pairs if key is not None]
            )
        elif isinstance(node, ast.Call):
            yield from without_each([span(keyword) for keyword in node.keywords if keyword.arg])
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            start, end = span(node.left)[1], span(node.comparators[0])[0]
            between = encoded[start:end].decode()
            is_in = isinstance(node.ops[0], ast.In)
            yield start, end, re.sub(r"\b(not )?in\b", "not in" if is_in else "in", between)
        elif isinstance(node, ast.Return) and node.value and ast.unparse(node.value) not in EMPTY:
            yield *span(node.value), "None"
        elif isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
        ):
            yield *span(node), "pass"
        waiting += [(child, is_expression) for child in ast.iter_child_nodes(node)]
