"""The tab Snapshot next to another run: files, git, environment."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping

import pytest
from django.test import Client

from runs.actions.actor import SERVER, Actor
from runs.actions.files.snapshots import save_snapshot
from runs.actions.run import add_run_properties, create_run, trash_run
from runs.models import Experiment, Run
from runs.search.snapshots import compare_members, read_git_state
from runs.storage.files import ArchiveMember
from tests.pages.run.run_page import PAGE, browser, cost, keep
from tests.parts.elements import every, hrefs, one, texts
from tests.parts.records import NOON

__all__ = ["browser"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

TAB = f"{PAGE}snapshot/"
OLD = {"train.py": "lr = 0.1\n", "a.bin": "\0a", "gone.py": "x", "from.py": "same\n"}
NEW = {"train.py": "lr = 0.2\n", "a.bin": "\0b", "come.py": "<y>", "to.py": "same\n"}

Snapshots = Callable[..., Run]


def archive(files: Mapping[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path, text in files.items():
            opened.writestr(path, text)
    return target.getvalue()


@pytest.fixture
def add_run(experiment: Experiment, actor: Actor) -> Snapshots:
    def add(run_id: str, files: Mapping[str, str] | None = None) -> Run:
        run = create_run(
            experiment, run_id=run_id, name=f"name-{run_id}", actor=actor, now=NOON
        )
        if files is not None:
            save_snapshot(run, [archive(files)], actor=actor, now=NOON)
        return run

    return add


@pytest.fixture
def pair(run: Run, actor: Actor, add_run: Snapshots) -> Run:
    save_snapshot(run, [archive(NEW)], actor=actor, now=NOON)
    return add_run("old", OLD)


def test_changed_files_are_listed_with_the_first_difference(
    browser: Client, pair: Run
) -> None:
    page = browser.get(f"{TAB}?with=old")
    listed = texts(page, ".changed-file")
    assert listed == [
        "a.bin changed",
        "come.py added",
        "gone.py removed",
        "to.py renamed",
        "train.py changed",
    ]
    assert one(page, "#snapshot-counts").text == (
        "1 added, 1 removed, 2 changed, 1 renamed, 0 the same"
    )
    assert "lr = 0.<mark>1</mark>" in page.text
    assert 'class="diff-lines is-side"' not in page.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("with=old&path=a.bin", "These are not text files."),
        ("with=old&path=come.py", "<code>&lt;y&gt;</code>"),
        ("with=old&path=gone.py", '<tr class="del">'),
        ("with=old&path=to.py", "The content is the same."),
        ("with=old&diff=side", 'class="diff-lines is-side"'),
        ("with=name-old", "lr = 0.<mark>1</mark>"),
        ("with=nothing", "No run has the ID or name “nothing”."),
        ("with=run-1", "Both snapshots have the same files."),
    ],
)
def test_the_address_chooses_run_file_and_layout(
    browser: Client, pair: Run, query: str, shown: str
) -> None:
    assert shown in browser.get(f"{TAB}?{query}").text


def test_a_run_without_a_snapshot_has_nothing_to_compare(
    browser: Client, pair: Run, add_run: Snapshots
) -> None:
    add_run("bare")
    page = browser.get(f"{TAB}?with=bare").text
    assert "name-bare has no snapshot. Choose another run." in page


def test_runs_with_the_same_files_are_linked_newest_first(
    browser: Client, pair: Run, add_run: Snapshots
) -> None:
    assert not every(browser.get(TAB), "#same-runs")
    for number in range(7):
        last = add_run(f"same-{number}", dict(reversed(NEW.items())))
    trash_run(last, actor=SERVER, now=NOON)
    page = browser.get(TAB)
    names = texts(page, "#same-runs a")
    assert names == [f"name-same-{number}" for number in (5, 4, 3, 2, 1)]
    assert one(page, "#same-runs").text.endswith("and 1 other")


def test_runs_of_other_workspaces_are_unknown(
    browser: Client, pair: Run, elsewhere: Run
) -> None:
    page = browser.get(f"{TAB}?with={elsewhere.run_id}").text
    assert "No run has the ID or name" in page
    assert not every(browser.get(TAB), "#same-runs")


@pytest.fixture
def elsewhere(actor: Actor) -> Run:
    from runs.actions.account.accounts import create_workspace
    from runs.actions.experiments import create_experiment

    other = create_workspace("other", actor=SERVER, now=NOON)
    experiment = create_experiment(other, "digits", actor=SERVER, now=NOON)
    run = create_run(experiment, run_id="secret", actor=SERVER, now=NOON)
    save_snapshot(run, [archive(NEW)], actor=actor, now=NOON)
    return run


def test_a_bomb_is_listed_and_its_start_compared(
    browser: Client, run: Run, actor: Actor, add_run: Snapshots
) -> None:
    zeros = "0\n" * 20_000_000
    save_snapshot(run, [archive({"big.txt": zeros})], actor=actor, now=NOON)
    add_run("old", {"big.txt": "1\n" + zeros})
    page = browser.get(f"{TAB}?with=old").text
    assert "of each file are compared." in page
    assert len(page) < 1_000_000


def test_the_script_is_the_first_difference(
    browser: Client, pair: Run, add_run: Snapshots
) -> None:
    Run.objects.filter(run_id="run-1").update(script="come.py")
    page = browser.get(f"{TAB}?with=old")
    assert texts(page, ".changed-file[aria-current]") == ["come.py added"]


def test_the_address_of_a_repository_is_shown_without_its_token() -> None:
    known = {
        "mlflow.source.git.commit": "0123",
        "mlflow.source.git.repoURL": "https://me:secret@example.org/x@y.git",
    }
    git = read_git_state(known)
    assert git is not None
    assert git.repository == "https://example.org/x@y.git"


def test_git_and_uncommitted_changes_are_shown(
    browser: Client, run: Run, actor: Actor
) -> None:
    properties = {
        "azureml.git.commit": "0123456789abcdef",
        "azureml.git.branch": "main",
        "azureml.git.dirty": "True",
        "azureml.git.repository_uri": "git@example.org:team/x.git",
    }
    add_run_properties(run, properties, actor=actor, now=NOON)
    page = browser.get(TAB)
    head = one(page, ".snapshot-facts").text
    assert "0123456789 " in head
    assert "The changes were not recorded." in head
    assert hrefs(page, ".snapshot-facts a") == ["https://example.org/team/x"]
    patch = b"diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+<b>\n"
    keep(run, "system_logs/uncommitted.diff", patch)
    shown = browser.get(f"{TAB}?show=changes").text
    assert "<code>&lt;b&gt;</code>" in shown
    assert "1 file with changes since the commit" in shown


def record(**packages: str) -> bytes:
    names = [f"{name}=={version}" for name, version in packages.items()]
    content = {"packages": names, "folder": "/work", "variables": {"TZ": "UTC"}}
    return json.dumps(content).encode()


def test_packages_are_compared_with_those_of_another_run(
    browser: Client, run: Run, add_run: Snapshots
) -> None:
    other = add_run("old")
    keep(run, "system_logs/environment.json", record(numpy="2.0", torch="2.5", a="1"))
    keep(run, "requirements.txt", b"numpy==1.0\n")
    keep(other, "model/requirements.txt", b"numpy==1.26\na==1\nscipy==1\n")
    page = browser.get(f"{TAB}?show=environment&with=old")
    rows = texts(page, "#package-rows tr")
    assert rows == [
        "numpy2.01.26changed",
        "scipy–1removed",
        "torch2.5–added",
        "a11",
    ]
    assert one(page, "#package-differences").text == "3 differences"
    assert "/work" in page.text


def test_packages_of_a_model_come_from_its_requirements(
    browser: Client, run: Run
) -> None:
    keep(run, "model/requirements.txt", b"scipy==1.0\n")
    keep(run, "model/python_env.yaml", b"dependencies:\n- pip==24\n")
    page = browser.get(f"{TAB}?show=environment")
    assert texts(page, "#package-rows tr") == ["scipy1.0"]


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"packages": 3}', b"{" * 5000, b"\xff\0", b'{"packages":[{}]}'],
)
def test_other_files_named_like_a_record_break_nothing(
    browser: Client, run: Run, data: bytes
) -> None:
    keep(run, "system_logs/environment.json", data)
    assert browser.get(f"{TAB}?show=environment").status_code == 200


def test_the_sections_cost_a_fixed_number_of_queries(
    browser: Client, pair: Run, add_run: Snapshots
) -> None:
    addresses = [f"{TAB}{query}" for query in ("", "?with=old", "?show=environment")]
    before = [cost(browser, address) for address in addresses]
    for number in range(5):
        add_run(f"more-{number}", NEW)
        keep(pair, f"m{number}/requirements.txt", b"a==1\n")
    assert [cost(browser, address) for address in addresses] == before
    assert max(before) < 30


def test_moved_files_are_paired_once_and_empty_ones_never() -> None:
    def member(path: str, version: str, size: int = 1) -> ArchiveMember:
        return ArchiveMember(path, size, version)

    old = [member("a", "v"), member("b", "v"), member("empty1", "0", 0)]
    new = [member("c", "v"), member("empty2", "0", 0)]
    found = [(each.change, each.path) for each in compare_members(old, new).changes]
    assert found == [
        ("removed", "b"),
        ("renamed", "c"),
        ("removed", "empty1"),
        ("added", "empty2"),
    ]
