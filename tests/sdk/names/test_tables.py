"""Values of tables are those of the files: nothing is guessed, nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.sdk.data import Dataset, DataType, PromoteHeadersBehavior
from studio.sdk.errors import UserErrorException

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
