"""REST: list a run's media, and the items of one at a step."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    MediaInfo,
    MediaItemInfo,
    MediaLayerInfo,
    MediaQuery,
    MediaReply,
)
from runs.search.media import (
    MediaItem,
    MediaSeries,
    StepItems,
    StepRequest,
    list_media,
    load_items,
)
from studio.core.errors import InvalidValue, NotFound

#: Steps of each medium in the list of all; the list of one name has all steps.
MAX_LISTED_STEPS = 1000
ORDERS = ("", "low", "high")


@endpoint("GET", Permission.READ, query=MediaQuery, reply=MediaReply)
def list_run_media(
    request: StudioRequest, run_id: str, query: MediaQuery
) -> MediaReply:
    """List a run's media: names, kinds and steps. With `name`, also the items of a
    step.

    A request reads a limited number of names of files, the newest first. While the
    reply `is_reading`, repeat the request to read older ones too.
    """
    run = find_run(request, run_id)
    if query.order not in ORDERS:
        raise InvalidValue(_("order must be low or high."), field="order")
    if not query.name and query.step is not None:
        raise InvalidValue(_("step needs a name."), field="step")
    catalog = list_media(run)
    reading = catalog.unread, catalog.is_reading
    if not query.name:
        infos = [_media_info(each, MAX_LISTED_STEPS) for each in catalog.series]
        return MediaReply(infos, catalog.is_whole, *reading)
    series = [each for each in catalog.series if each.name == query.name]
    if not series and not catalog.is_reading:
        raise NotFound(
            _("Run %(run_id)s has no media %(name)s.")
            % {"run_id": run_id, "name": query.name},
            run_id=run_id,
        )
    requests = [_step_request(each, query) for each in series]
    found = iter(load_items(run, [each for each in requests if each is not None]))
    infos = [
        _media_info(each, len(each.steps), asked, next(found) if asked else None)
        for each, asked in zip(series, requests, strict=True)
    ]
    return MediaReply(infos, not catalog.unread, *reading)


def _step_request(series: MediaSeries, query: MediaQuery) -> StepRequest | None:
    """Return what to load; None for a medium that starts later or is a metric."""
    if series.table is not None:
        return None
    step = series.step_at(query.step) if series.steps else None
    if series.steps and step is None:
        return None
    return StepRequest(series, step, query.limit, query.order)


def _media_info(
    series: MediaSeries,
    most: int,
    asked: StepRequest | None = None,
    found: StepItems | None = None,
) -> MediaInfo:
    return MediaInfo(
        series.name,
        series.kind.value,
        series.steps[-most:] if most else [],
        len(series.steps),
        asked.step if asked else None,
        found.total if found else 0,
        [_item_info(item) for item in found.items] if found else [],
        series.table.key.name if series.table else "",
    )


def _item_info(item: MediaItem) -> MediaItemInfo:
    return MediaItemInfo(
        item.file.path,
        item.file.size,
        item.caption,
        dict(item.values),
        [MediaLayerInfo(layer.name, layer.file.path) for layer in item.layers],
        item.small.path if item.small else "",
    )
