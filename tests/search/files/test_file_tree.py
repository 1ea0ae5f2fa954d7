"""Folders of a run's files, a level at a time, and the search for paths."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import pytest

from runs.models import File, Run, path_key
from runs.search.files import find_paths, list_folders, list_level, tree

pytestmark = pytest.mark.django_db

LONG = "x" * 250


def add(run: Run, *paths: str) -> None:
    File.objects.bulk_create(
        File(
            run=run,
            folder=path.rpartition("/")[0],
            name=path.rpartition("/")[2],
            path_key=path_key(path),
            blob=uuid4().hex,
            size=1,
            created=1,
        )
        for path in paths
    )


def names(files: Iterable[File]) -> list[str]:
    return [file.name for file in files]


@pytest.mark.parametrize(
    ("folder", "folders", "files"),
    [
        ("", ["A", "a", "a b", "a-b", "é"], ["top.txt"]),
        ("a", ["x"], ["1", "2"]),
        ("a/x", ["y"], []),
        ("a b", [], ["3"]),
        ("no", [], []),
        ("a%", [], []),
    ],
)
def test_a_level_has_its_folders_and_files(
    run: Run, folder: str, folders: list[str], files: list[str]
) -> None:
    add(run, "top.txt", "a/1", "a/2", "a/x/y/4", "a b/3", "a-b/5", "A/6", "é/ü/7")
    level = list_level(run, folder)
    assert (list(level.folders), names(level.files)) == (folders, files)


@pytest.mark.parametrize(
    ("folder", "folders"),
    [
        ("", ["a", LONG]),
        (LONG, ["b", LONG]),
        (f"{LONG}/{LONG}", ["c"]),
        (f"{LONG}/{LONG}/c", []),
    ],
)
def test_names_can_be_longer_than_what_the_index_holds(
    run: Run, folder: str, folders: list[str]
) -> None:
    add(run, f"{LONG}/1", f"{LONG}/{LONG}/c/2", f"{LONG}/b/3", "a/4")
    assert list(list_level(run, folder).folders) == folders


def test_a_long_folder_is_paged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_LEVEL_FILES", 2)
    # Longer than what the index holds, and the same in it.
    paths = [f"f/{LONG}{n}" for n in range(3)] + ["f/y", "f/z"]
    add(run, *paths)
    seen, start = [], ""
    for _page in range(3):
        level = list_level(run, "f", start=start)
        seen += [f"f/{name}" for name in names(level.files)]
        start = level.next_name
    assert (seen, start) == (paths, "")


@pytest.mark.parametrize("folders", [["a", "a b", "a-b", "b", "c"], ["a", "b", LONG]])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_many_folders_are_paged(
    run: Run, folders: list[str], page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_LEVEL_FOLDERS", page)
    # "f/a b" is between "f/a" and "f/a/x" in the order of the index.
    add(run, *(f"f/{name}/{n}" for name in folders[:-2] for n in range(3)))
    add(run, *(f"f/{name}/x/{n}" for name in folders for n in range(3)), "f/1")
    level = list_level(run, "f")
    seen, after = list(level.folders), level.next_folder
    for _page in range(20):
        if after:
            found, after = list_folders(run, "f", after=after)
            assert len(found) <= page
            seen += found
    assert (sorted(seen), after) == (folders, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STD", ["std_log.txt"]),
        ("logs txt", ["a%b.txt", "std_log.txt"]),
        ("%", ["a%b.txt"]),
        ("logs/std", ["std_log.txt"]),
        ("nothing", []),
    ],
)
def test_a_search_finds_paths_with_all_words(
    run: Run, text: str, found: list[str]
) -> None:
    add(run, "logs/std_log.txt", "logs/a%b.txt", "out/x.bin")
    files, has_more = find_paths([run], text)
    assert (names(files), has_more) == (found, False)


def test_a_search_reads_paths_to_their_end(run: Run) -> None:
    add(run, f"{LONG}/end/x", f"a/{LONG}-end", "a/x")
    assert names(find_paths([run], "end xx")[0]) == [f"{LONG}-end", "x"]


def test_replaced_files_are_left_out(run: Run) -> None:
    add(run, "old/x", "new/y")
    File.objects.filter(folder="old").update(replaced=1)
    assert list_level(run).folders == ("new",)
    assert find_paths([run], "x")[0] == []
