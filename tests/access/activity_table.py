"""The addresses of the activity: its pages, and REST below a workspace."""

from __future__ import annotations

from tests.access.entries import CONTRIBUTOR, OWNER, READER, Row, form, page, row

ACTIVITY_PAGES: dict[str, Row] = {
    "activity/": page(READER),
    "activity/news/": page(READER),
    "activity/feed.atom": page(READER),
    "activity/<int:number>/": page(READER, 404),
    "activity/tokens/<int:number>/undo/": row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
}

SPACE = "workspaces/<str:workspace>"
ACTIVITY_REST: dict[str, Row] = {
    f"{SPACE}/activity": row(GET=READER),
    f"{SPACE}/changes/<int:number>": row(404, GET=READER),
    f"{SPACE}/undo/since": form(CONTRIBUTOR, 404),
    f"{SPACE}/members": row(GET=READER),
    f"{SPACE}/members/<int:number>": row(404, PATCH=OWNER, DELETE=OWNER),
    f"{SPACE}/invitations": row(201, GET=OWNER, POST=OWNER),
    f"{SPACE}/invitations/<int:number>": row(404, DELETE=OWNER),
    f"{SPACE}/public-links": row(GET=OWNER, POST=OWNER),
    f"{SPACE}/public-links/<int:number>": row(404, DELETE=OWNER),
    f"{SPACE}/conclusion": row(404, GET=READER, PUT=CONTRIBUTOR),
    f"{SPACE}/experiments/<int:number>/star": row(404, PUT=READER, DELETE=READER),
    f"{SPACE}/experiments/<int:number>/goals": row(404, PUT=CONTRIBUTOR),
    f"{SPACE}/models/<str:name>/star": row(404, PUT=READER, DELETE=READER),
}
