"""The cells of the notebook manage-runs that submit; what they show is noted."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.script_run import ScriptRun

seen: dict[str, Any] = {}
ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="explore-submitted-runs")
Path("outputs").mkdir(exist_ok=True)
Path("outputs/old.bin").write_bytes(b"0123")
Path(".amlignore").write_text("/outputs\nseen.json\n")
Path("hello.py").write_text(
    "from azureml.core import Run\n"
    "run = Run.get_context()\n"
    "run.log(name='message', value='Hello from my run!')\n"
    "print('I am here')\n"
)
Path("hello_with_children.py").write_text(
    "from azureml.core import Run\n"
    "run = Run.get_context()\n"
    "for count, child in enumerate(run.create_children(count=5)):\n"
    "    child.log(name='Hello from child run', value=count)\n"
    "    child.complete()\n"
)
Path("hello_with_delay.py").write_text(
    "import time\n"
    "print('Wait for 10 seconds..')\n"
    "time.sleep(10)\n"
    "print('Done waiting')\n"
)

# 25, 27
begin = time.perf_counter()
local_run = exp.submit(config=ScriptRunConfig(".", "hello.py"))
seen["submitted"] = time.perf_counter() - begin
seen["status"], seen["repr"] = local_run.get_status(), repr(local_run)
seen["class"] = type(local_run) is ScriptRun

# 29, 31
seen["while running"] = local_run.get_details_with_logs()
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    seen["ended"] = local_run.wait_for_completion(show_output=True)
seen["printed"] = printed.getvalue()
seen["id"], seen["url"] = local_run.id, local_run.get_portal_url()
seen["metrics"] = local_run.get_metrics()
seen["after"] = local_run.get_details_with_logs()

# 33, 37 to 40, 42 and 43
local_run.add_properties({"author": "azureml-user"})
local_run.tag("quality", "great run")
local_run.tag("quality", "fantastic run")
local_run.tag("worth another look")
seen["tags"] = local_run.get_tags()
seen["found"] = [
    one.id
    for one in exp.get_runs(
        properties={"author": "azureml-user"}, tags={"quality": "fantastic run"}
    )
] + [one.id for one in exp.get_runs(tags="worth another look")]

# 47
parent = exp.submit(
    ScriptRunConfig(source_directory=".", script="hello_with_children.py")
)
parent.wait_for_completion()
seen["children"] = [
    [child.get_status(), child.get_metrics()] for child in parent.get_children()
]
seen["parent"] = parent.get_status()

# 55
delayed = exp.submit(
    ScriptRunConfig(source_directory=".", script="hello_with_delay.py")
)
seen["delayed"] = delayed.get_status()
delayed.cancel()
seen["canceled"] = delayed.get_status()

# 57
failing = exp.submit(ScriptRunConfig(source_directory=".", script="hello.py"))
failing.fail()
seen["failed"] = failing.get_status()
seen["failing"], seen["canceled id"] = failing.id, delayed.id

# 59
archive = local_run.restore_snapshot(path="snapshots")
seen["archive"] = archive
with zipfile.ZipFile(archive) as opened:
    seen["sources"] = sorted(opened.namelist())
Path("seen.json").write_text(json.dumps(seen, default=str))
