"""REST: read and search a run's logs."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    LineSearchQuery,
    LineSearchReply,
    LogFileQuery,
    LogHitInfo,
    LogLineInfo,
    LogLinesQuery,
    LogLinesReply,
    LogOutlineReply,
    TracebackInfo,
)
from runs.search.files import find_log
from runs.search.logs import (
    LogFilter,
    LogPattern,
    LogSource,
    WindowQuery,
    check_levels,
    find_log_source,
    read_outline,
    read_window,
    search_log,
    source_of_file,
)
from studio.core.errors import InvalidValue, NotFound


@endpoint("GET", Permission.READ, query=LogLinesQuery, reply=LogLinesReply)
def get_log_lines(
    request: StudioRequest, run_id: str, query: LogLinesQuery
) -> LogLinesReply:
    """Read lines of a log of any size. By default the first ones of the main log."""
    source = _find_source(request, run_id, query.path)
    window = read_window(source, _window_query(query))
    lines = [
        LogLineInfo(
            each.number,
            each.text,
            each.level,
            each.time,
            each.updates,
            each.in_traceback,
        )
        for each in window.lines
    ]
    return LogLinesReply(
        source.path,
        lines,
        window.total,
        window.size,
        window.version,
        window.moment,
        window.searched_from,
        window.searched_to,
        window.stop,
    )


def _window_query(query: LogLinesQuery) -> WindowQuery:
    levels = [level for level in query.level.split(",") if level]
    if len(check_levels(levels)) < len(levels):
        raise InvalidValue(
            _("level must be error, warn, info or debug."), field="level"
        )
    pattern = _pattern(query.q, query.regex, query.case) if query.q else None
    return WindowQuery(
        line=query.line,
        byte=query.byte,
        at=query.at,
        since=query.since,
        before=query.before,
        is_end=bool(query.end),
        count=query.count,
        filter=LogFilter(check_levels(levels), pattern),
    )


@endpoint("GET", Permission.READ, query=LineSearchQuery, reply=LineSearchReply)
def search_log_lines(
    request: StudioRequest, run_id: str, query: LineSearchQuery
) -> LineSearchReply:
    """Search a whole log. A reply comes in a few seconds; `next` continues."""
    source = _find_source(request, run_id, query.path)
    pattern = _pattern(query.q, query.regex, query.case)
    found = search_log(source, pattern, after=query.after, max_hits=query.limit)
    hits = [
        LogHitInfo(
            hit.number, hit.text, [*hit.marks], hit.level, hit.time, hit.is_folded
        )
        for hit in found.hits
    ]
    following = "" if found.is_done else found.next
    return LineSearchReply(
        source.path,
        hits,
        following,
        found.searched_bytes,
        found.size,
        source.version,
    )


@endpoint("GET", Permission.READ, query=LogFileQuery, reply=LogOutlineReply)
def get_log_outline(
    request: StudioRequest, run_id: str, query: LogFileQuery
) -> LogOutlineReply:
    """List the tracebacks of a log and the levels that its lines have."""
    source = _find_source(request, run_id, query.path)
    found = read_outline(source)
    tracebacks = [
        TracebackInfo(each.first, each.last, each.name, each.message, each.chained)
        for each in found.tracebacks
    ]
    return LogOutlineReply(
        source.path,
        tracebacks,
        found.traceback_count,
        found.levels,
        found.total,
        found.is_done,
    )


def _pattern(text: str, regex: int, case: int) -> LogPattern:
    return LogPattern(text, is_regex=bool(regex), is_cased=bool(case))


def _find_source(request: StudioRequest, run_id: str, path: str) -> LogSource:
    run = find_run(request, run_id)
    if path:
        return find_log_source(run, path)
    file = find_log(run)
    if file is None:
        raise NotFound(_("This run has no log."), run_id=run_id)
    return source_of_file(run, file)
