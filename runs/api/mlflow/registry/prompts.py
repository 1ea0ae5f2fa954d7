"""Prompts are registered models with a tag; they are refused."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api.mlflow.refusals import PROMPTS
from studio.core.errors import NotSupported

PROMPT_TAG = "mlflow.prompt.is_prompt"


def refuse_prompts(tags: Mapping[str, str]) -> None:
    """Raise NotSupported if the tags make a model or a version a prompt."""
    if tags.get(PROMPT_TAG, "").lower() == "true":
        raise NotSupported(PROMPTS)
