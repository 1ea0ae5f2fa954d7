"""The field `view`: the filter of a custom view.

`runs.search.query` replaces its terms by the filters of their views before it builds
any condition.
"""

from __future__ import annotations

from django.db.models import Q

from runs.search.fields.field_source import FieldSource
from runs.search.sql import Scope
from studio.core.filters.tree import Comparison
from studio.core.messages import message


def _view_condition(term: Comparison, _scope: Scope) -> Q:
    raise AssertionError(f"the view was not replaced by its filter: {term}")


VIEWS = (
    FieldSource(
        "view",
        condition=_view_condition,
        why_not_grouped=message("A view is no value that runs share. Filter by it."),
    ),
)
