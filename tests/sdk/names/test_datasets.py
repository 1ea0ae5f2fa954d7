"""Datasets and datastores, on local files and through the server."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from studio.sdk import Workspace
from studio.sdk.data import (
    DataPath,
    Dataset,
    Datastore,
    DataType,
    RegisteredDatasets,
)
from studio.sdk.data.store_run import StoreRun
from studio.sdk.errors import NotSupportedError, UserErrorException
from tests.parts.fake_http import FixedResponse, serving

CSV = "name,size,when\nada,1,2024-01-01\nbob,2,2024-02-01\ncai,,2024-03-01\n"


@pytest.fixture
def files(workspace: Workspace) -> Path:
    """Files in the working folder."""
    del workspace
    folder = Path("data")
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text(CSV)
    (folder / "deep/b.csv").write_text(CSV.replace("ada", "dan"))
    (folder / "note.txt").write_text("text")
    (folder / "rows.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    (folder / "bytes.csv").write_bytes(b"PK\x03\x04\0\0\0")
    return folder


def _texts(paths: list[str]) -> list[str]:
    return [Path(one).read_text() for one in paths]


def test_files_are_named_by_paths_folders_and_patterns(files: Path) -> None:
    of = Dataset.File.from_files
    assert of("data/a.csv").to_path() == ["/a.csv"]
    assert of("data/**/*.csv").to_path() == ["/a.csv", "/bytes.csv", "/deep/b.csv"]
    everything = of(str(files))
    assert len(everything.to_path()) == 5
    assert of(["data/a.csv", "data/deep"]).to_path() == ["/a.csv", "/b.csv"]
    assert of(["data/a.csv", files / "a.csv"]).to_path() == ["/a.csv", "/1/a.csv"]
    assert everything.take(1).to_path() == everything.to_path()[:1]
    assert everything.skip(4).to_path() == everything.to_path()[4:]
    parts = everything.random_split(0.5, seed=1)
    assert sorted([*parts[0].to_path(), *parts[1].to_path()]) == everything.to_path()


def test_files_are_mounted_where_they_are_and_downloaded_elsewhere(
    files: Path, tmp_path: Path
) -> None:
    dataset = Dataset.File.from_files("data")
    with dataset.mount() as mounted:
        assert Path(mounted.mount_point) == files.absolute()
    assert (files / "a.csv").exists()
    got = Dataset.File.from_files("data/*.txt").download(str(tmp_path / "out"))
    assert got == [str(tmp_path / "out/note.txt")]
    with pytest.raises(UserErrorException, match="exists already"):
        Dataset.File.from_files("data/*.txt").download(str(tmp_path / "out"))
    with Dataset.File.from_files("data/*.txt").mount() as mounted:
        assert Path(mounted.mount_point, "note.txt").read_text() == "text"
    assert not Path(mounted.mount_point).exists()


@pytest.mark.usefixtures("files")
def test_tables_become_data_frames() -> None:
    table = Dataset.Tabular.from_delimited_files(["data/a.csv", "data/deep/b.csv"])
    frame = table.to_pandas_dataframe()
    assert list(frame.columns) == ["name", "size", "when"]
    assert list(frame["name"]) == ["ada", "bob", "cai", "dan", "bob", "cai"]
    names = table.keep_columns("name").skip(1).take(2).to_pandas_dataframe()
    assert names.to_dict("list") == {"name": ["bob", "cai"]}
    assert list(table.drop_columns(["name"]).to_pandas_dataframe()) == ["size", "when"]
    split = [one.to_pandas_dataframe() for one in table.random_split(0.5, seed=3)]
    assert sum(map(len, split)) == 6
    assert all(map(len, split))
    times = table.with_timestamp_columns("when")
    recent = times.time_after(datetime(2024, 2, 1)).to_pandas_dataframe()
    assert list(recent["name"]) == ["bob", "cai", "bob", "cai"]
    typed = Dataset.Tabular.from_delimited_files(
        "data/a.csv", include_path=True, set_column_types={"size": DataType.to_string()}
    ).to_pandas_dataframe()
    assert list(typed["Path"]) == ["/a.csv"] * 3
    assert typed["size"].iloc[0] == "1"
    lines = Dataset.Tabular.from_json_lines_files("data/rows.jsonl")
    assert lines.to_pandas_dataframe()["x"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda: Dataset.File.from_files("gone"),
            "There is no file or folder '.*gone' on this machine.",
        ),
        (lambda: Dataset.File.from_files("data/*.zip"), "No file matches '.*zip'."),
        (lambda: Dataset.File.from_files([]), "The list of paths is empty."),
        (
            lambda: Dataset.File.from_files(cast("str", 3)),
            "A dataset needs a path, .*, not 3.",
        ),
        (
            lambda: Dataset.Tabular.from_delimited_files("data/bytes.csv"),
            "bytes.csv is not delimited text: it has zero bytes.",
        ),
        (
            lambda: Dataset.Tabular.from_json_lines_files(
                "data/a.csv"
            ).to_pandas_dataframe(),
            "a.csv is not readable as JSON: ",
        ),
        (
            lambda: (
                Dataset.Tabular.from_delimited_files("data/a.csv")
                .keep_columns("age")
                .to_pandas_dataframe()
            ),
            "The dataset has no column 'age'. Its columns are: name, size, when.",
        ),
        (
            lambda: Dataset.Tabular.from_delimited_files("data/a.csv").take(-1),
            "count must be a whole number from 0.",
        ),
        (
            lambda: Dataset.Tabular.from_delimited_files("data/a.csv").time_before(
                datetime(2024, 1, 1)
            ),
            "The dataset has no column of times.",
        ),
    ],
)
@pytest.mark.usefixtures("files")
def test_a_mistake_is_one_sentence(use: Callable[[], Any], message: str) -> None:
    with pytest.raises(UserErrorException, match=message):
        use()


@pytest.mark.usefixtures("files")
def test_what_is_not_offered_names_the_alternative() -> None:
    with pytest.raises(NotSupportedError, match="include_path=True"):
        Dataset.Tabular.from_delimited_files("data/a.csv", partition_format="{x}")
    with pytest.raises(NotSupportedError, match=r"pandas\.read_sql"):
        Dataset.Tabular.from_sql_query(None)
    with pytest.raises(NotSupportedError, match="to_pandas_dataframe"):
        Dataset.Tabular.from_delimited_files("data/a.csv").filter(None)
    with pytest.raises(NotSupportedError, match="Copy its files"):
        Datastore.register_azure_blob_container(None, "x", "y")


def test_a_datastore_keeps_files(
    workspace: Workspace,
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = workspace.get_default_datastore()
    assert (store.name, Datastore(workspace, store.name).name) == (
        *("workspaceblobstore", "workspaceblobstore"),
    )
    workspace.set_default_datastore(store.name)
    with pytest.raises(UserErrorException, match="There is no datastore 'other'"):
        workspace.set_default_datastore("other")
    reference = store.upload(str(files), "kept/data", show_progress=False)
    assert reference.path_on_datastore == "kept/data"
    store.upload_files(["data/note.txt"], target_path="kept")
    assert "note.txt (1 of 1)" in capsys.readouterr().out
    (files / "note.txt").write_text("changed")
    store.upload_files(["data/note.txt"], target_path="kept")
    assert "kept/note.txt exists already. Skipped" in capsys.readouterr().out
    count = store.download(str(tmp_path), prefix="kept/", show_progress=False)
    assert count == 6
    assert (tmp_path / "kept/data/deep/b.csv").read_text() == CSV.replace("ada", "dan")
    assert (tmp_path / "kept/note.txt").read_text() == "text"
    store.upload_files(["data/note.txt"], target_path="kept", overwrite=True)
    one = Dataset.File.from_files(store.path("kept/note.txt"))
    assert _texts(one.download(str(tmp_path / "one"))) == ["changed"]


def test_two_members_create_a_store_at_the_same_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = f"datastore-{uuid4()}"
    mine, other = (StoreRun(workspace, run_id, "") for _member in range(2))
    connection = workspace._connection
    change = connection.change

    def change_after_other(*request: Any) -> Any:
        monkeypatch.setattr(connection, "change", change)
        other.write_text("b.txt", "b")
        return change(*request)

    monkeypatch.setattr(connection, "change", change_after_other)
    mine.write_text("a.txt", "a")
    assert {one.path for one in other.list_files()} == {"a.txt", "b.txt"}


def test_datasets_of_a_datastore_are_read_through_the_server(
    workspace: Workspace, files: Path, tmp_path: Path
) -> None:
    store = Datastore.get(workspace, "workspacefilestore")
    store.upload(str(files), "tables", show_progress=False)
    for path in ((store, "tables/**/*.csv"), store.path("tables/**/*.csv")):
        assert Dataset.File.from_files(path).to_path() == [
            *("/a.csv", "/bytes.csv", "/deep/b.csv"),
        ]
    folder = Dataset.File.from_files(DataPath(store, "tables"))
    assert len(folder.download(str(tmp_path / "copy"))) == 5
    table = Dataset.Tabular.from_delimited_files((store, "tables/*/b.csv"))
    assert table.to_pandas_dataframe()["name"].tolist() == ["dan", "bob", "cai"]
    with folder.mount() as mounted:
        assert Path(mounted.mount_point, "deep/b.csv").is_file()
    with pytest.raises(UserErrorException, match="has no file 'tables/none'"):
        Dataset.File.from_files((store, "tables/none"))
    with pytest.raises(UserErrorException, match=r"no datastore 'mine'. The datas"):
        Datastore.get(workspace, "mine")


def test_web_addresses_are_downloaded(workspace: Workspace, tmp_path: Path) -> None:
    del workspace

    class Table(FixedResponse):
        def on_get(self) -> None:
            self.respond(200 if self.path.endswith("people.csv") else 404, {"a": 1})

    with serving(Table) as address:
        dataset = Dataset.File.from_files(f"{address}/x/people.csv")
        [path] = dataset.download(str(tmp_path / "web"))
        assert Path(path).name == "people.csv"
        missing = Dataset.File.from_files(f"{address}/gone.csv")
        with pytest.raises(UserErrorException, match="can't be downloaded: Not"):
            missing.download(str(tmp_path / "web"))


def test_a_registered_dataset_has_versions(workspace: Workspace, files: Path) -> None:
    table = Dataset.Tabular.from_delimited_files("data/a.csv").keep_columns("name")
    name = "people of 2024/7"
    first = table.register(workspace, name, "who", {"team": "nlp"})
    assert (first.name, first.version, first.tags) == (name, 1, {"team": "nlp"})
    again = table.register(workspace, name, "who", {"team": "nlp"})
    assert again.version == 1
    other = Dataset.File.from_files(str(files / "deep"))
    with pytest.raises(UserErrorException, match="There is another dataset"):
        other.register(workspace, name)
    assert other.register(workspace, name, create_new_version=True).version == 2
    found = Dataset.get_by_name(workspace, name, version=1)
    assert (found.description, found.id) == ("who", f"{name}:1")
    assert found.to_pandas_dataframe()["name"].tolist() == ["ada", "bob", "cai"]
    assert Dataset.get_by_name(workspace, name).to_path() == ["/b.csv"]
    assert Dataset.get_by_id(workspace, f"{name}:1").version == 1
    assert name in workspace.datasets
    with pytest.raises(UserErrorException, match="has no version 9"):
        Dataset.get_by_name(workspace, name, version=9)
    with pytest.raises(UserErrorException, match="There is no dataset 'none'"):
        Dataset.get_by_name(workspace, "none")
    found.unregister_all_versions()
    assert name not in RegisteredDatasets(workspace)


def test_a_data_frame_is_registered(workspace: Workspace) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"x": [1, 2]})
    store = workspace.get_default_datastore()
    Dataset.Tabular.register_pandas_dataframe(
        frame, (store, "frames"), "numbers", show_progress=False
    )
    found = Dataset.get_by_name(workspace, "numbers").to_pandas_dataframe()
    assert found["x"].tolist() == [1, 2]


def test_large_files_need_little_memory(workspace: Workspace, tmp_path: Path) -> None:
    # Large files are sent in pieces of 8 MiB.
    size = 64 * 1024 * 1024
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(size)
    store = workspace.get_default_datastore()
    tracemalloc.start()
    try:
        store.upload_files([str(large)], target_path="large", overwrite=True)
        dataset = Dataset.File.from_files((store, "large/large.bin"))
        [copy] = dataset.download(str(tmp_path / "copy"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert Path(copy).stat().st_size == size
    assert peak < size / 3
