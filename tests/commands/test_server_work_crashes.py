"""A purge and the log index are killed at any statement: the next worker continues."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any

from tests.parts.manage import manage, run_script
from tests.parts.server import fill_home

TRASHED, KEPT, LOGGED = 24, 3, 12
FILL = f"""
import django; django.setup()
from runs.actions.actor import SERVER
from runs.actions.experiments import create_experiment
from runs.actions.files.files import save_file
from runs.actions.ingest import append_log
from runs.actions.run import create_run, trash_run
from runs.models import Run, Workspace, now_ms
from studio.core.statuses import RunStatus
old = now_ms() - 31 * 86_400_000
workspace = Workspace.objects.get(name="default")
place = create_experiment(workspace, "crash", actor=SERVER, now=old)
for n in range({TRASHED + KEPT}):
    run = create_run(place, run_id=f"r{{n}}", actor=SERVER, now=old)
    data = b"%d" % n * 2_000
    save_file(run, "outputs/n.txt", [data], actor=SERVER, now=old, limit=1 << 40)
    if n < {TRASHED}:
        trash_run(run, actor=SERVER, now=old)
for n in range({LOGGED}):
    run = create_run(place, run_id=f"log{{n}}", actor=SERVER, now=old)
    text = (f"step {{n}} of a log\\n" * 4_000 + f"needle{{n}}x\\n").encode()
    append_log(run, "user_logs/std_log.txt", 0, text, writer="", actor=SERVER,
               now=old, limit=1 << 40)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.COMPLETED.code)
"""
#: Ends itself, as `kill -9` does, before the statement of this number.
WORK = """
import os, signal, sys
import django; django.setup()
from django.db import connection
from runs.actions.expiry import purge_old_trash
from runs.actions.log_index import LogIndexer
from runs.actions.task_rows import server_work
from runs.models import now_ms
server_work.SHOWN_AFTER_SECONDS = server_work.PROGRESS_SECONDS = 0.0
left = int(sys.argv[2])
def count(execute, sql, params, many, context):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
with connection.execute_wrapper(count):
    if sys.argv[1] == "purge":
        purge_old_trash(now_ms())
    else:
        indexer = LogIndexer(0.02)
        for _each in range(60):
            indexer(now_ms())
"""
LOOK = f"""
import json
import django; django.setup()
from runs.models import BackgroundTask, File, Member, Role, Run, Workspace, now_ms
from runs.search.log_index import count_unsearched
from runs.search.query import build_query, read_all_keys
from studio.core.view_spec import ViewSpec
workspace = Workspace.objects.get(name="default")
owner = Member.objects.filter(role=Role.OWNER)[0].user
def find(text):
    spec = ViewSpec.from_query({{"q": f'log:"{{text}}"'}})
    query = build_query(spec, owner, workspace, now=now_ms())
    keys = read_all_keys(query, 100)
    return sorted(Run.objects.filter(pk__in=keys).values_list("run_id", flat=True))
print(json.dumps({{
    "runs": Run.objects.filter(run_id__startswith="r").count(),
    "files": File.objects.filter(name="n.txt").count(),
    "tasks": list(BackgroundTask.objects.values_list("kind", "state", "changed")),
    "unsearched": count_unsearched(workspace).runs,
    "found": [find(f"needle{{n}}x") for n in range({LOGGED})],
}}))
"""
#: Statements before a kill: in the first item, between items, and within later ones.
MIN_STATEMENTS, MAX_STATEMENTS, KILLS = 3, 160, 3


def look(home: Path) -> dict[str, Any]:
    done = run_script(home, LOOK)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def work_with_kills(home: Path, what: str, chance: random.Random) -> None:
    """Kill the work some times, then let it end."""
    killed = 0
    for _each in range(KILLS):
        place = chance.randint(MIN_STATEMENTS, MAX_STATEMENTS)
        code = run_script(home, WORK, what, str(place)).returncode
        assert code in (0, -signal.SIGKILL)
        killed += code != 0
    assert killed >= 2
    done = run_script(home, WORK, what, "1000000")
    assert done.returncode == 0, done.stderr


def test_killed_purges_and_log_indexes_are_continued_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    fill_home(home)
    filled = run_script(home, FILL)
    assert filled.returncode == 0, filled.stderr
    chance = random.Random(21)
    work_with_kills(home, "purge", chance)
    work_with_kills(home, "index", chance)
    found = look(home)
    assert (found["runs"], found["files"]) == (KEPT, KEPT)
    assert {state for _kind, state, _changed in found["tasks"]} == {"done"}
    purged = [n for kind, _state, n in found["tasks"] if kind == "purge"]
    # A kill between a purge and the note of it leaves one uncounted.
    assert TRASHED - KILLS <= sum(purged) <= TRASHED
    assert found["unsearched"] == 0
    assert found["found"] == [[f"log{n}"] for n in range(LOGGED)]
    checked = manage(home, "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr
