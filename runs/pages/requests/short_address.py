"""Addresses say what was chosen, also those that a form has sent without a script.

A browser sends every field of a form: an empty box, the usual number of rows.
"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect

from runs.pages.requests.page_request import PageRequest
from studio.core.viewspec import DEFAULT_ROWS

_FORM = "filter-form"


def says_too_much(request: PageRequest) -> bool:
    """Whether a form without a script said what nobody chose.

    In a view an empty filter and the usual number of rows may be a choice.
    """
    given = request.GET
    if request.htmx or "view" in given:
        return False
    return given.get("q") == "" or given.get("rows") == str(DEFAULT_ROWS)


def to_query(request: PageRequest, query: str) -> HttpResponse:
    """Leads to the same page with that query."""
    return HttpResponseRedirect(address(request.path, query))


def pushed(
    request: PageRequest, answer: HttpResponse, path: str, query: str
) -> HttpResponse:
    """Has the browser show that query, where a script sent the form."""
    if request.htmx and request.htmx.trigger == _FORM:
        answer["HX-Push-Url"] = address(path, query)
    return answer


def address(path: str, query: str) -> str:
    query = query.removeprefix("?")
    return path + (f"?{query}" if query else "")
