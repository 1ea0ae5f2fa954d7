"""Values of tables are those of the files: nothing is guessed, nothing is lost."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from studio.sdk import Workspace
from studio.sdk.data import (
    Dataset,
    DataType,
    OutputFileDatasetConfig,
    PromoteHeadersBehavior,
)
from studio.sdk.data.sources import WebSource, source_from_json
from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.submission import Estimator

BIG = 2**60 + 1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _read(text: str, **options: Any) -> Any:
    Path("rows.csv").write_text(text)
    return Dataset.Tabular.from_delimited_files(
        "rows.csv", **options
    ).to_pandas_dataframe()


def _column(text: str, kind: str) -> list[Any]:
    lines = "\n".join(("other,value", *(f"1,{one}" for one in text.split("|"))))
    column = _read(lines, set_column_types={"value": kind})["value"]
    return [None if column.isna()[at] else column[at] for at in range(len(column))]


def _days(text: str, kind: str) -> list[str]:
    return [one.date().isoformat() for one in _column(text, kind)]


def test_a_text_stays_as_it_is() -> None:
    assert _column("007|1.50|NA||1e5", DataType.to_string()) == [
        "007",
        "1.50",
        "NA",
        None,
        "1e5",
    ]


def test_numbers_are_exact() -> None:
    whole = _column(f"{BIG}|3.0|x|{2**63}|1_0", DataType.to_long())
    assert whole == [BIG, 3, None, None, None]
    assert _column("1;5|1.5", DataType.to_float(";")) == [1.5, None]
    assert _column("1.5|x|1e3", DataType.to_float()) == [1.5, None, 1000.0]
    assert _column("True|0|false|1", DataType.to_bool()) == [True, False, False, True]


def test_times_have_the_given_formats() -> None:
    form = DataType.to_datetime("%d/%m/%Y")
    assert _days("01/02/2020|13/02/2020", form) == ["2020-02-01", "2020-02-13"]
    several = DataType.to_datetime(["%d/%m/%Y", "%Y.%m.%d"])
    assert _days("01/02/2020|2020.02.03", several) == ["2020-02-01", "2020-02-03"]
    free = _column("2020-02-01|2020-02-03 10:00", DataType.to_datetime())
    assert [one.day for one in free] == [1, 3]


def test_only_the_first_file_has_column_names() -> None:
    Path("a.csv").write_text("x,y\n01,2\n")
    Path("b.csv").write_text("05,6\n07,8\n")
    read = Dataset.Tabular.from_delimited_files
    frame = read(
        ["a.csv", "b.csv"],
        header=PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS,
        set_column_types={"x": DataType.to_string()},
        include_path=True,
    ).to_pandas_dataframe()
    assert list(frame.columns) == ["Path", "x", "y"]
    assert frame["x"].tolist() == ["01", "05", "07"]
    assert frame["y"].tolist() == [2, 6, 8]
    Path("b.csv").write_text("5,6,7\n")
    with pytest.raises(UserErrorException, match="3 columns, and the first file has 2"):
        read(["a.csv", "b.csv"], header=1).to_pandas_dataframe()


def test_no_file_has_column_names() -> None:
    frame = _read(
        "01,2\n03,4\n", header=False, set_column_types={"Column1": DataType.to_string()}
    )
    assert frame.to_dict("list") == {"Column1": ["01", "03"], "Column2": [2, 4]}


def test_files_with_names_of_their_own_are_combined() -> None:
    Path("a.csv").write_text("x,y\n1,2\n")
    Path("b.csv").write_text("x,z\n3,4\n")
    frame = Dataset.Tabular.from_delimited_files(
        ["a.csv", "b.csv"],
        header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS,
        set_column_types={"z": DataType.to_string()},
    ).to_pandas_dataframe()
    assert frame["x"].tolist() == [1, 3]
    assert frame["z"].tolist()[1] == "4"


def test_json_is_read_as_it_is() -> None:
    line = f'{{"id": "01234", "code": "1e5", "made_at": 1577836800, "n": {BIG}}}\n'
    Path("rows.jsonl").write_text(line)
    read = Dataset.Tabular.from_json_lines_files
    frame = read("rows.jsonl").to_pandas_dataframe()
    assert frame.to_dict("records") == [
        {"id": "01234", "code": "1e5", "made_at": 1577836800, "n": BIG}
    ]
    typed = read("rows.jsonl", set_column_types={"id": DataType.to_long()})
    assert typed.to_pandas_dataframe()["id"].tolist() == [1234]


def test_unknown_columns_and_types_are_one_sentence() -> None:
    with pytest.raises(UserErrorException, match=r"no column 'z'\. Its columns are: x"):
        _read("x\n1\n", set_column_types={"z": DataType.to_string()})
    with pytest.raises(UserErrorException, match="'stream' is no type of a column"):
        _read("x\n1\n", set_column_types={"x": "stream"})


def test_without_inference_all_columns_are_texts() -> None:
    frame = _read("x,y\n007,NA\n1.50,\n", infer_column_types=False)
    assert frame["x"].tolist() == ["007", "1.50"]
    assert frame["y"].tolist()[0] == "NA"
    assert frame["y"].isna().tolist() == [False, True]


def test_a_mount_never_writes_into_files_of_another(folder: Path) -> None:
    for name in ("m1", "m2"):
        (folder / name).mkdir()
        (folder / name / "data.csv").write_text(name)
    first = Dataset.File.from_files("m1").mount("point")
    second = Dataset.File.from_files("m2").mount("point")
    first.start()
    with pytest.raises(UserErrorException, match="exists already"):
        second.start()
    assert (folder / "m1" / "data.csv").read_text() == "m1"
    Dataset.File.from_files("m2").download("point", overwrite=True)
    assert (folder / "m1" / "data.csv").read_text() == "m1"
    assert (folder / "point" / "data.csv").read_text() == "m2"


def test_a_mount_ends_and_can_begin_again(folder: Path) -> None:
    (folder / "m1").mkdir()
    (folder / "m1" / "data.csv").write_text("m1")
    mount = Dataset.File.from_files("m1").mount("point")
    for _time in range(2):
        with mount:
            assert (folder / "point" / "data.csv").read_text() == "m1"
        assert not (folder / "point" / "data.csv").exists()
    (folder / "point" / "data.csv").write_text("mine")
    with pytest.raises(UserErrorException, match="exists already"):
        mount.start()
    mount.stop()
    assert (folder / "point" / "data.csv").read_text() == "mine"
    assert (folder / "m1" / "data.csv").read_text() == "m1"


def test_the_folder_of_a_single_file_is_mounted(folder: Path) -> None:
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    with Dataset.File.from_files("a.txt").mount() as mounted:
        names = [one.name for one in Path(mounted.mount_point).iterdir()]
    assert names == ["a.txt"]


def test_times_are_compared_in_utc() -> None:
    Path("rows.csv").write_text("at\n2020-01-01T00:00:00Z\n2020-01-02T00:00:00Z\n")
    rows = Dataset.Tabular.from_delimited_files("rows.csv")
    late = rows.with_timestamp_columns("at").time_after(datetime(2020, 1, 1, 12))
    assert len(late.to_pandas_dataframe()) == 1


def test_encodings_have_the_names_of_v1() -> None:
    Path("rows.csv").write_bytes("name\nzoë\n".encode("latin-1"))
    read = Dataset.Tabular.from_delimited_files
    frame = read("rows.csv", encoding="iso88591").to_pandas_dataframe()
    assert frame["name"].tolist() == ["zoë"]
    with pytest.raises(UserErrorException, match="'none' is no encoding"):
        read("rows.csv", encoding="none")


def test_a_preview_reads_no_more_files_than_needed() -> None:
    Path("a.csv").write_text("x\n1\n2\n")
    Path("b.csv").write_bytes(b"\0")
    rows = Dataset.Tabular.from_delimited_files(["a.csv", "b.csv"])
    assert rows.take(2).to_pandas_dataframe()["x"].tolist() == [1, 2]
    with pytest.raises(UserErrorException, match="zero bytes"):
        rows.to_pandas_dataframe()


def test_what_v1_has_besides_is_one_sentence() -> None:
    Path("rows.csv").write_text("x\n1\n")
    rows = Dataset.Tabular.from_delimited_files("rows.csv")
    with pytest.raises(NotSupportedError, match="to_pandas_dataframe"):
        getattr(rows, "to_csv_files")()  # noqa: B009 (type checkers know it is none)
    assert not hasattr(rows, "to_csv_files")
    with pytest.raises(AttributeError, match="has no attribute 'to_cvs'"):
        getattr(rows, "to_cvs")  # noqa: B009
    with pytest.warns(UserWarning, match="destination has no effect"):
        output = OutputFileDatasetConfig(destination=("store", "path"))
    with pytest.raises(NotSupportedError, match=r"condition\]\. See docs/user/sdk\.md"):
        rows.filter(rows)
    assert output.name != OutputFileDatasetConfig().name
    with pytest.raises(NotSupportedError, match="download its files"):
        getattr(output, "as_input")  # noqa: B009
    with pytest.raises(UserErrorException, match="path of a dataset is empty"):
        Dataset.File.from_files("")


def test_a_definition_names_no_file_of_the_readers_machine() -> None:
    with pytest.raises(UserErrorException, match="no address of http or https"):
        source_from_json(cast("Workspace", None), {"url": "file:///etc/hostname"})
    with pytest.raises(UserErrorException, match="no address of http or https"):
        WebSource("file:///etc/hostname").copy("file:///etc/hostname", Path("copy"))


def test_a_misspelled_argument_is_an_error(folder: Path) -> None:
    (folder / "train.py").touch()
    words: dict[str, Any] = {"entry_scipt": "train.py"}
    with pytest.raises(TypeError, match="no argument 'entry_scipt'"):
        Estimator(".", **words)
    assert Estimator(".", use_gpu=True, vm_size="any").script == "train.py"
