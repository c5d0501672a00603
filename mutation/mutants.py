"""The mutants of a module: its source with one change each.

Cosmic Ray changes operators, numbers and conditions, but neither texts nor regular expressions nor
tables, which decide much in this library. Those changes are made here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

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
_EMPTY = ("None", "False", "[]", "()", "{}", '""')

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


def mutants(source: str) -> set[str]:
    """Return the mutants of a module's source."""
    tree = ast.parse(source)
    left_alone = list(_places_left_alone(tree))

    def is_left_alone(place: tuple[int, int]) -> bool:
        return any(start <= place < end for start, end in left_alone)

    found: set[str] = set()
    parsed = get_ast(source)
    for operator in _OPERATORS:
        places = (
            place for node in ast_nodes(parsed) for place in operator().mutation_positions(node)
        )
        for occurrence, (start, _) in enumerate(places):
            if not is_left_alone(start):
                found.add(mutate_code(source, operator(), occurrence))
    text = _Text(source)
    for node, is_expression in _nodes(tree, is_left_alone):
        for first, last, replacement in (
            *_text_edits(node, text, is_expression=is_expression),
            *_removals(node, text),
            *_other_edits(node, text),
        ):
            changed = text.encoded[:first] + replacement.encode() + text.encoded[last:]
            found.add(changed.decode())
    return found - {source}


def _places_left_alone(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the places of annotations, docstrings and other code that only tools read."""
    for node in ast.walk(tree):
        left: ast.stmt | ast.expr | None = None
        match node:
            case ast.arg(annotation=part) | ast.AnnAssign(annotation=part):
                left = part
            case ast.FunctionDef(returns=part) | ast.AsyncFunctionDef(returns=part):
                left = part
            case (
                ast.Expr(value=ast.Constant())
                | ast.If(test=ast.Name("TYPE_CHECKING"))
                | ast.Subscript(value=ast.Name("Literal"))
                | ast.Call(func=ast.Name("TypeVar" | "cast"))
            ):
                left = node
        if left is not None:
            end = (left.end_lineno or left.lineno, left.end_col_offset or 0)
            yield (left.lineno, left.col_offset), end


def _nodes(
    tree: ast.Module, is_left_alone: Callable[[tuple[int, int]], bool]
) -> Iterator[tuple[ast.AST, bool]]:
    """Yield the nodes to change, and whether they are in an argument of a function of `re`."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, is_expression = waiting.pop()
        if isinstance(node, ast.stmt | ast.expr) and is_left_alone((node.lineno, node.col_offset)):
            continue
        yield node, is_expression
        if not isinstance(node, ast.JoinedStr):
            is_expression |= isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")
            waiting += [(child, is_expression) for child in ast.iter_child_nodes(node)]


class _Text:
    """A source, with the places of its nodes in bytes, which is how they are counted."""

    def __init__(self, source: str) -> None:
        self.encoded = source.encode()
        self._lines = [0]
        for line in self.encoded.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def span(self, node: ast.stmt | ast.expr | ast.keyword) -> tuple[int, int]:
        end = self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        return self._lines[node.lineno - 1] + node.col_offset, end


def _text_edits(node: ast.AST, source: _Text, *, is_expression: bool) -> Iterator[Edit]:
    """Yield the changes of a text or of a regular expression."""
    match node:
        case ast.JoinedStr() | ast.Constant(value=str() | bytes()):
            start, end = source.span(node)
        case _:
            return
    text = source.encoded[start:end].decode()
    if is_expression or re.match("(?i)r|fr|br", text):
        for expression, replacements in _EXPRESSION_CHANGES.items():
            for found in re.finditer(expression, text):
                first = start + len(text[: found.start()].encode())
                last = start + len(text[: found.end()].encode())
                yield from ((first, last, replacement) for replacement in replacements)
    elif not _is_prose(text):
        yield start, end, f"({'b' * text.startswith('b')}'X' {text})"


def _removals(node: ast.AST, source: _Text) -> Iterator[Edit]:
    """Yield the removals of each element of a table, and of each keyword argument of a call."""
    spans: list[tuple[int, int]] = []
    match node:
        case ast.List(elts=elements) | ast.Set(elts=elements):
            spans = [source.span(element) for element in elements]
        case ast.Tuple(elts=[_, _, _, *_]):
            spans = [source.span(element) for element in node.elts]
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            spans = [(source.span(key)[0], source.span(value)[1]) for key, value in pairs if key]
        case ast.Call():
            spans = [source.span(keyword) for keyword in node.keywords if keyword.arg]
    for index, (start, end) in enumerate(spans):
        if index + 1 < len(spans):
            yield start, spans[index + 1][0], ""
        else:
            yield (spans[index - 1][1] if index else start), end, ""


def _other_edits(node: ast.AST, source: _Text) -> Iterator[Edit]:
    """Yield the changes of a membership test, of a returned value, and of a whole statement."""
    match node:
        case ast.Compare(
            left=left, ops=[(ast.In() | ast.NotIn()) as operator], comparators=[right]
        ):
            start, end = source.span(left)[1], source.span(right)[0]
            between = source.encoded[start:end].decode()
            opposite = "not in" if isinstance(operator, ast.In) else "in"
            yield start, end, re.sub(r"\b(not )?in\b", opposite, between)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) not in _EMPTY:
            yield *source.span(value), "None"
        case ast.AugAssign() | ast.Expr(value=ast.Call() | ast.Await()):
            yield *source.span(node), "pass"
