"""The notebook logging-api, cell by cell; what each shows is noted for the test."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import azureml.core
import matplotlib.pyplot as plt
import numpy as np
from azureml.core import Experiment, Run, Workspace

seen: dict[str, Any] = {}

# 5
seen["version"] = azureml.core.VERSION

# 7
ws = Workspace.from_config()
seen["workspace"] = (
    "Workspace name: "
    + ws.name
    + "Azure region: "
    + ws.location
    + "Subscription id: "
    + ws.subscription_id
    + "Resource group: "
    + ws.resource_group
)

# 9
experiment = Experiment(workspace=ws, name="logging-api-test")
seen["same"] = Experiment(ws, "logging-api-test").id == experiment.id

# 11
run = experiment.start_logging()
seen["id"] = run.id

# 13, 15
seen["run"], seen["experiment"] = repr(run), repr(experiment)
seen["html"] = [run._repr_html_(), experiment._repr_html_()]

# 17, 19
run.log("Category", "Red")
scale_factor = 2
run.log("scale factor", scale_factor)
run.log("Magic Number", 42 * scale_factor)


# 21
def fibonacci(count: int):
    a, b = 0, 1
    for _ in range(count):
        yield a
        a, b = b, a + b


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


run.log_list("Fibonacci", fibonacci(12))
for x in np.arange(-10, 10, 1.0):
    run.log("Sigmoid", sigmoid(x))

# 23
sines: dict[str, list[float]] = {"angle": [], "sine": []}
for i in range(-10, 10):
    angle = i / 2.0
    run.log_row("Cosine Wave", angle=angle, cos=np.cos(angle))
    sines["angle"].append(angle)
    sines["sine"].append(np.sin(angle))
run.log_table("Sine Wave", sines)

# 25
plt.plot(np.arange(-3, 3, 0.1), np.tanh(np.arange(-3, 3, 0.1)))
seen["epoch"] = int(time.time())
run.log_image("Hyperbolic Tangent", plot=plt)

# 27
for metric in ("Accuracy", "Precision", "Recall"):
    for i in range(1000):
        row = {f"column{j}": i * j for j in range(15)}
        run.log_row(metric, "desc", **row)

# 29
Path("logging-api").mkdir()
Path("logging-api/myfile.txt").write_text("This is an output file.")
run.upload_file(name="logging-api/myfile.txt", path_or_stream="logging-api/myfile.txt")

# 31
run.complete()
seen["receipt"] = [run.receipt.points.stored, run.receipt.files.stored]

# 34
fetched_run = Run(experiment, run.id)
seen["fetched"] = repr(fetched_run)

# 36, 38
seen["metrics"] = fetched_run.get_metrics()
seen["one"] = fetched_run.get_metrics(name="scale factor")

# 40, 42
seen["files"] = fetched_run.get_file_names()
for f in fetched_run.get_file_names():
    fetched_run.download_file(name=f, output_file_path=f"files/{Path(f).name}")
seen["text"] = Path("files/myfile.txt").read_text()
seen["png"] = [p.read_bytes()[:4].hex() for p in Path("files").glob("*.png")]

# 44
fetched_run.tag("My Favorite Run")
fetched_run.tag("Competition Rank", 1)
seen["tags"] = fetched_run.get_tags()

Path("seen.json").write_text(json.dumps(seen))
