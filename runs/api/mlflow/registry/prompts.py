"""Prompts are registered models with a tag: they are refused, so none is ever found."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api.mlflow.refusals import PROMPTS
from studio.core.errors import NotSupported
from studio.core.filters import tree
from studio.core.filters.tree import And, Comparison, Field, Node, Or, Text

PROMPT_TAG = "mlflow.prompt.is_prompt"
_PROMPT = Field(tree.TAGS, PROMPT_TAG)


def refuse_prompts(tags: Mapping[str, str]) -> None:
    """Raise NotSupported if the tags make a model or a version a prompt."""
    if tags.get(PROMPT_TAG, "").lower() == "true":
        raise NotSupported(PROMPTS)


def without_prompts(node: Node | None) -> Node | bool:
    """Return the filter without the tag of prompts; a bool for all or no rows.

    Clients 3.x add `tag.mlflow.prompt.is_prompt != 'true'` to each search. No model
    here is a prompt.
    """
    if node is None:
        return True
    if isinstance(node, And | Or):
        is_and = isinstance(node, And)
        parts = [without_prompts(one) for one in node.nodes]
        if (not is_and) in parts:
            return not is_and
        left = [one for one in parts if not isinstance(one, bool)]
        return (tree.all_of if is_and else tree.any_of)(*left) if left else is_and
    if isinstance(node, Comparison) and node.field == _PROMPT:
        is_true = any(
            isinstance(value, Text) and value.text.lower() == "true"
            for value in node.values
        )
        return not node.values or is_true == (node.op == "!=")
    return node
