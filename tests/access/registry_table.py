"""The addresses of the model registry, with the access that they require."""

from __future__ import annotations

from tests.access.entries import CONTRIBUTOR, READER, Row, row

SPACE = "workspaces/<str:workspace>"
MODEL = f"{SPACE}/models/<str:name>"
VERSION = f"{MODEL}/versions/<int:version>"

#: Below `api/v1/`.
REGISTRY_REST: dict[str, Row] = {
    f"{SPACE}/models": row(GET=READER, POST=CONTRIBUTOR),
    MODEL: row(404, GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{MODEL}/tags": row(404, POST=CONTRIBUTOR),
    f"{MODEL}/aliases/<str:alias>": row(404, PUT=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{SPACE}/model-versions": row(GET=READER),
    f"{MODEL}/versions": row(404, GET=READER, POST=CONTRIBUTOR),
    VERSION: row(404, GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{VERSION}/tags": row(404, POST=CONTRIBUTOR),
    f"{VERSION}/files": row(404, GET=READER),
    f"{VERSION}/files/<path:path>": row(404, GET=READER),
}
