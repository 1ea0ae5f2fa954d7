"""REST: search in logs of all runs, its index, and runs in groups."""

from __future__ import annotations

import math
from dataclasses import replace

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, signed_in_user, workspace_of
from runs.actions.log_index import switch_log_index
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import (
    CauseInfo,
    LogHitFile,
    LogHitLine,
    LogHitRun,
    LogIndexInfo,
    LogIndexPatch,
    LogSearchQuery,
    LogSearchReply,
    RunGroupInfo,
    RunGroupList,
    RunGroupQuery,
)
from runs.models import Run, Workspace, now_ms
from runs.search.groups import (
    Grouping,
    ListGroup,
    Sightings,
    find_sightings,
    list_groups,
)
from runs.search.log_index import (
    RunHits,
    count_unsearched,
    find_hits,
    log_patterns,
    read_index_state,
)
from runs.search.run_list import find_runs
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.filters import field_text
from studio.core.view_spec import ViewSpec


@endpoint("GET", Permission.READ, query=LogSearchQuery, reply=LogSearchReply)
def search_logs(request: StudioRequest, query: LogSearchQuery) -> LogSearchReply:
    """Find runs by a text in their logs, with their first matching lines."""
    workspace = workspace_of(request)
    spec = ViewSpec.from_query(
        {"q": query.q, "after": query.after, "children": "1", "columns": "name"}
    )
    spec = replace(spec, rows=query.rows)
    patterns = log_patterns(spec.filter())
    if not patterns:
        raise InvalidFilter(
            _('The filter needs a term on logs, such as log:"out of memory".'),
            field="q",
        )
    page = find_runs(spec, signed_in_user(request), workspace, now=now_ms())
    runs = [row.run for row in page.rows]
    hits = find_hits(workspace, patterns, runs)
    left_out = count_unsearched(workspace)
    return LogSearchReply(
        [_hit_info(run, hits[run.pk]) for run in runs],
        page.total,
        page.total_is_exact,
        page.after,
        left_out.runs,
        left_out.bytes,
    )


def _hit_info(run: Run, hits: RunHits) -> LogHitRun:
    files = [
        LogHitFile(
            file.path,
            [
                LogHitLine(line.number, "".join(text for text, _match in line.parts))
                for line in file.lines
            ],
        )
        for file in hits.files
    ]
    return LogHitRun(run.run_id, run.name, files, hits.is_whole)


@endpoint("GET", Permission.READ, reply=LogIndexInfo)
def get_log_index(request: StudioRequest) -> LogIndexInfo:
    """Read the size of the index of logs, and what it does not have yet."""
    return _index_info(workspace_of(request))


@endpoint("PATCH", Permission.SEARCH_INDEX, body=LogIndexPatch, reply=LogIndexInfo)
def change_log_index(request: StudioRequest, body: LogIndexPatch) -> LogIndexInfo:
    """Turn the index of logs on or off. Turned off, it is deleted."""
    workspace = workspace_of(request)
    switch_log_index(workspace, is_on=body.is_on, actor=request.actor, now=now_ms())
    return _index_info(workspace)


def _index_info(workspace: Workspace) -> LogIndexInfo:
    state = read_index_state(workspace)
    return LogIndexInfo(
        state.is_on,
        state.size,
        state.text_size,
        state.logs,
        state.unsearched.runs,
        state.unsearched.bytes,
    )


@endpoint("GET", Permission.READ, query=RunGroupQuery, reply=RunGroupList)
def list_run_groups(request: StudioRequest, query: RunGroupQuery) -> RunGroupList:
    """Group runs by fields, with the means of the columns that are numbers."""
    flags = {
        name: "1" for name in ("children", "mine", "archived") if getattr(query, name)
    }
    texts = {"q": query.q, "group": query.group, "columns": query.columns or "name"}
    spec = ViewSpec.from_query({**texts, **flags})
    if spec.group is None:
        raise InvalidValue(_("The parameter group contains no field"), field="group")
    viewer = signed_in_user(request)
    columns = [column.field for column in spec.columns]
    found = list_groups(spec, viewer, workspace_of(request), columns)
    if found is None:
        raise InvalidValue(_("Too many runs for groups"), field="group")
    found.sort("count", None, descending=True)
    groups = found.groups_between(0, query.rows)
    seen = find_sightings(found, groups, viewer)
    values = found.uncut_values(groups)
    infos = [
        _group_info(found, group, own, seen.get(group.number))
        for group, own in zip(groups, values, strict=True)
    ]
    return RunGroupList(infos, len(found), len(found.runs))


def _group_info(
    found: Grouping,
    group: ListGroup,
    values: list[str | None],
    seen: Sightings | None,
) -> RunGroupInfo:
    names = map(field_text, found.fields)
    stats = {field_text(each): found.stats(group, each) for each in found.numbers}
    means = {
        name: None if math.isnan(each.mean) else each.mean
        for name, each in stats.items()
    }
    cause = None
    if seen is not None:
        people = [user.username for user in seen.submitters]
        run_id = seen.run.run_id if seen.run is not None else None
        cause = CauseInfo(seen.first, seen.last, run_id, seen.error, people)
    return RunGroupInfo(
        dict(zip(names, values, strict=True)), group.count, means, cause
    )
