"""The addresses of one registered model, with the access that they require."""

from __future__ import annotations

from tests.access.entries import CONTRIBUTOR, READER, Row, form, page, row

_MODEL = "models/<str:name>/"
_VERSION = f"{_MODEL}<int:number>/"


def _edit() -> Row:
    return row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR)


#: The model doesn't exist, so that allowed users get 404.
MODEL_PAGES: dict[str, Row] = {
    _MODEL: page(READER, 404),
    f"{_MODEL}versions.csv": page(READER, 404),
    f"{_MODEL}details/": page(READER, 404),
    f"{_MODEL}lineage/": page(READER, 404),
    f"{_MODEL}activity/": page(READER, 404),
    f"{_MODEL}description/": _edit(),
    f"{_MODEL}description/versions/": page(READER, 404),
    f"{_MODEL}description/versions/restore/": form(CONTRIBUTOR, 404),
    f"{_MODEL}tags/": form(CONTRIBUTOR, 404),
    f"{_MODEL}aliases/": _edit(),
    f"{_MODEL}aliases/remove/": form(CONTRIBUTOR, 404),
    f"{_MODEL}register/": _edit(),
    f"{_MODEL}star/": form(READER, 404),
    f"{_MODEL}rename/": _edit(),
    f"{_MODEL}delete/": _edit(),
    _VERSION: page(READER, 404),
    f"{_VERSION}all.zip": page(READER, 404),
    f"{_VERSION}files/<path:path>": page(READER, 404),
    f"{_VERSION}description/": _edit(),
    f"{_VERSION}tags/": form(CONTRIBUTOR, 404),
    f"{_VERSION}stage/": _edit(),
    f"{_VERSION}delete/": _edit(),
}
