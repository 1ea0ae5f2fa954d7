"""A run with something in every tab of its page, and a view with versions."""

from __future__ import annotations

import base64
import io
import zipfile

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
}


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
    link.ask("PUT", f"/api/v1/workspaces/default/runs/{run}/snapshot", sources())
    return run


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
