"""Scripts whose server is away: they go on, and all of it arrives later."""

from __future__ import annotations

from pathlib import Path

from tests.parts.server import Server
from tests.sdk.user import BEGIN, User, begun

#: In a script: from there on its server is away.
GO_OFFLINE = """
import os
from urllib.parse import urlsplit
from tests.parts.proxy import Proxy
place = urlsplit(os.environ["STUDIO_URL"])
proxy = Proxy(place.hostname, place.port)
os.environ["STUDIO_URL"] = f"http://127.0.0.1:{proxy.port}"
"""


def test_a_script_continues_without_its_server(user: User, server: Server) -> None:
    code = begun(
        """
for step in range(10):
    run.log("loss", 1 / (1 + step))
run.tag("later")
print(run.get_tags(), run.get_status())
run.complete()
print(run.get_status(), "end")
"""
    )
    offline = {"STUDIO_URL": "http://127.0.0.1:9", "STUDIO_DRAIN_SECONDS": "1"}
    done = user.run(code, env=offline)
    assert done.stdout.split("\n")[0] == "{'later': None} Running"
    assert done.stdout.strip().endswith("Completed end")
    assert "studio sync" in done.stderr


def test_a_started_script_continues_without_its_server(
    user: User, server: Server, tmp_path: Path
) -> None:
    code = begun("run.tag('made', 'there')\nprint(run.id)\nrun.flush()")
    run_id = user.said(code)
    spool = {"STUDIO_SPOOL": str(tmp_path)}
    script = """
from azureml.core import Run
run = Run.get_context(allow_offline=False)
run.log("loss", 0.5)
run.tag("later", "yes")
run.complete()
print(run.id, run.status)
"""
    for step in ({"STUDIO_URL": "http://127.0.0.1:9"}, {"STUDIO_MODE": "offline"}):
        offline = {
            "STUDIO_RUN_ID": run_id,
            "STUDIO_DRAIN_SECONDS": "1",
            **spool,
            **step,
        }
        assert user.said(script, env=offline) == f"{run_id} Running"
    online = {"STUDIO_URL": "http://127.0.0.1:9", "STUDIO_MODE": "online"}
    done = user.run(script, env={"STUDIO_RUN_ID": run_id, **online}, status=1)
    assert "Unreachable" in done.stderr
    sync = "from studio.cli import main\nmain([{}])"
    skipped = user.run(sync.format("'sync'"), env=spool)
    assert "1 of them not delivered, as this shell is for another" in skipped.stderr
    to = f"'sync', '--yes', '--to', {server.url!r}"
    user.run(sync.format(to), env=spool)
    said = user.said(
        f"""
        from azureml.core import Workspace
        run = Workspace.from_config().get_run({run_id!r})
        print(run.get_metrics(), run.get_tags())
        """
    )
    assert said == "{'loss': [0.5, 0.5]} {'later': 'yes', 'made': 'there'}"


def test_a_run_can_be_canceled_while_its_server_is_unreachable(user: User) -> None:
    code = GO_OFFLINE + begun(
        """
run.log("loss", 1)
run.flush()
proxy.close()
run.cancel()
print(run.status, run.get_status())
proxy.reopen()
"""
    )
    done = user.run(code, env={"STUDIO_DRAIN_SECONDS": "1"})
    assert done.stdout.strip() == "Canceled Canceled"
    assert "studio sync" in done.stderr


def test_a_temporarily_unreachable_server_is_retried(user: User) -> None:
    code = GO_OFFLINE + begun(
        """
import time
run.tag("before", "1")
run.flush()
proxy.close()
print(run.get_status(), run.get_tags(), run.get_details()["status"])
run.tag("while", "2")
child = run.child_run()
child.log("deep", 1)
print(run.get_tags(), Experiment(ws, "while away").id == "")
proxy.reopen()
while not Experiment(ws, "back").id:
    time.sleep(0.1)
Run(exp, run.id).tag("back", "3")
print(run.get_tags(), [one.get_metrics() for one in run.get_children()])
child.complete()
print(child.get_details()["status"], run.get_status())
run.complete()
"""
    )
    done = user.run(code, env={"STUDIO_DRAIN_SECONDS": "1"})
    assert done.stdout.splitlines() == [
        "Running {'before': '1'} Running",
        "{'before': '1', 'while': '2'} True",
        "{'back': '3', 'before': '1', 'while': '2'} [{'deep': 1}]",
        "Completed Running",
    ]
    assert done.stderr.count("studio sync") >= 1


def test_a_silent_server_does_not_delay_the_script(user: User) -> None:
    code = GO_OFFLINE + begun(
        """
import studio.sdk.connection
studio.sdk.connection.SHORT_TIMEOUT = 0.5
run.flush()
proxy.deaf = True
run.tag("silent", "1")
run.display_name = "silent"
child = run.child_run()
print(run.get_status(), run.get_tags())
try:
    run.get_metrics()
except Exception as error:
    print(type(error).__name__)
proxy.deaf = False
proxy.cut()
child.complete()
run.complete()
again = ws.get_run(run.id)
print(again.display_name, again.get_tags(), [*again.get_children()][0].id == child.id)
"""
    )
    done = user.run(code)
    assert done.stdout.splitlines() == [
        "Running {'silent': '1'}",
        "Unreachable",
        "silent {'silent': '1'} True",
    ]
    assert "(timed out)" in done.stderr


def test_a_script_continues_after_its_token_expires(user: User, tmp_path: Path) -> None:
    code = begun(
        """
run.log("loss", 1)
run.flush()
run._state.connection.client.token = "rs_expired"
print(run.get_status())
run.tag("later", "yes")
child = run.child_run()
child.log("deep", 2)
child.complete()
run.complete()
print(run.id)
"""
    )
    env = {"STUDIO_SPOOL": str(tmp_path), "STUDIO_DRAIN_SECONDS": "1"}
    done = user.run(code, env=env)
    running, run_id = done.stdout.split()
    assert running == "Running"
    assert "does not accept this token" in done.stderr
    user.run("from studio.cli import main\nmain(['sync'])", env=env)
    said = user.said(
        f"""
        from azureml.core import Workspace
        run = Workspace.from_config().get_run({run_id!r})
        print(run.status, run.get_tags(), [c.get_metrics() for c in run.get_children()])
        """
    )
    assert said == "Completed {'later': 'yes'} [{'deep': 2}]"


def test_an_offline_script_is_delivered_by_sync(user: User, tmp_path: Path) -> None:
    spool = {"STUDIO_SPOOL": str(tmp_path)}
    code = BEGIN + "run = exp.start_logging()\n"
    code += """
run.log("loss", 0.5)
run.tag("later", "yes")
with run.child_run() as child:
    child.log("deep", 1)
run.complete()
print(run.id)
"""
    (user.folder / "train.py").write_text("as it was")
    run_id = user.said(code, env={"STUDIO_MODE": "offline", **spool}).splitlines()[-1]
    (user.folder / "train.py").write_text("as it is later")
    user.run("from studio.cli import main\nmain(['sync'])", env=spool)
    again = user.run("from studio.cli import main\nmain(['sync'])", env=spool)
    assert again.stdout == "Nothing waits on this machine.\n"
    output = user.said(
        f"""
        from azureml.core import Workspace
        run = Workspace.from_config().get_run({run_id!r})
        print(run.status, run.get_metrics(recursive=False), run.get_tags())
        print([(child.status, child.get_metrics()) for child in run.get_children()])
        import zipfile
        print(zipfile.ZipFile(run.restore_snapshot()).read("train.py").decode())
        """
    )
    assert output.splitlines() == [
        "Completed {'loss': 0.5} {'later': 'yes'}",
        "[('Completed', {'deep': 1})]",
        "as it was",
    ]


def test_an_offline_script_sends_nothing(user: User, tmp_path: Path) -> None:
    code = """
from azureml.core import Workspace, Experiment
exp = Experiment(Workspace.from_config(), "nothing sent")
run = exp.start_logging(properties={"author": "ada"})
def attempt(call, *words):
    try:
        print(call(*words))
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
attempt(lambda: run.get_properties()["author"])
run.add_properties({"author": "ada", "more": "1"})
attempt(run.add_properties, {"author": "eve"})
attempt(run.add_properties, {"more": "2"})
attempt(exp.tag, "team")
attempt(exp.archive)
attempt(run.take_snapshot, ".")
run.complete()
open("late.txt", "w").write("late")
run.upload_file("late.txt", "late.txt")
print(run.id)
"""
    env = {"STUDIO_MODE": "offline", "STUDIO_SPOOL": str(tmp_path / "spool")}
    said = user.said(code, env=env, folder=tmp_path).splitlines()
    assert said[0] == "ada"
    assert said[1].startswith("Immutable: Property 'author' is already set to 'ada'")
    assert said[2].startswith("Immutable: Property 'more' is already set to '1'")
    assert all(line.startswith("Unreachable: STUDIO_MODE=") for line in said[3:6])
    assert (
        user.said(
            "from azureml.core import Workspace\n"
            'print("nothing sent" in Workspace.from_config().experiments)'
        )
        == "False"
    )
    sync = "from studio.cli import main\nmain(['sync'])"
    user.run(sync, env={"STUDIO_SPOOL": env["STUDIO_SPOOL"]})
    seen = f"""
        from azureml.core import Workspace
        run = Workspace.from_config().get_run({said[6]!r})
        print("late.txt" in run.get_file_names(), run.get_status())
        """
    assert user.said(seen) == "True Completed"


def test_sync_reports_runs_that_need_another_workspace(
    user: User, tmp_path: Path
) -> None:
    spool = {"STUDIO_SPOOL": str(tmp_path)}
    offline = {"STUDIO_MODE": "offline", "STUDIO_WORKSPACE": "elsewhere", **spool}
    user.run(begun("run.log('m', 1)\nrun.complete()"), env=offline)
    sync = "from studio.cli import main\nmain(['sync'])"
    done = user.run(sync, env=spool)
    assert "workspace elsewhere" in done.stderr
    assert "1 of them not delivered, as this shell is for another" in done.stderr
    assert "set STUDIO_URL, STUDIO_WORKSPACE and STUDIO_TOKEN" in done.stderr
