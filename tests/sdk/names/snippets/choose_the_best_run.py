"""Several runs in a notebook. The best one becomes a model."""

from pathlib import Path

from azureml.core import Experiment, Workspace
from azureml.core.model import Model

ws = Workspace.from_config()
experiment = Experiment(workspace=ws, name="train-within-notebook")
Path("outputs").mkdir(exist_ok=True)
for alpha in (0.0, 0.5, 1.0):
    with experiment.start_logging(snapshot_directory=None) as run:
        run.log(name="alpha", value=alpha)
        run.log(name="mse", value=(alpha - 0.4) ** 2)
        with open("outputs/model.pkl", "w") as file:
            file.write(str(alpha))

runs, run_metrics = {}, {}
for r in experiment.get_runs():
    metrics = r.get_metrics()
    if "mse" in metrics:
        runs[r.id], run_metrics[r.id] = r, metrics
best_run_id = min(run_metrics, key=lambda k: run_metrics[k]["mse"])
best_run = runs[best_run_id]
best_run.tag("Best Run")
model = best_run.register_model(model_name="best_model", model_path="outputs/model.pkl")
for m in Model.list(ws, name="best_model"):
    print(m.name, m.version, m.run_id == best_run.id)
print(Path(model.download("best", exist_ok=True)).read_text())
