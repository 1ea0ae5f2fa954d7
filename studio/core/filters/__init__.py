"""The filter language: text -> tree -> canonical text, and its catalog of fields.

`parse` reads text into a tree (`tree`), and `to_text` writes a tree as canonical text.
`fields` looks up the catalog that completion, errors, documentation and REST read.
`source` adds and removes the terms that pills show, `mlflow` reads MLflow's dialect.
"""

from __future__ import annotations

from studio.core.filters.fields import field_text, to_text
from studio.core.filters.parse import parse, parse_field
from studio.core.filters.tree import Field, Node

__all__ = ["Field", "Node", "field_text", "parse", "parse_field", "to_text"]
