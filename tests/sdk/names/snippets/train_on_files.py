"""Upload files, pass them to a submitted script, register and download the model."""

from pathlib import Path

from azureml.core import (
    Dataset,
    Environment,
    Experiment,
    Model,
    ScriptRunConfig,
    Workspace,
)
from azureml.data import OutputFileDatasetConfig

Path("digits").mkdir(exist_ok=True)
for name in ("train", "test"):
    with open(f"digits/{name}.txt", "w") as file:
        file.write("1\n2\n3\n")
Path("src").mkdir(exist_ok=True)
with open("src/train.py", "w") as file:
    file.write(
        """
import argparse, glob, os
from pathlib import Path
from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--data-folder")
parser.add_argument("--output")
args = parser.parse_args()
run = Run.get_context()
names = sorted(glob.glob(os.path.join(args.data_folder, "*.txt")))
rows = sum(len(open(name).readlines()) for name in names)
run.log("rows", rows)
run.log("is input", args.data_folder == run.input_datasets["digits"])
Path("outputs").mkdir(exist_ok=True)
with open("outputs/model.txt", "w") as file:
    file.write(str(rows))
with open(os.path.join(args.output, "report.txt"), "w") as file:
    file.write("done")
"""
    )

ws = Workspace.from_config()
ds = ws.get_default_datastore()
ds.upload(src_dir="digits", target_path="digits", overwrite=True, show_progress=True)
dataset = Dataset.File.from_files(path=ds.path("digits"))
dataset = dataset.register(
    workspace=ws, name="digits", description="rows", create_new_version=True
)

env = Environment("user-managed-env")
env.python.user_managed_dependencies = True
src = ScriptRunConfig(
    source_directory="src",
    script="train.py",
    arguments=[
        "--data-folder",
        dataset.as_named_input("digits").as_mount(),
        "--output",
        OutputFileDatasetConfig("report").as_upload(),
    ],
    environment=env,
)
run = Experiment(ws, "sklearn-digits").submit(config=src)
run.wait_for_completion(show_output=True)
print(run.get_metrics())
print([name for name in run.get_file_names() if name.startswith("outputs")])

model = run.register_model(
    model_name="sklearn_digits", model_path="outputs/model.txt", tags={"area": "digits"}
)
print(model.name, model.id, model.version, sep="\t")
path = Model(ws, "sklearn_digits").download(target_dir="models", exist_ok=True)
print(path, Path(path).read_text())
