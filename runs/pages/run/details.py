"""The tab *Details* of the run page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.actions.ingest import read_delivery_report
from runs.models import LoggedModel, Metric, ModelVersion, Run, now_ms
from runs.pages.compare import conclusion_items
from runs.pages.descriptions import render_description
from runs.pages.requests import PageRequest
from runs.pages.run.cancel_progress import cancel_progress_context
from runs.pages.run.job_details import (
    find_job_details,
    job_context,
    job_stamp,
)
from runs.pages.run.machine import read_machine
from runs.pages.run.sweep_details import find_sweep_details, sweep_context
from runs.pages.run_shell import (
    find_run_head,
    is_page_unchanged,
    page_etag,
    page_not_modified,
    show_run_tab,
)
from runs.render.charts import draw_sparkline
from runs.render.datasets import DatasetSchema, read_schema
from runs.render.formats import ago, dataset_path, logged_model_path, model_version_path
from runs.render.logged_models import model_status_label
from runs.render.metrics import DisplayValue, display_summary
from runs.render.run import dataset_source_address, headline_of_error, split_traceback
from runs.search.compare import list_conclusions_of
from runs.search.descriptions import find_last_version
from runs.search.metrics import sparkline_points
from runs.search.registry import list_versions_of_run
from runs.search.run import (
    KeyValueText,
    UsedDataset,
    count_same_error,
    list_datasets,
    list_input_models,
    list_models,
    list_params,
    list_properties,
    list_tags,
    read_metrics,
)
from studio.core.filters import Field, to_text
from studio.core.filters.tree import TAGS, Comparison, attribute
from studio.core.filters.tree import Text as FilterText
from studio.core.names import is_system_metric
from studio.core.statuses import RunStatus
from studio.core.view_spec import ViewSpec

#: A list with more than MAX rows shows only the first CLIPPED ones.
CLIPPED_METRIC_ROWS, MAX_METRIC_ROWS = 7, 9
CLIPPED_PARAM_ROWS, MAX_PARAM_ROWS = 100, 120
MAX_SPARKLINES = 100
#: Longer schemas are not read, and more columns not listed. The dataset has a page.
MAX_SCHEMA_TEXT, MAX_SCHEMA_COLUMNS = 100_000, 20

GIT_COMMIT = ("mlflow.source.git.commit", "azureml.git.commit")
GIT_BRANCH = ("mlflow.source.git.branch", "azureml.git.branch")


@dataclass(frozen=True)
class MetricRow:
    key: str
    last: DisplayValue
    min: DisplayValue
    max: DisplayValue
    line: SafeString | str


@dataclass(frozen=True)
class TagChip:
    key: str
    value: str | None
    href: str


@dataclass(frozen=True)
class DatasetRow:
    """`href` is empty if the dataset has no page, `place` if it has no address."""

    used: UsedDataset
    href: str
    place: str
    schema: DatasetSchema


@dataclass(frozen=True)
class ModelLink:
    model: LoggedModel
    href: str
    status: str


@access(Permission.READ)
@require_safe
def details_tab(request: PageRequest, run_id: str) -> HttpResponse:
    head = find_run_head(request, run_id)
    # Conclusions are written on other pages, and don't change the run's revision.
    concluded = list_conclusions_of(head.run)
    others = _render_if_it_names_other_runs(request, head.run)
    # Other runs change the place in the queue.
    job = find_job_details(head)
    sweep = find_sweep_details(head)
    registered = list_versions_of_run(head.run)
    etag = page_etag(
        request,
        head,
        [(each.pk, each.updated) for each in concluded],
        others,
        job_stamp(job),
        sweep and sweep.stamp,
        [(each.pk, each.stage, *_alias_names(each)) for each in registered],
    )
    if is_page_unchanged(request, etag):
        return page_not_modified(etag)
    run = head.run
    tags, properties = list_tags(run), list_properties(run)
    context = {
        "conclusions": conclusion_items(request, concluded),
        **_attributes_context(request, run, tags, properties, others),
        **tag_chips_context(request, tags),
        **_params_context(request, run),
        **_metrics_context(request, run),
        **job_context(request, head, job, {p.key: p.value for p in properties}),
        **sweep_context(request, sweep),
        **cancel_progress_context(
            request, run, {each.key: each.value for each in properties}
        ),
        "silent": run.state is RunStatus.NOT_RESPONDING,
        "edited": find_last_version(run),
        "silence": run.heard and ago(now_ms() - run.heard),
        "error": _failure_context(request, run),
        "properties": properties,
        "datasets": [_dataset_row(request, used) for used in list_datasets(run)],
        "receipt": read_delivery_report(run),
        **_models_context(request, run),
        "registered": [(each, _version_href(request, each)) for each in registered],
        "submitter_href": run.submitter
        and _run_list_href(request, attribute("submitter"), run.submitter.username),
    }
    return show_run_tab(request, head, "details", etag, context)


def _dataset_row(request: PageRequest, used: UsedDataset) -> DatasetRow:
    dataset = used.dataset
    # Its page would not be found while its experiment is in the trash.
    is_shown = dataset.experiment.deleted is None
    text = dataset.schema
    return DatasetRow(
        used,
        dataset_path(request.workspace.name, dataset.pk) if is_shown else "",
        dataset_source_address(dataset.source),
        read_schema(text if len(text) <= MAX_SCHEMA_TEXT else "", MAX_SCHEMA_COLUMNS),
    )


def _models_context(request: PageRequest, run: Run) -> dict[str, Any]:
    written = list_models(run)
    own_ids = {model.model_id for model in written}
    # A run that evaluates its own model lists it once.
    read = [one for one in list_input_models(run) if one.model_id not in own_ids]
    return {
        "models": [_model_link(request, model) for model in written],
        "models_read": [
            (one.model_id, one.model and _model_link(request, one.model))
            for one in read
        ],
        "model_count": len(written) + len(read),
    }


def _model_link(request: PageRequest, model: LoggedModel) -> ModelLink:
    return ModelLink(
        model,
        logged_model_path(request.workspace.name, model.model_id),
        model_status_label(model.status),
    )


def _alias_names(version: ModelVersion) -> list[str]:
    return sorted(each.name for each in version.aliases.all())


def _version_href(request: PageRequest, version: ModelVersion) -> str:
    name = request.workspace.name
    return model_version_path(name, version.model.name, version.number)


def _render_if_it_names_other_runs(request: PageRequest, run: Run) -> str:
    """Render the description if it can refer to other runs, else return no text.

    It is part of the ETag, because other runs change without this one.
    """
    text = run.description
    return (
        render_description(request, text, run) if "@" in text or "run:" in text else ""
    )


def _attributes_context(
    request: PageRequest,
    run: Run,
    tags: Sequence[KeyValueText],
    properties: Sequence[KeyValueText],
    described: str,
) -> dict[str, Any]:
    # Tags come last and win: they can be corrected, properties can't.
    known = {text.key: text.value or "" for text in (*properties, *tags)}
    # MLflow clients write descriptions into this tag.
    text = run.description or known.get("mlflow.note.content", "")
    return {
        "script": run.script or known.get("mlflow.source.name", ""),
        "git_commit": _first_set_value(known, GIT_COMMIT),
        "git_branch": _first_set_value(known, GIT_BRANCH),
        "machine": read_machine({p.key: p.value or "" for p in properties}),
        "git_dirty": known.get("azureml.git.dirty", "").lower() == "true",
        "description": described or render_description(request, text, run),
    }


def _first_set_value(known: Mapping[str, str], keys: Sequence[str]) -> str:
    return next((known[key] for key in keys if known.get(key)), "")


def tag_chips_context(
    request: PageRequest, tags: Sequence[KeyValueText]
) -> dict[str, Any]:
    shown = [tag for tag in tags if not tag.is_bookkeeping]
    return {
        "tags": [_tag_chip(request, tag) for tag in shown],
        "bookkeeping": [tag for tag in tags if tag.is_bookkeeping],
    }


def _tag_chip(request: PageRequest, tag: KeyValueText) -> TagChip:
    return TagChip(
        tag.key, tag.value, _run_list_href(request, Field(TAGS, tag.key), tag.value)
    )


def _params_context(request: PageRequest, run: Run) -> dict[str, Any]:
    params = list_params(run)
    find = request.GET.get("find", "").strip()[:200]
    found = [each for each in params if _contains_all_words(each, find)]
    shown = _shorten_long_list(
        request, "params", found, CLIPPED_PARAM_ROWS, MAX_PARAM_ROWS
    )
    return {
        "params": shown,
        "params_find": find,
        "params_total": len(params),
        "params_more": len(found) - len(shown),
        # By all parameters, so that the search box stays while it filters them.
        "params_are_many": len(params) > MAX_PARAM_ROWS,
        "params_all": urlencode({"params": "all", **({"find": find} if find else {})}),
    }


def _contains_all_words(named_text: KeyValueText, words: str) -> bool:
    """Whether each word is in the name or the value, like the page's script."""
    text = f"{named_text.key} {named_text.value or ''}".lower()
    return all(word in text for word in words.lower().split())


def _metrics_context(request: PageRequest, run: Run) -> dict[str, Any]:
    heads = read_metrics(run)
    own = [head for head in heads if not is_system_metric(head.key.name)]
    # What the machine did is shown with the rest, unless there is nothing else.
    is_whole = request.GET.get("metrics") == "all" or not own
    shown = _shorten_long_list(
        request,
        "metrics",
        heads if is_whole else own,
        CLIPPED_METRIC_ROWS,
        MAX_METRIC_ROWS,
    )
    return {"metrics": _metric_rows(shown), "metrics_more": len(heads) - len(shown)}


def _shorten_long_list(
    request: PageRequest, name: str, rows: Sequence[Any], shown_rows: int, max_rows: int
) -> Sequence[Any]:
    """Return the first rows of a long list; all rows with `?name=all`."""
    if len(rows) <= max_rows or request.GET.get(name) == "all":
        return rows
    return rows[:shown_rows]


def _metric_rows(heads: Sequence[Metric]) -> list[MetricRow]:
    # One query for all curves of the page.
    points = sparkline_points(heads[:MAX_SPARKLINES])
    rows = []
    for head in heads:
        series = points.get(head.pk)
        line = draw_sparkline(series.steps, series.values) if series else ""
        rows.append(MetricRow(head.key.name, *display_summary(head), line))
    return rows


def _failure_context(request: PageRequest, run: Run) -> dict[str, Any]:
    if not run.error:
        # MLflow's clients report that a run failed, but not why.
        return {"is_missing": True} if run.state is RunStatus.FAILED else {}
    line = headline_of_error(run.error)
    frames, message = split_traceback(run.error)
    return {
        "headline": line,
        "frames": frames,
        # An error of one line would be shown twice.
        "message": message if frames or message != line else "",
        **_same_error_context(request, run, line),
    }


def _same_error_context(request: PageRequest, run: Run, line: str) -> dict[str, Any]:
    """Return a link to the runs with the same error kind, and their number."""
    # Without a kind, the text of the error is the only thing that runs can share.
    if run.error_kind is None:
        # A long headline is cut, and the ellipsis is not in the error.
        text = line.removesuffix("…")
        href = _run_list_href(request, attribute("error"), text, operator="contains")
        return {"same_error_href": href}
    href = _run_list_href(request, attribute("error_kind"), run.error_kind)
    return {"same_error_href": href, "same_error_count": count_same_error(run)}


def _run_list_href(
    request: PageRequest, field: Field, value: str | None, operator: str = "="
) -> str:
    """Link to the list of the runs with this value."""
    if value is None:
        term = Comparison(field, "is not null", ())
    else:
        term = Comparison(field, operator, (FilterText(value),))
    # Flat, because the root of a child run can have another value.
    spec = ViewSpec(q=to_text(term), children=True, flat=True)
    return f"/w/{request.workspace.name}/runs/?{spec.to_query()}"
