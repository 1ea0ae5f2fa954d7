"""Every address of the server with the access that it requires.

`test_every_url` fails for an address that is missing here, or that no longer exists.
The requirement is public, signed in, in person, or the lowest role. `also` lists more
statuses that an allowed user can get for an empty request.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.access.activity_table import (
    ACTIVITY_PAGES,
    ACTIVITY_REST,
    NOTIFY_ACCOUNT_PAGES,
    NOTIFY_PAGES,
)
from tests.access.entries import (
    AGENT,
    CONTRIBUTOR,
    IN_PERSON,
    OPERATOR,
    OWNER,
    PUBLIC,
    READER,
    SIGNED_IN,
    Row,
    as_api,
    data,
    form,
    page,
    row,
)
from tests.access.model_page_table import MODEL_PAGES
from tests.access.registry_table import REGISTRY_REST
from tests.access.submission_table import COMPUTE_PAGES, SUBMIT_PAGES
from tests.access.view_table import VIEW_PAGES, VIEW_REST

__all__ = ["IN_PERSON", "PUBLIC", "SAMPLES", "SIGNED_IN", "TABLE", "Row"]

SAMPLES = {
    "workspace": "lab",
    "run_id": "first",
    "slug": "digits",
    "secret": "nosuch",
    "number": "999999",
    "name": "nosuch.png",
    "model_id": "m-nosuch",
    "key": "k",
    "route": "mlflow/nosuch",
    "address": "1/first/artifacts/out.txt",
    "path": "out.txt",
    "writer": "w1",
    "upload": "nosuch",
    "signed": "nosuch",
    "offset": "0",
    "target": "local",
    "agent": "999999",
    "alias": "champion",
    "action": "archive",
    "version": "1",
}


WORKSPACE = "w/<str:workspace>/"
RUN = "runs/<str:run_id>/"

PAGES: dict[str, Row] = {
    "": page(SIGNED_IN),
    "healthz": page(PUBLIC),
    "readyz": page(PUBLIC),
    "metrics": data(OPERATOR, 404),
    "parts/": page(SIGNED_IN),
    "help/": page(SIGNED_IN),
    "help/<slug:slug>/": page(SIGNED_IN, 404),
    "help/pictures/<str:name>": page(SIGNED_IN, 404),
    "runs/<str:run_id>": page(IN_PERSON, 404),
    "experiments/id/<int:number>": page(IN_PERSON, 404),
    "api/v1/": page(SIGNED_IN),
    **NOTIFY_ACCOUNT_PAGES,
    "sign-in/": row(GET=PUBLIC, POST=PUBLIC),
    "sign-in/forgot/": row(400, 409, GET=PUBLIC, POST=PUBLIC),
    "sign-in/link/": form(PUBLIC),
    "sign-in/link/<str:secret>/": row(
        parts={"secret": "{link}"}, GET=PUBLIC, POST=PUBLIC
    ),
    "sign-out/": form(PUBLIC),
    "invitation/<str:secret>/": row(
        parts={"secret": "{invitation}"}, GET=PUBLIC, POST=PUBLIC
    ),
    "shared/<str:secret>/": page(PUBLIC, secret="{shared}"),
    "shared/<str:secret>/feed/": page(PUBLIC, 404, secret="{shared}"),
    "shared/<str:secret>/pictures/<path:path>": page(PUBLIC, 404, secret="{shared}"),
    "v/<str:slug>/": row(404, parts={"slug": "{view}"}, GET=SIGNED_IN),
    "account/": page(IN_PERSON),
    "account/profile/": form(IN_PERSON),
    "account/password/": form(IN_PERSON),
    "account/theme/": form(PUBLIC),
    "account/language/": form(PUBLIC),
    "account/tokens/": form(IN_PERSON, 404),
    "account/tokens/<int:number>/": form(IN_PERSON, 404),
    "account/sessions/": form(IN_PERSON),
    "account/sessions/<str:number>/": form(IN_PERSON, 404),
}

IN_WORKSPACE: dict[str, Row] = {
    "": page(READER),
    "experiments/": page(READER),
    "experiments/<str:slug>/": page(READER),
    "experiments/<str:slug>/star/": form(READER),
    "experiments/<str:slug>/head/": page(READER),
    "experiments/<str:slug>/history/": page(READER),
    "experiments/<str:slug>/name/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "experiments/<str:slug>/tags/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "experiments/<str:slug>/tags/known/": page(CONTRIBUTOR),
    "experiments/<str:slug>/row/name/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "experiments/<str:slug>/row/tags/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "experiments/<str:slug>/archive/": form(CONTRIBUTOR),
    "experiments/<str:slug>/trash/": form(CONTRIBUTOR),
    "experiments/<str:slug>/restore/": form(CONTRIBUTOR),
    "experiments/<str:slug>/description/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "experiments/<str:slug>/description/known/": page(CONTRIBUTOR),
    "experiments/<str:slug>/description/versions/": page(READER),
    "experiments/<str:slug>/description/versions/restore/": form(CONTRIBUTOR),
    "runs/": page(READER),
    "models/": page(READER),
    "new-model/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    **MODEL_PAGES,
    "list/columns/": page(READER),
    "list/head/": page(READER, 400),
    "list/select/": form(READER),
    "storage/": page(READER),
    "storage/refresh/": form(CONTRIBUTOR),
    "storage/quota/": form(OWNER),
    "storage/trash/restore/": form(CONTRIBUTOR),
    "storage/trash/purge/": form(OWNER),
    "storage/retention/dry-run/": row(400, GET=OWNER),
    "storage/retention/save/": form(OWNER),
    "storage/retention/<int:number>/enable/": form(OWNER, 404),
    "storage/retention/<int:number>/delete/": form(OWNER, 404),
    "storage/retention/<int:number>/restore/": form(OWNER, 404),
    "tasks/": page(READER),
    "tasks/<int:number>/stop/": form(READER, 404),
    "list/bulk/mark/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/bulk/move/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/bulk/rename/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/bulk/tag/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/bulk/<str:action>/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/bulk/experiments/<str:action>/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "list/group/": page(READER),
    "list/groups/": page(READER, 400),
    "list/differs/": page(READER),
    "list/goal/": form(CONTRIBUTOR, 400),
    "list/complete/": page(READER),
    "list/filter/": page(READER),
    "list/facets/": page(READER),
    "list/facets/range/": page(READER, 400),
    "list/charts/": page(READER),
    "list/charts/fields/": page(READER),
    "list/charts/figure/": data(READER, 400),
    "list/charts/table/": page(READER, 400),
    "list/charts/values/": page(READER, 400),
    "list/charts/brush/": page(READER, 400),
    "undo/": form(READER),
    "undo/<int:number>/": form(READER, 404),
    "exports/": form(READER),
    "exports/<int:number>/": page(READER, 404),
    "exports/<int:number>/histories.parquet": page(READER, 404),
    "compare/": page(READER),
    "compare/logs/": page(READER),
    "compare/logs/rows/": page(READER, 404),
    "compare/media/": page(READER),
    "compare/runs/": page(READER),
    "compare/conclusion/": row(400, 422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    **SUBMIT_PAGES,
    f"{RUN}star/": form(READER),
    f"{RUN}": page(READER),
    f"{RUN}metrics/": page(READER),
    f"{RUN}metrics/chart.json": data(READER),
    f"{RUN}metrics/log/": page(READER, 404),
    f"{RUN}metrics/values.csv": page(READER),
    f"{RUN}media/": page(READER),
    f"{RUN}images/": page(READER, 301),
    f"{RUN}children/": page(READER),
    f"{RUN}files/": page(READER),
    f"{RUN}files/tree/": page(READER),
    f"{RUN}files/all.zip": page(READER),
    f"{RUN}files/delete/": form(CONTRIBUTOR, 400),
    f"{RUN}files/raw/<path:path>": page(READER),
    f"{RUN}logs/lines/": page(READER, 400),
    f"{RUN}logs/search/": page(READER, 400),
    f"{RUN}logs/outline/": page(READER, 400),
    f"{RUN}snapshot/": page(READER),
    f"{RUN}lineage/": page(READER),
    f"{RUN}snapshot/all.zip": page(READER, 404),
    f"{RUN}snapshot/raw/<path:path>": page(READER, 404),
    f"{RUN}models/<str:model_id>/<path:path>": page(READER, 404),
    "logged-models/": page(READER),
    "logged-models/<str:model_id>/": page(READER, 404),
    "logged-models/<str:model_id>/files/": page(READER, 404),
    "logged-models/<str:model_id>/files/all.zip": page(READER, 404),
    "logged-models/<str:model_id>/files/raw/<path:path>": page(READER, 404),
    "datasets/": page(READER),
    "logs/": page(READER),
    "logs/index/": form(OWNER),
    "datasets/<int:number>/": page(READER, 404),
    f"{RUN}name/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}row/name/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}row/tags/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}description/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}description/pictures/": as_api(form(CONTRIBUTOR, 400)),
    f"{RUN}description/known/": page(CONTRIBUTOR),
    f"{RUN}description/versions/": page(READER),
    f"{RUN}description/versions/restore/": form(CONTRIBUTOR),
    f"{RUN}tags/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}tags/known/": page(CONTRIBUTOR),
    f"{RUN}history/": page(READER),
    f"{RUN}comments/": row(422, GET=READER, POST=CONTRIBUTOR),
    f"{RUN}comments/known/": page(CONTRIBUTOR),
    "comments/<int:number>/": row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "comments/<int:number>/delete/": form(CONTRIBUTOR, 404),
    f"{RUN}undo/": form(CONTRIBUTOR),
    f"{RUN}undo/<int:number>/": form(CONTRIBUTOR, 404),
    f"{RUN}cancel/": row(GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}force/": form(CONTRIBUTOR),
    f"{RUN}stop/": form(CONTRIBUTOR),
    f"{RUN}trash/": form(CONTRIBUTOR),
    f"{RUN}finish/": row(400, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    f"{RUN}archive/": form(CONTRIBUTOR),
    f"{RUN}color/": form(CONTRIBUTOR),
    f"{RUN}lock/": form(CONTRIBUTOR),
    f"{RUN}restore/": form(CONTRIBUTOR),
    **VIEW_PAGES,
    **COMPUTE_PAGES,
    **ACTIVITY_PAGES,
    **NOTIFY_PAGES,
    "members/": page(READER),
    "members/<int:number>/role/": form(OWNER, number="{member}"),
    "members/<int:number>/remove/": form(OWNER, number="{member}"),
    "members/<int:number>/sign-in-link/": form(OWNER, 409, number="{member}"),
    "invitations/": form(OWNER),
    "invitations/<int:number>/revoke/": form(OWNER, number="{number}"),
}

EXPERIMENTS = "api/2.0/mlflow/experiments/"
RUNS = "api/2.0/mlflow/runs/"
MODELS = "api/2.0/mlflow/logged-models"
REGISTERED = "api/2.0/mlflow/registered-models/"
VERSIONS = "api/2.0/mlflow/model-versions/"
FILES = "api/2.0/mlflow-artifacts/"

#: Below a workspace, and bare.
MLFLOW: dict[str, Row] = {
    f"{EXPERIMENTS}get": row(GET=READER),
    f"{EXPERIMENTS}get-by-name": row(GET=READER),
    f"{EXPERIMENTS}create": row(POST=CONTRIBUTOR),
    f"{EXPERIMENTS}search": row(GET=READER, POST=READER),
    f"{EXPERIMENTS}list": row(GET=READER),
    f"{EXPERIMENTS}search-datasets": row(POST=READER),
    f"{EXPERIMENTS}update": row(POST=CONTRIBUTOR),
    f"{EXPERIMENTS}delete": row(POST=CONTRIBUTOR),
    f"{EXPERIMENTS}restore": row(POST=CONTRIBUTOR),
    f"{EXPERIMENTS}set-experiment-tag": row(POST=CONTRIBUTOR),
    f"{EXPERIMENTS}delete-experiment-tag": row(POST=CONTRIBUTOR),
    f"{RUNS}create": row(POST=CONTRIBUTOR),
    f"{RUNS}get": row(GET=READER),
    f"{RUNS}update": row(POST=CONTRIBUTOR),
    f"{RUNS}delete": row(POST=CONTRIBUTOR),
    f"{RUNS}restore": row(POST=CONTRIBUTOR),
    f"{RUNS}search": row(GET=READER, POST=READER),
    f"{RUNS}log-metric": row(POST=CONTRIBUTOR),
    f"{RUNS}log-parameter": row(POST=CONTRIBUTOR),
    f"{RUNS}log-batch": row(POST=CONTRIBUTOR),
    f"{RUNS}set-tag": row(POST=CONTRIBUTOR),
    f"{RUNS}delete-tag": row(POST=CONTRIBUTOR),
    f"{RUNS}log-model": row(POST=CONTRIBUTOR),
    f"{RUNS}log-inputs": row(POST=CONTRIBUTOR),
    f"{RUNS}outputs": row(POST=CONTRIBUTOR),
    MODELS: row(POST=CONTRIBUTOR),
    f"{MODELS}/search": row(POST=READER),
    f"{MODELS}/<str:model_id>": row(
        404, GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR
    ),
    f"{MODELS}/<str:model_id>/tags": row(404, PATCH=CONTRIBUTOR),
    f"{MODELS}/<str:model_id>/tags/<path:key>": row(404, DELETE=CONTRIBUTOR),
    f"{MODELS}/<str:model_id>/params": row(404, POST=CONTRIBUTOR),
    f"{MODELS}/<str:model_id>/artifacts/directories": row(404, GET=READER),
    f"{MODELS}/<str:model_id>/artifacts/files": row(404, GET=READER),
    f"{REGISTERED}create": row(POST=CONTRIBUTOR),
    f"{REGISTERED}get": row(GET=READER),
    f"{REGISTERED}search": row(GET=READER),
    f"{REGISTERED}list": row(GET=READER),
    f"{REGISTERED}rename": row(POST=CONTRIBUTOR),
    f"{REGISTERED}update": row(PATCH=CONTRIBUTOR),
    f"{REGISTERED}delete": row(DELETE=CONTRIBUTOR),
    f"{REGISTERED}get-latest-versions": row(GET=READER, POST=READER),
    f"{REGISTERED}set-tag": row(POST=CONTRIBUTOR),
    f"{REGISTERED}delete-tag": row(DELETE=CONTRIBUTOR),
    f"{REGISTERED}alias": row(GET=READER, POST=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{VERSIONS}create": row(POST=CONTRIBUTOR),
    f"{VERSIONS}get": row(GET=READER),
    f"{VERSIONS}search": row(GET=READER),
    f"{VERSIONS}update": row(PATCH=CONTRIBUTOR),
    f"{VERSIONS}delete": row(DELETE=CONTRIBUTOR),
    f"{VERSIONS}get-download-uri": row(GET=READER),
    f"{VERSIONS}transition-stage": row(POST=CONTRIBUTOR),
    f"{VERSIONS}set-tag": row(POST=CONTRIBUTOR),
    f"{VERSIONS}delete-tag": row(DELETE=CONTRIBUTOR),
    "api/2.0/mlflow/metrics/get-history": row(GET=READER),
    "api/2.0/mlflow/metrics/get-history-bulk": row(GET=READER),
    "api/2.0/mlflow/metrics/get-history-bulk-interval": row(GET=READER),
    "api/2.0/mlflow/upload-artifact": row(POST=CONTRIBUTOR),
    "api/2.0/mlflow/artifacts/list": row(GET=READER),
    f"{FILES}artifacts": row(GET=READER),
    f"{FILES}artifacts/<path:address>": row(
        404, GET=READER, PUT=CONTRIBUTOR, DELETE=CONTRIBUTOR
    ),
    f"{FILES}mpu/create/<path:address>": row(404, POST=CONTRIBUTOR),
    f"{FILES}mpu/complete/<path:address>": row(404, POST=CONTRIBUTOR),
    f"{FILES}mpu/abort/<path:address>": row(404, POST=CONTRIBUTOR),
    f"{FILES}mpu-parts/<str:signed>": row(404, PUT=PUBLIC),
    f"{FILES}presigned/<path:address>": row(404, GET=READER),
    f"{FILES}presigned-files/<str:signed>": row(404, GET=PUBLIC),
    "api/3.0/mlflow/server-info": row(GET=READER),
    "api/3.0/mlflow/traces/search": row(501, POST=READER),
    **{
        f"api/{version}/<path:route>": row(404, GET=SIGNED_IN, POST=SIGNED_IN)
        for version in ("2.0", "3.0", "4.0", "5.0")
    },
}
#: MLflow's pages use the same routes under another name.
MLFLOW |= {f"ajax-{pattern}": entry for pattern, entry in MLFLOW.items()}
MLFLOW |= {
    "get-artifact": row(GET=READER),
    "model-versions/get-artifact": row(GET=READER),
    "graphql": row(GET=READER, POST=READER),
    "version": row(GET=PUBLIC),
    "v1/traces": row(501, GET=SIGNED_IN, POST=SIGNED_IN),
    "gateway/<path:route>": row(501, GET=SIGNED_IN, POST=SIGNED_IN),
}

SPACE = "workspaces/<str:workspace>"
ONE = f"{SPACE}/runs/<str:run_id>"
HOME = f"{SPACE}/experiments/<int:number>"


def home(**needs: str) -> Row:
    return row(parts={"number": "1"}, **needs)


#: Below `api/v1/`.
REST: dict[str, Row] = {
    "openapi.json": row(GET=SIGNED_IN),
    "fields": row(GET=SIGNED_IN),
    "workspaces": row(GET=SIGNED_IN),
    "tokens": row(GET=SIGNED_IN, POST=SIGNED_IN),
    "tokens/<int:number>": row(404, parts={"number": "0"}, DELETE=SIGNED_IN),
    f"{SPACE}/experiments": row(GET=READER, POST=CONTRIBUTOR),
    HOME: home(GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{HOME}/restore": home(POST=CONTRIBUTOR),
    f"{HOME}/tags": home(POST=CONTRIBUTOR),
    f"{SPACE}/runs": row(GET=READER, POST=CONTRIBUTOR),
    f"{SPACE}/columns": row(GET=READER),
    f"{SPACE}/history-exports": row(202, POST=READER),
    f"{SPACE}/history-exports/<int:number>": row(404, GET=READER),
    f"{SPACE}/history-exports/<int:number>/file": row(404, GET=READER),
    f"{SPACE}/bulk": form(READER),
    f"{SPACE}/experiments/bulk": form(CONTRIBUTOR),
    f"{SPACE}/undo": form(READER, 404),
    f"{ONE}/comments": row(GET=READER, POST=CONTRIBUTOR),
    f"{SPACE}/comments/<int:number>": row(404, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{SPACE}/changes/<int:number>/undo": form(READER, 404),
    f"{SPACE}/tasks": row(GET=READER),
    f"{SPACE}/tasks/<int:number>": row(404, GET=READER),
    f"{SPACE}/tasks/<int:number>/stop": row(404, POST=READER),
    f"{SPACE}/groups": row(400, GET=READER),
    f"{SPACE}/logs": row(400, GET=READER),
    f"{SPACE}/log-index": row(GET=READER, PATCH=OWNER),
    ONE: row(GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{ONE}/restore": row(POST=CONTRIBUTOR),
    f"{ONE}/purge": row(POST=OWNER),
    f"{ONE}/status": row(POST=CONTRIBUTOR),
    f"{ONE}/cancel": row(POST=CONTRIBUTOR),
    f"{ONE}/cancel/signals": row(POST=CONTRIBUTOR),
    f"{ONE}/star": row(PUT=READER, DELETE=READER),
    f"{ONE}/events": row(GET=READER),
    f"{ONE}/children": row(POST=CONTRIBUTOR),
    f"{ONE}/values": row(GET=READER),
    f"{ONE}/params": row(GET=READER, POST=CONTRIBUTOR),
    f"{ONE}/properties": row(GET=READER, POST=CONTRIBUTOR),
    f"{ONE}/tags": row(GET=READER, POST=CONTRIBUTOR),
    f"{ONE}/metrics": row(GET=READER, POST=CONTRIBUTOR),
    f"{ONE}/metrics/<path:key>": row(404, GET=READER),
    f"{ONE}/files": row(GET=READER),
    f"{ONE}/media": row(GET=READER),
    f"{ONE}/logs": row(404, GET=READER),
    f"{ONE}/logs/search": row(400, GET=READER),
    f"{ONE}/logs/outline": row(404, GET=READER),
    f"{ONE}/files/<path:path>": row(
        GET=READER, PUT=CONTRIBUTOR, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR
    ),
    f"{ONE}/uploads": row(POST=CONTRIBUTOR),
    f"{ONE}/uploads/<str:upload>": row(404, GET=READER, DELETE=CONTRIBUTOR),
    f"{ONE}/uploads/<str:upload>/pieces/<int:offset>": row(404, PUT=CONTRIBUTOR),
    f"{ONE}/uploads/<str:upload>/complete": row(404, POST=CONTRIBUTOR),
    f"{ONE}/writers/<str:writer>": row(PUT=CONTRIBUTOR),
    f"{ONE}/writers/<str:writer>/rows": row(POST=CONTRIBUTOR),
    f"{ONE}/receipt": row(GET=READER),
    f"{ONE}/heartbeat": row(POST=CONTRIBUTOR),
    f"{ONE}/snapshot": row(404, GET=READER, PUT=CONTRIBUTOR),
    f"{ONE}/snapshot/known": row(POST=CONTRIBUTOR),
    f"{ONE}/definition": row(404, GET=READER),
    f"{ONE}/token": row(403, POST=CONTRIBUTOR),
    f"{ONE}/resubmit": row(POST=CONTRIBUTOR),
    f"{ONE}/sweep": row(404, GET=READER, POST=CONTRIBUTOR),
    f"{SPACE}/sweeps": row(POST=CONTRIBUTOR),
    f"{ONE}/queue": row(403, POST=CONTRIBUTOR),
    f"{ONE}/job": row(403, 404, GET=READER, PATCH=CONTRIBUTOR),
    f"{ONE}/waiting": row(POST=CONTRIBUTOR),
    f"{SPACE}/jobs": row(GET=READER),
    f"{SPACE}/compute": row(GET=READER, POST=OWNER),
    f"{SPACE}/compute/<str:target>": row(PATCH=OWNER, DELETE=OWNER),
    f"{SPACE}/compute/<str:target>/agent-tokens": row(201, POST=OWNER),
    f"{SPACE}/compute/<str:target>/tests": row(201, POST=CONTRIBUTOR),
    f"{SPACE}/compute/<str:target>/tests/<str:run_id>": row(404, GET=READER),
    f"{SPACE}/secrets": row(GET=READER),
    f"{SPACE}/storage": row(GET=READER),
    f"{SPACE}/storage/quota": row(PUT=OWNER),
    f"{SPACE}/storage/count": row(POST=CONTRIBUTOR),
    f"{SPACE}/retention-rules": row(GET=READER, POST=OWNER),
    f"{SPACE}/retention-rules/try": row(POST=OWNER),
    f"{SPACE}/retention-rules/<int:number>": row(
        404, GET=READER, PUT=OWNER, PATCH=OWNER, DELETE=OWNER
    ),
    f"{SPACE}/retention-rules/<int:number>/restore": row(404, POST=OWNER),
    f"{SPACE}/storage/trash": row(GET=READER),
    f"{SPACE}/storage/trash/restore": row(POST=CONTRIBUTOR),
    f"{SPACE}/storage/trash/purge": row(POST=OWNER),
    f"{SPACE}/environments": row(GET=READER),
    f"{SPACE}/environments/<str:name>": row(
        404, GET=READER, POST=CONTRIBUTOR, DELETE=OWNER
    ),
    f"{SPACE}/environments/<str:name>/versions/<int:version>": row(404, GET=READER),
    f"{SPACE}/secrets/<str:name>": row(404, PUT=OWNER, DELETE=OWNER),
    f"{SPACE}/agents": row(POST=AGENT),
    f"{SPACE}/agents/<int:agent>": row(404, PATCH=OWNER, DELETE=OWNER),
    f"{SPACE}/agents/<int:agent>/heartbeat": row(POST=AGENT),
    f"{SPACE}/agents/<int:agent>/take": row(POST=AGENT),
    f"{SPACE}/agents/<int:agent>/jobs/<str:run_id>/end": row(POST=AGENT),
}

REST |= VIEW_REST
REST |= ACTIVITY_REST
REST |= REGISTRY_REST


def every_row() -> Iterator[tuple[str, Row]]:
    yield from PAGES.items()
    for pattern, entry in IN_WORKSPACE.items():
        yield WORKSPACE + pattern, entry
    for prefix in (WORKSPACE, ""):
        for pattern, entry in MLFLOW.items():
            yield prefix + pattern, as_api(entry)
    yield "health", as_api(row(GET=PUBLIC))
    for pattern, entry in REST.items():
        yield f"api/v1/{pattern}", as_api(entry)


TABLE = dict(every_row())
