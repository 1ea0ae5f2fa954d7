"""Two versions of a model next to each other: metrics, data, signature, packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from runs.models import Dataset, ModelVersion, RegisteredModel
from runs.pages.compare import CompareState
from runs.pages.registry.model_state import VersionsState
from runs.pages.registry.model_table import sort_aliases
from runs.pages.requests import PageRequest
from runs.render.compare import best_value, difference_html, signed_number
from runs.render.formats import dataset_path, filesize
from runs.render.metrics import DisplayValue, display_column
from runs.render.registry import (
    DependencyDifference,
    ModelDescription,
    compare_dependencies,
    signature_text,
)
from runs.search.registry import (
    VersionDocuments,
    aliases_by_version,
    datasets_by_version,
    find_goals_of_versions,
    find_versions,
    read_documents,
    read_metric_values,
)
from studio.core.names import is_system_metric

#: More metrics are shown on request.
MAX_METRICS, MAX_DIFFERENT_PACKAGES = 8, 30


@dataclass(frozen=True)
class MetricPair:
    """`better` is 0 or 1 for the better value, -1 if that is unknown."""

    name: str
    values: tuple[DisplayValue, DisplayValue]
    better: int
    change: SafeString


@dataclass(frozen=True)
class TextPair:
    """A fact of both versions; None where a version lacks it."""

    label: str
    before: str | None
    after: str | None
    href: str = ""

    @property
    def is_same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class ListPair:
    """Facts of both versions: those that both have, and those of one alone."""

    label: str
    same: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    base: ModelVersion
    other: ModelVersion
    metrics: Sequence[MetricPair]
    more_metrics: int
    datasets: Sequence[TextPair]
    facts: Sequence[TextPair]
    flavors: ListPair | None
    different: Sequence[DependencyDifference]
    same: Sequence[DependencyDifference]
    packages: int


def comparison_context(
    request: PageRequest,
    model: RegisteredModel,
    state: VersionsState,
    columns: Sequence[str],
) -> dict[str, Any]:
    """Return the context of `_model_comparison.html`; empty without two versions."""
    if state.pair is None:
        return {}
    found = find_versions(model, state.pair)
    if len(found) != 2:
        return {}
    base, other = found
    return {
        "comparison": _compare(base, other, state, columns),
        "swap": state.here(base=other.number),
        "all_metrics": state.here(metrics="all"),
        "compare_runs": _compare_runs_href(request, base, other),
        "movable": _movable_alias(base),
    }


def _compare(
    base: ModelVersion,
    other: ModelVersion,
    state: VersionsState,
    columns: Sequence[str],
) -> Comparison:
    documents = read_documents([base, other])
    first, second = documents[base.pk], documents[other.pk]
    metrics = _metric_pairs(base, other, columns)
    shown = metrics if state.metrics == "all" else metrics[:MAX_METRICS]
    size = _size_pair(base, other)
    packages = compare_dependencies(first.dependencies, second.dependencies)
    return Comparison(
        base,
        other,
        [*shown, *([size] if size else [])],
        len(metrics) - len(shown),
        _dataset_pairs(base, other),
        _signature_pairs(first.description, second.description),
        _flavor_pair(first, second, base, other),
        [each for each in packages if each.differs],
        [each for each in packages if not each.differs],
        len(packages),
    )


def _metric_pairs(
    base: ModelVersion, other: ModelVersion, columns: Sequence[str]
) -> list[MetricPair]:
    values = read_metric_values([base, other])
    first, second = values.get(base.pk, {}), values.get(other.pk, {})
    known = {name for name in {*first, *second} if not is_system_metric(name)}
    # The columns of the table come first, in their order.
    shown = [name for name in columns if name in known]
    names = [*shown, *sorted(known.difference(shown))]
    goals = find_goals_of_versions([base, other], names)
    return [_metric_pair(name, first, second, goals.get(name)) for name in names]


def _metric_pair(
    name: str,
    first: Mapping[str, float],
    second: Mapping[str, float],
    is_higher_better: bool | None,
) -> MetricPair:
    pair = [first.get(name), second.get(name)]
    texts = display_column([None if v is None else (v,) for v in pair])
    before, after = pair
    change = ""
    if before is not None and after is not None:
        change = difference_html(after, before, is_higher_better)
    best = best_value(pair, is_higher_better)
    return MetricPair(
        name,
        (texts[0], texts[1]),
        -1 if best is None else pair.index(best),
        mark_safe(change),  # noqa: S308  # numbers only
    )


def _size_pair(base: ModelVersion, other: ModelVersion) -> MetricPair | None:
    sizes = (base.size, other.size)
    if sizes == (None, None):
        return None
    texts = [DisplayValue("–" if s is None else filesize(s), str(s)) for s in sizes]
    before, after = sizes
    change, better = "", -1
    if before is not None and after is not None and before != after:
        better = 0 if before < after else 1
        change = _size_change(before, after)
    return MetricPair(_("size"), (texts[0], texts[1]), better, SafeString(change))


def _size_change(before: int, after: int) -> str:
    html = difference_html(after, before, is_higher_better=False)
    # Only the share is kept: the difference itself is written as a size.
    number = f"<span>{signed_number(after - before)}</span>"
    sign = signed_number(after - before)[0]
    return html.replace(number, f"<span>{sign}{filesize(abs(after - before))}</span>")


def _dataset_pairs(base: ModelVersion, other: ModelVersion) -> list[TextPair]:
    """Return the datasets of both runs by name; their texts are digests."""
    found = datasets_by_version([base, other])
    first, second = found.get(base.pk, {}), found.get(other.pk, {})
    return [
        _dataset_pair(first.get(name), second.get(name), base.model.workspace.name)
        for name in sorted({*first, *second})
    ]


def _dataset_pair(
    before: Dataset | None, after: Dataset | None, workspace: str
) -> TextPair:
    newest = after or before
    assert newest is not None
    return TextPair(
        newest.name,
        before.digest if before else None,
        after.digest if after else None,
        dataset_path(workspace, newest.pk),
    )


def _signature_pairs(
    first: ModelDescription,
    second: ModelDescription,
) -> list[TextPair]:
    parts = (
        (_("Input"), first.inputs, second.inputs),
        (_("Output"), first.outputs, second.outputs),
        (_("Parameters"), first.params, second.params),
    )
    return [
        TextPair(
            label,
            signature_text(before) or None,
            signature_text(after) or None,
        )
        for label, before, after in parts
        if before or after
    ]


def flavor_names(documents: VersionDocuments, version: ModelVersion) -> list[str]:
    """Return the flavors; of a model of a v1 client, its framework."""
    names = [each.name for each in documents.description.flavors]
    return names or ([version.framework] if version.framework else [])


def _flavor_pair(
    first: VersionDocuments,
    second: VersionDocuments,
    base: ModelVersion,
    other: ModelVersion,
) -> ListPair | None:
    before, after = flavor_names(first, base), flavor_names(second, other)
    if not before and not after:
        return None
    return ListPair(
        _("Flavor"),
        tuple(name for name in after if name in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name not in before),
    )


def _compare_runs_href(
    request: PageRequest, base: ModelVersion, other: ModelVersion
) -> str:
    """Link to the comparison of both runs; empty if there are not two runs."""
    if base.run is None or other.run is None or base.run_id == other.run_id:
        return ""
    state = CompareState(runs=(base.run.run_id, other.run.run_id))
    return f"{reverse('compare', args=[request.workspace.name])}{state.href()}"


def _movable_alias(base: ModelVersion) -> str:
    """Return the alias of the baseline that the panel offers to move."""
    found = aliases_by_version(base.model).get(base.pk, [])
    return next((each.name for each in sort_aliases(found)), "")
