"""The calls of v1 that the notebooks leave out; what each gives is noted."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from azureml.core import Experiment, Run, ScriptRunConfig, Workspace, get_run
from azureml.exceptions import (
    ActivityFailedException,
    AzureMLException,
    ExperimentExecutionException,
    SnapshotException,
    UserErrorException,
)

seen: dict[str, Any] = {}
ws = Workspace.from_config()
exp = Experiment(ws, "every-call")
Path("src").mkdir()
Path("src/train.py").write_text("pass\n")
for name in ("a", "b"):
    Path("data/deep").mkdir(parents=True, exist_ok=True)
    Path(f"data/deep/{name}.txt").write_text(name)


def refused(call: Any, *words: Any, **more: Any) -> list[str]:
    try:
        call(*words, **more)
    except Exception as error:  # noqa: BLE001 (its class is what is noted)
        return [type(error).__name__, str(error)]
    return []


# Texts
run = exp.start_logging(
    display_name="first", description="*why*", tags={"team": "nlp"}, outputs=False
)
seen["id"] = run.id
seen["described"] = [run.display_name, run.name, run.description, run.tags]
run.display_name, run.description = "renamed", "because"
run.set_tags({"a": 1, "b": "x"})
run.set_tags("plain")
run.remove_tags(["a", "nosuch"])
found = Run.get(ws, run.id)
seen["changed"] = [found.display_name, found.description, found.get_tags()]
run.log_params({"lr": 0.1, "layers": 3})
seen["number"] = run.number

# Files
uploaded = run.upload_files(
    ["one.txt", "two/two.txt"], ["data/deep/a.txt", "data/deep/b.txt"], True
)
seen["uploaded"] = sorted(uploaded.artifacts)
seen["folder"] = sorted(run.upload_folder("kept", "data").artifacts)
with Path("data/deep/a.txt").open("rb") as stream:
    run.upload_file("stream.txt", stream)
run.download_files("kept/", "below")
run.download_files("kept/", "plain", append_prefix=False)
run.download_files("two", output_paths="said.txt")
run.download_file("one.txt", "below")
run.download_file("one.txt")
run.download_file("stream.txt", "back/stream")
seen["stream"] = Path("back/stream").read_text()
seen["local"] = sorted(
    path.as_posix()
    for place in ("below", "plain", "said.txt", "one.txt")
    for path in (
        [Path(place)] if Path(place).is_file() else sorted(Path(place).rglob("*.txt"))
    )
)
print("a line of the log")
run.flush()
seen["logs"] = [
    Path(place).relative_to(Path("assets") / run.id).as_posix()
    for place in run.get_all_logs()
]
seen["log text"] = (Path("assets") / run.id / "logs/user_log.txt").read_text()

# Documents
run.log_accuracy_table("accuracy", {"schema_type": "accuracy_table", "data": {}})
run.log_predictions("predictions", '{"schema_type": "predictions", "data": {}}')
seen["documents"] = run.get_metrics(populate=True)

# Sources
seen["no snapshot"] = exp.start_logging(snapshot_directory=None).get_snapshot_id()
other = exp.start_logging(snapshot_directory=None, outputs=False)
taken = other.take_snapshot("src")
seen["taken"] = [taken == other.get_snapshot_id(), refused(other.take_snapshot, "src")]
seen["snapshot"] = taken
archive = Path(other.restore_snapshot(path="back"))
seen["restored"] = [archive.name, zipfile.ZipFile(archive).namelist()]
assert issubclass(SnapshotException, AzureMLException)

# Look-up, also of what is archived
exp.archive()
seen["found"] = [
    get_run(exp, run.id).id,
    ws.get_run(run.id).id,
    [one.id for one in Run.list(exp, tags="team", status="Running")],
    [
        one.id
        for one in Run.list_by_compute(ws.compute_targets["local"], tags="team")
        if one.experiment.name == exp.name
    ],
]
seen["by compute"] = refused(
    lambda: list(Run.list_by_compute(ws.compute_targets["local"], status="Completed"))
)
exp.reactivate()


class Sweep(Run):
    """What a package of its own makes of the runs of its type."""


Run.add_type_provider("sweep", lambda experiment, info: Sweep(experiment, info["id"]))
seen["twice"] = refused(Run.add_type_provider, "sweep", None)

# Ends
other.fail("it broke", "DataError")
seen["failed"] = [
    other.get_detailed_status(),
    refused(other.wait_for_completion),
    other.wait_for_completion(raise_on_error=False)["status"],
]
assert issubclass(ActivityFailedException, AzureMLException)
broken = exp.start_logging(snapshot_directory=None, outputs=False)
try:
    raise ValueError("boom")
except ValueError as error:
    broken.fail(error)
seen["broken"] = broken.get_details()["error"]["error"]
silent = exp.start_logging(snapshot_directory=None, outputs=False)
silent.fail()
seen["silent"] = refused(silent.wait_for_completion)
seen["clean"] = run.clean()
run.complete()
run.complete()


def shown(ended: Run) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        ended.wait_for_completion(show_output=True, raise_on_error=False)
    return said.getvalue()


seen["shown"] = [shown(run), shown(other), other.id]
seen["portal"] = [run.get_portal_url() == run.portal_url, run.portal_url]

# Children keep a folder where it is said
with exp.start_logging(snapshot_directory=None, outputs=False) as parent:
    Path("child-outputs").mkdir()
    Path("child-outputs/x.bin").write_bytes(b"x")
    with parent.child_run("low", outputs="child-outputs") as child:
        pass
    with parent.child_run() as plain:
        pass
seen["child"] = [child.display_name, child.get_file_names(), plain.get_file_names()]
seen["parent"] = [child.parent.id == parent.id, parent.parent]

# Configurations
config = ScriptRunConfig("src", "train.py", arguments=["--lr", 0.1])
seen["config"] = [config.script, config.arguments, config.run_config.target]
seen["no script"] = refused(ScriptRunConfig, "src", "nosuch.py")
seen["both"] = refused(ScriptRunConfig, "src", "train.py", command="ls")
assert issubclass(ExperimentExecutionException, AzureMLException)
assert issubclass(UserErrorException, AzureMLException)

# Experiments
old = Experiment(ws, "old-one")
old.tag("kept")
old.set_tags({"a": "1", "b": "2"})
old.remove_tags(["a"])
seen["experiment tags"] = Experiment(ws, "old-one").tags
old.archive()
names = {
    view: sorted(one.name for one in Experiment.list(ws, view_type=view))
    for view in ("ActiveOnly", "ArchivedOnly", "All")
}
old.refresh()
seen["archived"] = [names, old.archived_time is not None]
old.reactivate()
seen["reactivated"] = [one.name for one in Experiment.list(ws, tags={"b": "2"})]
seen["named"] = [one.name for one in Experiment.list(ws, "old-one")]
Experiment.delete(ws, old.id)
seen["deleted"] = [sorted(ws.experiments), refused(Experiment, ws, "old-one")]
seen["details"] = ws.get_details()

Path("seen.json").write_text(json.dumps(seen))
