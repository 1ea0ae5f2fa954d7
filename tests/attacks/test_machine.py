"""A machine that is wrong: its clock, and a home that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts.manage import command, environment, run_script
from tests.parts.needs import missing
from tests.parts.server import copy_prepared_home

#: The worker has seen the right time; a run has been in the trash for two days.
FILL = """
import django; django.setup()
from runs.actions.actor import SERVER
from runs.actions.experiments import create_experiment
from runs.actions.expiry import expiry_allowed
from runs.actions.run import create_run, trash_run
from runs.models import Workspace, now_ms
act = {"actor": SERVER, "now": now_ms()}
workspace = Workspace.objects.get(name="default")
run = create_run(create_experiment(workspace, "e", **act), run_id="old", **act)
assert expiry_allowed(now_ms())
trash_run(run, actor=SERVER, now=now_ms() - 2 * 86_400_000)
"""
PURGE = """
import django; django.setup()
from runs.actions.expiry import purge_old_trash, skip_while_paused
from runs.models import Run, now_ms
print(skip_while_paused(purge_old_trash)(now_ms()), Run.objects.count())
"""


def at(clock: str, home: Path) -> str:
    """What the purge prints when the machine's clock is that far off."""
    faketime = shutil.which("faketime")
    if faketime is None:
        missing("libfaketime", "Run: apt-get install faketime")
    python, manage, *_rest = command("x")
    words = [faketime, "-f", clock, python, "-c", PURGE]
    done = subprocess.run(
        words,
        env={**environment(home), "DJANGO_SETTINGS_MODULE": "studio.settings.base"},
        cwd=Path(manage).parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("clock", ["+40d", "-40d", "+10y"])
def test_a_wrong_clock_empties_no_trash(tmp_path: Path, clock: str) -> None:
    home = tmp_path / "home"
    copy_prepared_home(home)
    done = run_script(home, FILL)
    assert done.returncode == 0, done.stderr
    assert at(clock, home) == "None 1"
    # Still paused a moment later, and when the clock is right again.
    assert at(clock, home) == "None 1"
    assert at("+0d", home) == "None 1"


def read_only(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py where the home is on a disk that is mounted read-only."""
    unshare = shutil.which("unshare")
    if unshare is None or os.getuid() != 0:
        pytest.skip("Only root can mount a read-only folder.")
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    done = subprocess.run(
        [unshare, "--mount", "sh", "-c", mount, str(home), *command(*words)],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if "permission denied" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"This machine allows no mounts: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize(
    "words", [("studio", "--port=0"), ("studio", "--check", "--port=0"), ("worker",)]
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_read_only_home_is_refused_with_one_sentence(
    tmp_path: Path, words: tuple[str, ...], is_new: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if not is_new:
        copy_prepared_home(home)
    done = read_only(home, *words)
    assert done.returncode == 1
    assert f"STUDIO_HOME: the folder {home} is not writable" in done.stderr
    assert "Traceback" not in done.stderr
