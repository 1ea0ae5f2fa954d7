"""The rules of every search in texts: expressions of RE2, and searches at a time."""

from runs.search.expressions.expression import compile_expression, compile_whole_line
from runs.search.expressions.search_slots import search_slot

__all__ = ["compile_expression", "compile_whole_line", "search_slot"]
