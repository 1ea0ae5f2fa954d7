"""Add, move and remove aliases. Moving `champion` to a version promotes it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions.registry import move_alias, remove_alias
from runs.models import ModelAlias, RegisteredModel, now_ms
from runs.pages.registry.model_forms import AliasForm, RemoveAliasForm
from runs.pages.registry.model_shell import (
    back_with_message,
    find_page_model,
    model_path,
    show_form,
)
from runs.pages.requests import PageRequest
from runs.search.registry import (
    find_version,
    list_aliases,
    list_version_numbers,
)
from studio.core.errors import Conflict, InvalidValue, NotFound

TEMPLATE = "registry/forms/_alias_form.html"


@access(Permission.ANNOTATE)
def _show_alias_form(request: PageRequest, name: str) -> HttpResponse:
    """Show the form of the alias in the address, or of a new one."""
    model = find_page_model(request, name)
    alias = _find_alias(model, request.GET.get("alias", ""))
    wanted = request.GET.get("version", "")
    current = alias.version.number if alias else 0
    values = {
        "alias": alias.name if alias else "",
        "version": int(wanted) if wanted.isdecimal() and len(wanted) < 9 else current,
        "expected": current,
        "note": "",
    }
    return _render_form(request, model, alias, values)


@access(Permission.ANNOTATE)
def _save_alias(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    values = AliasForm(request.POST).check()
    try:
        version = find_version(model, values["version"] or 0)
        move_alias(
            version,
            values["alias"],
            note=values["note"],
            expected=values["expected"],
            actor=request.actor,
            now=now_ms(),
        )
    except Conflict as error:
        return _show_conflict(request, model, values, error)
    except (InvalidValue, NotFound) as error:
        alias = _find_alias(model, values["alias"]) if values["expected"] else None
        return _render_form(request, model, alias, values, problem=error.message)
    message = _("@%(alias)s points to version %(number)s") % {
        "alias": values["alias"],
        "number": version.number,
    }
    return back_with_message(request, message, model_path(model))


edit_alias = view_by_method(GET=_show_alias_form, POST=_save_alias)


@access(Permission.ANNOTATE)
@require_POST
def remove_alias_of_model(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    alias = RemoveAliasForm(request.POST).check()["alias"]
    removed = remove_alias(model, alias, actor=request.actor, now=now_ms())
    message = _("@%(alias)s removed") % {"alias": alias} if removed else ""
    return back_with_message(request, message, model_path(model))


def _find_alias(model: RegisteredModel, name: str) -> ModelAlias | None:
    return next((each for each in list_aliases(model) if each.name == name), None)


def _offered_numbers(model: RegisteredModel, chosen: int | None) -> list[int]:
    """Return the newest versions, and the chosen one, which can be older."""
    newest = list_version_numbers(model)
    return newest if not chosen or chosen in newest else [*newest, chosen]


def _show_conflict(
    request: PageRequest,
    model: RegisteredModel,
    values: dict[str, Any],
    error: Conflict,
) -> HttpResponse:
    """Show where another member moved the alias; saving again overwrites that."""
    alias = _find_alias(model, values["alias"])
    shown = {**values, "expected": alias.version.number if alias else 0}
    return _render_form(
        request, model, alias, shown, theirs=alias, problem=error.message
    )


def _render_form(
    request: PageRequest,
    model: RegisteredModel,
    alias: ModelAlias | None,
    values: dict[str, Any],
    **more: Any,
) -> HttpResponse:
    title = _("Move @%(alias)s") % {"alias": alias.name} if alias else _("Add alias")
    context = {
        "title": title,
        "alias": alias,
        "values": values,
        "numbers": _offered_numbers(model, values["version"]),
        **more,
    }
    return show_form(request, model, TEMPLATE, context, refused="problem" in more)
