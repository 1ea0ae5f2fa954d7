"""The addresses of the Compute page and of new runs, with the role that each needs."""

from __future__ import annotations

from tests.access.entries import (
    CONTRIBUTOR,
    OWNER,
    READER,
    Row,
    as_api,
    form,
    page,
    row,
)

TARGET = "compute/targets/<str:name>/"
AGENTS = "compute/agents/<int:number>/"

COMPUTE_PAGES: dict[str, Row] = {
    "compute/": page(READER),
    "compute/targets/": row(422, GET=OWNER, POST=OWNER),
    TARGET: row(404, GET=OWNER, POST=OWNER),
    f"{TARGET}runs/": row(404, GET=READER),
    f"{TARGET}pause/": form(OWNER, 404),
    f"{TARGET}drain/": form(OWNER, 404),
    f"{TARGET}remove/": form(OWNER, 404),
    f"{TARGET}test/": form(CONTRIBUTOR, 404),
    f"{TARGET}test/<str:run_id>/": row(404, GET=READER),
    "compute/agents/": row(422, GET=OWNER, POST=OWNER),
    f"{AGENTS}drain/": form(OWNER, 404),
    f"{AGENTS}remove/": form(OWNER, 404),
    "compute/jobs/<str:run_id>/top/": form(CONTRIBUTOR, 404),
    "compute/jobs/<str:run_id>/priority/": form(CONTRIBUTOR, 404),
    "compute/secrets/": form(OWNER, 422),
    "compute/secrets/<str:name>/remove/": form(OWNER, 404),
    "compute/environments/<str:name>/remove/": form(OWNER, 404),
}

SUBMIT_PAGES: dict[str, Row] = {
    "new-run/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "new-run/sources/": as_api(form(CONTRIBUTOR)),
    "runs/<str:run_id>/resubmit/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
}
