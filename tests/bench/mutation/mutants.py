"""Small wrong changes to Python source: one operator, number, condition or statement.

Only the text of the changed expression differs, so line numbers stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OPPOSITES: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """A change of `path`: the characters from `start` to `end` become `after`."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.after + source[self.end :]

    def __str__(self) -> str:
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"{self.path}:{self.line}: `{before}` → `{after}`"


def find_mutants(path: str, source: str) -> list[Mutant]:
    """Return all mutants of a file, in the order of its nodes."""
    finder = _Finder(path, source)
    for node in _walk(ast.parse(source)):
        finder.add(node)
    return finder.found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs; not annotations, decorators, f-strings, log lines, timeouts."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_left_out(child):
                yield from _walk(child)


def _is_left_out(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Assign):
        # How long something waits, or how much it buffers, is no rule to be tested.
        names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
        return any(
            name.endswith(("_SECONDS", "_BYTES")) and name.isupper() for name in names
        )
    if isinstance(node, ast.FunctionDef):
        # Which index is read changes no result; measurements show it.
        return node.name.endswith(("_scan", "_scans"))
    if isinstance(node, ast.keyword):
        return node.arg in _LEFT_OUT_ARGUMENTS
    if isinstance(node, ast.Expr):
        return _is_wait(node.value) or _is_log_line(node.value)
    return isinstance(node, ast.JoinedStr)


#: How long to wait, whether `zip` checks what is true anyway, and positions in steps of
#: ten, where one more or less changes no order.
_LEFT_OUT_ARGUMENTS = {"timeout", "seconds", "strict", "facet", "comparison"}


def _is_wait(node: ast.AST) -> bool:
    """Whether a statement only lets time pass: `wakeup.wait(0.2)`, `time.sleep(1)`."""
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr in ("wait", "sleep")


def _is_log_line(node: ast.AST) -> bool:
    """Whether a statement writes to the log of the server: `log.warning(…)`."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in ("log", "logger")


class _Finder:
    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source
        self.found: list[Mutant] = []
        # The tree counts columns in bytes of UTF-8.
        self._lines = [line.encode() for line in source.splitlines(keepends=True)]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line.decode()))

    def add(self, node: ast.AST) -> None:
        """Add the mutants of one node."""
        if isinstance(node, ast.Compare):
            self._add_comparisons(node)
        elif isinstance(node, ast.BoolOp):
            self._add_boolean(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self._replace(node, f"({self._text(node.operand)})")
        elif isinstance(node, ast.Constant):
            self._add_constant(node)
        elif isinstance(node, ast.Return) and node.value is not None:
            # A constant has mutants of its own, and callers take None for False.
            if not isinstance(node.value, ast.Constant):
                self._replace(node.value, "None")
        elif isinstance(node, ast.Call):
            self._add_swap(node.func)
        self._add_condition(node)
        self._add_removal(node)

    def _add_comparisons(self, node: ast.Compare) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            before, after = _OPPOSITES[type(operator)]
            start, end = self._end(left), self._start(right)
            word = re.escape(before).replace("\\ ", r"\s+")
            match = re.search(word, self.source[start:end])
            # A clock never shows a moment exactly: "before" is "at the latest" there.
            is_of_time = before[0] in "<>" and "monotonic()" in self._text(node)
            if match and not is_of_time:
                self._add(start + match.start(), start + match.end(), after)
            left = right

    def _add_boolean(self, node: ast.BoolOp) -> None:
        other = "or" if isinstance(node.op, ast.And) else "and"
        parts = [f"({self._text(value)})" for value in node.values]
        self._replace(node, f"({f' {other} '.join(parts)})")

    def _add_constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(node, str(not node.value))
        elif isinstance(node.value, int | float):
            self._replace(node, f"({self._text(node)} + 1)")
            if node.value:
                self._replace(node, f"({self._text(node)} - 1)")

    def _add_swap(self, function: ast.expr) -> None:
        if isinstance(function, ast.Name) and function.id in _SWAPPED:
            self._replace(function, _SWAPPED[function.id])

    def _add_condition(self, node: ast.AST) -> None:
        """Negate a condition that has no operator with an opposite of its own."""
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            test = node.test
            has_own = isinstance(test, ast.Compare | ast.UnaryOp | ast.Constant)
            if not has_own:
                self._replace(test, f"(not ({self._text(test)}))")

    def _add_removal(self, node: ast.AST) -> None:
        is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        is_attribute = isinstance(node, ast.Assign) and all(
            isinstance(target, ast.Attribute) for target in node.targets
        )
        # `del name` only says that an argument is not needed.
        is_deletion = isinstance(node, ast.Delete) and not all(
            isinstance(target, ast.Name) for target in node.targets
        )
        simple = ast.AugAssign | ast.Raise | ast.Continue
        if is_deletion or is_call or is_attribute or isinstance(node, simple):
            self._replace(node, "pass")

    def _text(self, node: ast.AST) -> str:
        return self.source[self._start(node) : self._end(node)]

    def _replace(self, node: ast.AST, after: str) -> None:
        self._add(self._start(node), self._end(node), after)

    def _add(self, start: int, end: int, after: str) -> None:
        line = self.source.count("\n", 0, start) + 1
        before = self.source[start:end]
        self.found.append(Mutant(self.path, line, start, end, before, after))

    def _start(self, node: Any) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: Any) -> int:
        return self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode())
