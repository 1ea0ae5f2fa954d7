"""The addresses of the activity: its pages, and REST below a workspace."""

from __future__ import annotations

from tests.access.entries import CONTRIBUTOR, READER, Row, page, row

ACTIVITY_PAGES: dict[str, Row] = {
    "activity/": page(READER),
    "activity/news/": page(READER),
    "activity/feed.atom": page(READER),
    "activity/<int:number>/": page(READER, 404),
    "activity/tokens/<int:number>/undo/": row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
}
