"""What lists with a filter on logs say about logs that are not searched."""

from __future__ import annotations

from django.utils.translation import ngettext

from runs.pages.lists.list_state import ListState
from runs.render import formats
from runs.search.log_index import Unsearched, count_unsearched, log_terms
from studio.core.view_spec import ParameterWarning


def unsearched_text(found: Unsearched) -> str:
    """Return how many runs, and how much of their logs, a search leaves out."""
    text = ngettext(
        "Logs of %(n)s run are not searched yet: %(size)s are not indexed.",
        "Logs of %(n)s runs are not searched yet: %(size)s are not indexed.",
        found.runs,
    )
    return text % {
        "n": formats.grouped(found.runs),
        "size": formats.filesize(found.bytes),
    }


def unsearched_notices(state: ListState) -> list[ParameterWarning]:
    """Return a notice if the filter searches logs and some are not indexed."""
    if next(log_terms(state.spec.filter()), None) is None:
        return []
    found = count_unsearched(state.workspace)
    return [ParameterWarning("log", unsearched_text(found))] if found else []
