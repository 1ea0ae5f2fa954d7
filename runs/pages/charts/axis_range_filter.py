"""Filter the list by the range or the words that were brushed on a chart's axis."""

from __future__ import annotations

import math

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.filters import RANGE_OPERATORS, link_with_replaced_term
from runs.pages.lists import ListLinks, read_part_state
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render.filters import local_moment
from studio.core import view_text
from studio.core.errors import InvalidValue
from studio.core.filters import fields
from studio.core.filters.tree import (
    Comparison,
    Duration,
    Field,
    Number,
    Text,
    Value,
)
from studio.core.names import MAX_TIME

#: Maximum number of words in one filter.
MAX_WORDS = 200


@access(Permission.READ)
@require_safe
def filter_by_axis_range(request: PageRequest) -> HttpResponse:
    """Redirect to the filtered list.

    Takes `field` with `low`, `high` or both, or with `word` (repeated).
    """
    state = read_part_state(request)
    scope, spec = state.scope, state.spec
    links = ListLinks(state.workspace.name, spec, spec.filter(), scope.number)
    field = view_text.read_field(request.GET.get("field", ""), "field")
    words = request.GET.getlist("word")[:MAX_WORDS]
    if words:
        texts = tuple(Text(word) for word in words)
        query = links.only_matching(
            Comparison(field, "in" if len(texts) > 1 else "=", texts)
        )
    else:
        query = link_with_replaced_term(
            links, field, RANGE_OPERATORS, _read_range(request, field)
        )
    address = scope.path + query
    # The script follows the header itself: its own request would follow a redirect.
    if request.htmx:
        response = HttpResponse(status=204)
        response["X-Studio-Location"] = address
        return with_vary_headers(response)
    return HttpResponseRedirect(address)


def _read_range(request: PageRequest, field: Field) -> Comparison:
    low, high = (
        _read_range_end(request.GET.get(name, ""), field) for name in ("low", "high")
    )
    if low is not None and high is not None:
        return Comparison(field, "between", (low, high))
    if low is not None:
        return Comparison(field, ">=", (low,))
    if high is not None:
        return Comparison(field, "<=", (high,))
    raise InvalidValue(_("A range needs a start or an end"), field="low")


def _read_range_end(text: str, field: Field) -> Value | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidValue(_("%(text)r is not a number") % {"text": text}, field="low")
    kind = fields.value_type(field)
    if kind == fields.DURATION:
        # The axis of a duration has seconds.
        return Duration(_clamp_to_valid_time(value * 1000))
    if kind == fields.TIME:
        start = _clamp_to_valid_time(value)
        # As exact as the axis: a moment of one millisecond, on the axis's clock.
        return local_moment(start)
    # Above 2**53, floats skip whole numbers.
    return Number(int(value) if value.is_integer() and abs(value) < 2**53 else value)


def _clamp_to_valid_time(ms: float) -> int:
    """Return a valid time: an axis can reach beyond the times that are allowed."""
    return round(min(max(ms, 0), MAX_TIME))
