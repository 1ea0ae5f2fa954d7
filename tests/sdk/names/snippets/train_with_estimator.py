"""An Estimator whose script reads tables from its inputs."""

from pathlib import Path

from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
Path("people").mkdir(exist_ok=True)
with open("people/people.csv", "w") as file:
    file.write("name,age\nada,36\nbob,41\n")
Path("estimator").mkdir(exist_ok=True)
with open("estimator/infer.py", "w") as file:
    file.write(
        """
import argparse
from azureml.core import Dataset, Run

parser = argparse.ArgumentParser()
parser.add_argument("--target")
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--by-id")
args = parser.parse_args()
run = Run.get_context()
frame = run.input_datasets["people"].to_pandas_dataframe()
run.log("mean", float(frame[args.target].mean()))
run.log("verbose", args.verbose)
"""
    )
table = Dataset.Tabular.from_delimited_files("people/people.csv")
est = Estimator(
    source_directory="estimator",
    entry_script="infer.py",
    script_params={"--target": "age", "--verbose": ""},
    inputs=[table.as_named_input("people")],
    compute_target="local",
)
est.run_config.environment.python.user_managed_dependencies = True
run = Experiment(ws, "estimators").submit(est, tags={"kind": "inference"})
run.wait_for_completion()
print(run.get_metrics(), run.tags)

with open("estimator/by_id.py", "w") as file:
    file.write(
        """
import sys
from azureml.core import Dataset, Run

run = Run.get_context()
dataset = Dataset.get_by_id(run.experiment.workspace, id=sys.argv[1])
run.log("rows", len(dataset.to_pandas_dataframe()))
"""
    )
config = ScriptRunConfig(
    source_directory="estimator",
    script="by_id.py",
    arguments=[table.as_named_input("test_data")],
    run_config=est.run_config,
)
config.run_config.script = "by_id.py"
run = Experiment(ws, "estimators").submit(config)
run.wait_for_completion()
print(run.get_metrics())
