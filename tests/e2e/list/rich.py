"""A run with something in every tab of its page, and a view with versions."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import numpy as np

from tests.pages.previews.samples import FIGURE, NOTEBOOK, npy
from tests.parts.server import Server
from tests.parts.wire import Connection

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC"
)
FILES = {
    "logs/train.log": b"epoch 1\n\x1b[31mred\x1b[0m\nTraceback (most recent",
    "table.csv": b"a,b\n1,2\n3,4\n",
    "notes.md": b"# Notes\n\n- one\n",
    "images/pixel.png": PIXEL,
    "images/other.png": PIXEL,
    "previews/eval.ipynb": json.dumps(NOTEBOOK).encode(),
    "previews/figure.json": json.dumps(FIGURE).encode(),
    "previews/config.json": b'{"a": [1, {"b": null}]}',
    "previews/array.npy": npy(np.arange(12.0).reshape(3, 4)),
}


MLMODEL = b"""flavors:
  sklearn: {sklearn_version: 1.7.2}
signature:
  inputs: '[{"type": "double", "name": "x"}]'
"""

#: Everything that a description may have.
NOTE = """A **fine** run, [see](https://x.y), metric:acc,
run:digits-01, [gone](run:x).[^1]

- [x] done
- [ ] to do

```python
def lr(step: int) -> float:  # falls
    return 0.1 * step, "text"
```

| a | b |
|---|---|
| 1 | 2 |

![pixel](file:images/pixel.png)

[^1]: A note.
"""


def rich_run(server: Server) -> str:
    """The id of a run that has something in every tab of its page."""
    link = Connection(server)
    asked = {"experiment_id": "0", "run_name": "rich", "start_time": 1}
    run: str = link.call("POST", "/runs/create", asked)["run"]["info"]["run_id"]
    where = link.call("GET", f"/runs/get?run_id={run}")["run"]["info"]["artifact_uri"]
    root = where.partition("mlflow-artifacts:")[2].lstrip("/")
    for path, data in FILES.items():
        address = f"{link.prefix}/api/2.0/mlflow-artifacts/artifacts/{root}/{path}"
        link.ask("PUT", address, data)
    metrics = [
        {"key": key, "value": value, "timestamp": step, "step": step}
        for key in ("acc", "val/loss")
        for step, value in enumerate((0.25, 0.5, 0.75))
    ]
    params = [{"key": "lr", "value": "0.1"}, {"key": "model", "value": "resnet50"}]
    tags = [
        {"key": "seed", "value": "1"},
        {"key": "mlflow.note.content", "value": NOTE},
    ]
    batch = {"run_id": run, "metrics": metrics, "params": params, "tags": tags}
    link.call("POST", "/runs/log-batch", batch)
    log_data_and_model(link, run)
    link.ask("PUT", f"/api/v1/workspaces/default/runs/{run}/snapshot", sources())
    return run


def log_data_and_model(link: Connection, run: str) -> None:
    """Log a dataset that the run reads, and a model that it writes."""
    dataset = {
        "name": "points",
        "digest": "abc",
        "source_type": "http",
        "source": '{"url": "https://x.example/points.csv"}',
        "schema": '{"mlflow_colspec": [{"type": "double", "name": "x"}]}',
        "profile": '{"num_rows": 1200}',
    }
    use = {
        "dataset": dataset,
        "tags": [{"key": "mlflow.data.context", "value": "training"}],
    }
    link.call("POST", "/runs/log-inputs", {"run_id": run, "datasets": [use]})
    asked = {
        "experiment_id": "0",
        "name": "classifier",
        "source_run_id": run,
        "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "stage", "value": "final"}],
    }
    model: str = link.call("POST", "/logged-models", asked)["model"]["info"]["model_id"]
    outputs = {"run_id": run, "models": [{"model_id": model, "step": 0}]}
    link.call("POST", "/runs/outputs", outputs)
    found = link.call("GET", f"/logged-models/{model}")["model"]["info"]["artifact_uri"]
    root = found.partition("mlflow-artifacts:")[2].lstrip("/")
    address = f"{link.prefix}/api/2.0/mlflow-artifacts/artifacts/{root}/MLmodel"
    link.ask("PUT", address, MLMODEL)
    metric = {"key": "acc", "value": 0.9, "timestamp": 9, "step": 1, "model_id": model}
    metric |= {"run_id": run, "dataset_name": "points", "dataset_digest": "abc"}
    link.call("POST", "/runs/log-metric", metric)


def sources() -> bytes:
    """The archive of a snapshot with a script in a folder."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as kept:
        kept.writestr("src/train.py", "def main() -> None:\n    print('done')  # end\n")
        kept.writestr("README.md", "# A project\n")
    return archive.getvalue()


def shared_view(server: Server) -> str:
    """The slug of a view that was saved again after its first revision."""
    link = Connection(server)
    state = {"group": "tags.model", "columns": "name,metrics.acc"}
    asked = {
        "name": "Looked at",
        "description": "**Table 3** of the paper.",
        "shared": True,
        "experiment": "digits",
        "state": {**state, "charts": "line!metrics.acc,bar!metrics.acc"},
    }
    slug: str = link.rest("POST", "/views", asked)["slug"]
    changed = {"state": {**state, "q": "status:Completed"}, "revision": 1}
    link.rest("PATCH", f"/views/{slug}", changed)
    state["charts"] = "line!metrics.acc,bar!metrics.acc"
    link.rest("PATCH", f"/views/{slug}", {"state": state, "revision": 2})
    return slug


def queued_run(server: Server) -> str:
    """The id of a run that waits in the queue of `local`, which has no agent."""
    link, run = Connection(server), "queued-run"
    body = {
        "id": run,
        "experiment": "Default",
        "status": "NotStarted",
        "definition": {"command": ["python", "-m", "lab", "--lr", "1e-3"]},
    }
    link.rest("POST", "/runs", body)
    link.rest("POST", f"/runs/{run}/queue", {"target": "local", "priority": 10})
    return run


def registered_model(server: Server, run: str) -> str:
    """The name of a model with a tag, and two versions of the run with an alias."""
    link, name = Connection(server), "digits classifier"
    described = {"name": name, "description": "**Reads** digits."}
    tags = [{"key": "stage", "value": "paper"}]
    link.call("POST", "/registered-models/create", {**described, "tags": tags})
    source = {"name": name, "source": f"runs:/{run}/images", "run_id": run}
    for _ in range(2):
        link.call("POST", "/model-versions/create", source)
    alias = {"name": name, "alias": "champion", "version": "1"}
    link.call("POST", "/registered-models/alias", alias)
    return name


def delete_registered_model(server: Server, name: str) -> None:
    link = Connection(server)
    alias = {"name": name, "alias": "champion"}
    link.call("DELETE", "/registered-models/alias", alias)
    link.call("DELETE", "/registered-models/delete", {"name": name})
