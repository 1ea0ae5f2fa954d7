"""The notebook manage-runs without its submissions; what it shows is noted."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from azureml.core import Experiment, Run, ScriptRunConfig, Workspace

seen: dict[str, Any] = {}

# 5–7
ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="explore-managed-runs")

# 9, 11
notebook_run = exp.start_logging()
notebook_run.log(name="message", value="Hello from run!")
seen["started"] = notebook_run.get_status()

# 13, 15
seen["run"], seen["details"] = repr(notebook_run), notebook_run.get_details()

# 17
notebook_run.complete()
seen["completed"] = notebook_run.get_status()
seen["ended"] = notebook_run.get_details()

# 19, with 23: the ignore file
Path("outputs").mkdir(exist_ok=True)
Path("outputs/weights.bin").write_bytes(b"0123")
Path(".amlignore").write_text("/outputs\nseen.json\n")
Path("hello.py").write_text("print('hello')\n")
Path(".env").write_text("SECRET=1\n")
with exp.start_logging() as run:
    run.log(name="message", value="Hello from the block!")
    print("printed in the block")
    seen["inside"] = run.get_status()
seen["after"] = run.get_status()
seen["logs"] = run.get_details_with_logs()["logFiles"]
seen["outputs"] = run.get_file_names()

# 25, without the submission
config = ScriptRunConfig(".", "hello.py")
seen["config"] = [config.script, config.source_directory == str(Path.cwd())]

# 33, 35
run.add_properties({"author": "azureml-user"})
run.add_properties({"author": "azureml-user"})
run.add_properties({})
try:
    run.add_properties({"author": "different-user", "other": "x"})
except Exception as error:  # noqa: BLE001 (as the notebook has it)
    seen["conflict"] = str(error)
seen["properties"] = {
    key: value
    for key, value in run.get_properties().items()
    if key in ("author", "other")
}

# 37, 38, 40
run.tag("quality", "great run")
run.tag("quality", "fantastic run")
run.tag("worth another look")
seen["tags"] = run.get_tags()

# 42, 43
seen["id"] = run.id
both = exp.get_runs(
    properties={"author": "azureml-user"}, tags={"quality": "fantastic run"}
)
seen["by both"] = [found.id for found in both]
seen["by tag"] = [found.id for found in exp.get_runs(tags="worth another look")]
seen["by none"] = [found.id for found in exp.get_runs(tags={"quality": "great run"})]
seen["newest first"] = [found.id for found in exp.get_runs()] == [
    run.id,
    notebook_run.id,
]

# 49, 51
with exp.start_logging() as parent_run:
    for count in range(5):
        with parent_run.child_run() as child:
            child.log(name="Hello from child run", value=count)
            seen["child"] = child.status
seen["children"] = [found.id for found in parent_run.get_children()]
seen["roots"] = len(list(exp.get_runs()))
seen["all"] = len(list(exp.get_runs(include_children=True)))
seen["child metrics"] = sorted(
    one["Hello from child run"]
    for one in parent_run.get_metrics(recursive=True).values()
)

# 47, without the submission: the script's own part
batch = parent_run.create_children(count=5)
for number, child in enumerate(batch):
    child.log(name="Hello from child run", value=number)
    child.complete()
seen["batch"] = sorted(
    (child.get_status(), child.tags["azureml.batch_child_number"]) for child in batch
)
fruits = parent_run.create_children(tag_key="fruit", tag_values=["apple", "pear"])
seen["fruits"] = [child.get_tags() for child in fruits]
grandchild = fruits[0].child_run()
grandchild.complete()
seen["below"] = [
    len(list(parent_run.get_children(recursive=deep))) for deep in (False, True)
]
seen["pears"] = [one.id for one in parent_run.get_children(tags={"fruit": "pear"})]
seen["pear"] = fruits[1].id


# The documentation's own: a child logs to the root.
def root_run(given: Run) -> Run:
    return given if given.parent is None else root_run(given.parent)


root_run(Run(exp, grandchild.id)).log(
    "MyMetric", f"Data from child run {grandchild.id}"
)
seen["root metric"] = parent_run.get_metrics("MyMetric")
seen["grandchild"] = grandchild.id

# 55, 57, without the submission
canceled = exp.start_logging()
canceled.cancel()
seen["canceled"] = canceled.get_status()
failed = exp.start_logging()
failed.fail()
failed.complete()
seen["failed"] = failed.get_status()

# 59
archive = run.restore_snapshot(path="snapshots")
seen["archive"] = [Path(archive).is_absolute(), Path(archive).name]
seen["snapshot"] = run.get_snapshot_id()
seen["sources"] = zipfile.ZipFile(archive).namelist()

# 31
seen["waited"] = notebook_run.wait_for_completion(show_output=True)["status"]

Path("seen.json").write_text(json.dumps(seen))
