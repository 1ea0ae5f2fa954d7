"""What a text's references name, as its reader may see it: at most three queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from runs.models import File, Metric, Run, User, Workspace, path_key
from runs.render.descriptions import (
    FILE_REFERENCE,
    METRIC_REFERENCE,
    RUN_REFERENCE,
    Reference,
)


@dataclass(frozen=True)
class ReferenceTargets:
    """By reference; a metric or file with the run that it is of."""

    runs: dict[Reference, Run] = field(default_factory=dict)
    metrics: dict[Reference, Metric] = field(default_factory=dict)
    files: dict[Reference, File] = field(default_factory=dict)


@dataclass(frozen=True)
class _PossibleTarget:
    """Where a reference may lead, the likeliest first."""

    reference: Reference
    run: str
    name: str


def find_targets(
    references: Sequence[Reference],
    viewer: User,
    workspace: Workspace,
    run: Run | None = None,
) -> ReferenceTargets:
    """What is there of `references` in a text that describes `run`, or no run."""
    if not references:
        return ReferenceTargets()
    places = [place for each in references for place in _possible_targets(each, run)]
    # The described run itself is known already.
    known = _known_run_ids({p.run for p in places if not run or p.run != run.run_id})
    runs = {
        each.run_id: each
        for each in Run.objects.visible_to(viewer)
        .in_workspace(workspace)
        .filter(run_id__in=known)
        .only("run_id", "name", "workspace")
    }
    if run is not None:
        runs[run.run_id] = run
    found = ReferenceTargets()
    for place in places:
        if place.reference.kind == RUN_REFERENCE and place.run in runs:
            found.runs[place.reference] = runs[place.run]
    _find_metrics(
        [p for p in places if p.reference.kind == METRIC_REFERENCE], runs, found
    )
    _find_files([p for p in places if p.reference.kind == FILE_REFERENCE], runs, found)
    return found


def _known_run_ids(ids: Iterable[str]) -> list[str]:
    # PostgreSQL refuses texts with a NUL.
    return sorted(each for each in ids if each and "\0" not in each)


def _possible_targets(reference: Reference, run: Run | None) -> list[_PossibleTarget]:
    if reference.kind == RUN_REFERENCE:
        return [_PossibleTarget(reference, reference.named, "")]
    asked = [reference]
    # A name can end like a line number, so the whole text comes first.
    if reference.kind == FILE_REFERENCE and reference.split_line_number()[1]:
        asked.append(reference.split_line_number()[0])
    own = [_PossibleTarget(reference, run.run_id, each.named) for each in asked if run]
    parted = [each.name_and_run for each in asked]
    return own + [_PossibleTarget(reference, of, name) for name, of in parted if of]


def _find_metrics(
    places: Sequence[_PossibleTarget], runs: dict[str, Run], found: ReferenceTargets
) -> None:
    wanted = [p for p in places if p.run in runs and "\0" not in p.name]
    if not wanted:
        return
    asked = Q()
    for of in {p.run for p in wanted}:
        names = [p.name for p in wanted if p.run == of]
        asked |= Q(run=runs[of], key__name__in=names)
    rows = Metric.objects.filter(asked).select_related("key", "run")
    by_place = {(row.run.run_id, row.key.name): row for row in rows}
    for place in wanted:
        row = by_place.get((place.run, place.name))
        if row is not None:
            # The likeliest place comes first.
            found.metrics.setdefault(place.reference, row)


def _find_files(
    places: Sequence[_PossibleTarget], runs: dict[str, Run], found: ReferenceTargets
) -> None:
    wanted = [p for p in places if p.run in runs]
    if not wanted:
        return
    asked = Q()
    for of in {p.run for p in wanted}:
        keys = [path_key(p.name) for p in wanted if p.run == of]
        asked |= Q(run=runs[of], path_key__in=keys)
    rows = File.objects.filter(asked, replaced__isnull=True).select_related("run")
    by_place = {(row.run.run_id, row.path): row for row in rows if row.run}
    for place in wanted:
        row = by_place.get((place.run, place.name))
        if row is not None:
            found.files.setdefault(place.reference, row)
