"""The terms `view:…` of a filter: replaced by the filters of the views they name.

A view's filter counts as if it were written instead of the term. So indexes, switches
and searches in logs treat it like any other part of the filter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from runs.models import User, View, Workspace
from runs.search.sql import term_error, term_texts
from studio.core.errors import InvalidFilter
from studio.core.filters import parse, tree
from studio.core.filters.tree import And, Comparison, Node, Not, Or, all_of, any_of

VIEW = tree.attribute("view")
#: How deep views can name views: each level is one query.
MAX_VIEW_DEPTH = 10
#: Of all views of a filter together.
MAX_TERMS = 500
#: What a view without a filter means: every run has an ID.
_EVERY_RUN = Comparison(tree.attribute("id"), "is not null")


def expand_views(node: Node | None, viewer: User, workspace: Workspace) -> Node | None:
    """Replace terms `view:…` by the filters of views that the viewer can see.

    Queries the database once per level of views, and not for a filter without views.
    Raises InvalidFilter for an unknown view and for views that name each other.
    """
    found = _terms_of_views(node)
    if node is None or not found:
        return node
    views = _VisibleViews(viewer, workspace)
    views.read_all(found)
    return views.expand(node, (), None)


@dataclass
class _VisibleViews:
    """The views that a filter names, directly or by another view."""

    viewer: User
    workspace: Workspace
    by_name: dict[str, list[View]] = field(default_factory=dict)
    filters: dict[int, Node | None] = field(default_factory=dict)
    terms: int = 0

    def read_all(self, found: Sequence[Comparison]) -> None:
        for _level in range(MAX_VIEW_DEPTH):
            names = {text for term in found for text in term_texts(term)}
            unread = names - self.by_name.keys()
            if not unread:
                return
            self._read(unread)
            found = [
                term
                for name in unread
                for view in self.by_name[name]
                for term in _terms_of_views(self._filter_of(view, found[0]))
            ]
        if {text for term in found for text in term_texts(term)} - self.by_name.keys():
            raise term_error(
                _("Views can name other views up to %(limit)s levels deep.")
                % {"limit": MAX_VIEW_DEPTH},
                found[0],
            )

    def _read(self, names: set[str]) -> None:
        wanted = Q(slug__in=names) | Q(name__in=names)
        rows = View.objects.visible_to(self.viewer).active()
        rows = rows.filter(wanted, workspace=self.workspace).order_by("pk")
        of_name: dict[str, list[View]] = defaultdict(list)
        of_slug: dict[str, View] = {}
        for view in rows.only("slug", "name", "spec", "owner", "shared"):
            of_name[view.name].append(view)
            of_slug[view.slug] = view
        for name in names:
            is_slug = name in of_slug
            self.by_name[name] = [of_slug[name]] if is_slug else of_name[name]

    def _filter_of(self, view: View, term: Comparison) -> Node | None:
        if view.pk not in self.filters:
            try:
                self.filters[view.pk] = parse(str(view.spec.get("q", "")))
            except InvalidFilter as error:
                text = _("The filter of the view %(name)s has an error: %(error)s")
                shown = {"name": view.name, "error": str(error)}
                raise term_error(text % shown, term) from error
        return self.filters[view.pk]

    def expand(
        self, node: Node, path: tuple[View, ...], written: Comparison | None
    ) -> Node:
        """`path` leads through views to the node; `written` is the term in the filter
        of the reader, to which errors point."""

        def expand(part: Node) -> Node:
            return self.expand(part, path, written)

        if isinstance(node, (And, Or)):
            join = all_of if isinstance(node, And) else any_of
            return join(*(expand(each) for each in node.nodes))
        if isinstance(node, Not):
            return Not(expand(node.node))
        if not isinstance(node, Comparison) or node.field != VIEW:
            return node
        shown = written or node
        nodes = [self._expand_view(text, path, shown) for text in term_texts(node)]
        found = any_of(*nodes)
        return Not(found) if node.op in tree.NEGATED else found

    def _expand_view(
        self, name: str, path: tuple[View, ...], written: Comparison
    ) -> Node:
        view = self._one_view(name, written)
        if view in path:
            names = [each.name for each in (*path[path.index(view) :], view)]
            raise term_error(
                _("These views name each other in a circle: %(names)s.")
                % {"names": " → ".join(names)},
                written,
            )
        node = self._filter_of(view, written)
        if node is None:
            return _EVERY_RUN
        # Views that name others twice can grow without limit.
        self.terms += _count_terms(node)
        if self.terms > MAX_TERMS:
            raise term_error(
                _("The views of this filter have more than %(limit)s terms together.")
                % {"limit": MAX_TERMS},
                written,
            )
        return self.expand(node, (*path, view), written)

    def _one_view(self, name: str, written: Comparison) -> View:
        views = self.by_name[name]
        if not views:
            raise term_error(
                _("No view that you can see has the name or slug “%(name)s”.")
                % {"name": name},
                written,
            )
        if len(views) > 1:
            slugs = ", ".join(view.slug for view in views)
            raise term_error(
                _("Several views are named “%(name)s”. Use a slug: %(slugs)s.")
                % {"name": name, "slugs": slugs},
                written,
            )
        return views[0]


def _terms_of_views(node: Node | None) -> list[Comparison]:
    if isinstance(node, (And, Or)):
        return [term for each in node.nodes for term in _terms_of_views(each)]
    if isinstance(node, Not):
        return _terms_of_views(node.node)
    is_view = isinstance(node, Comparison) and node.field == VIEW
    return [node] if isinstance(node, Comparison) and is_view else []


def _count_terms(node: Node) -> int:
    if isinstance(node, (And, Or)):
        return sum(_count_terms(each) for each in node.nodes)
    return _count_terms(node.node) if isinstance(node, Not) else 1
