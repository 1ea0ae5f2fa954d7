"""Files that become tables: their format, and the types of columns.

Columns with a type are read as text and converted then: pandas makes 7 of "007".
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.sdk.errors import UserErrorException

TITLES = {"delimited": "delimited text", "parquet": "Parquet", "json_lines": "JSON"}
#: Which files of delimited text have column names.
ALL_HEADERS, FIRST_HEADERS, NO_HEADERS = "all", "first", "none"
#: v1's names of encodings that Python does not know.
_ENCODINGS = {
    "iso88591": "iso-8859-1",
    "utf8bom": "utf-8-sig",
    "windows1252": "cp1252",
}


@dataclass(frozen=True)
class TabularFormat:
    """How the files are read: `kind` is delimited, parquet or json_lines."""

    kind: str
    separator: str = ","
    headers: str = ALL_HEADERS
    encoding: str = "utf8"
    is_text: bool = False
    keeps_empty: bool = False
    includes_path: bool = False
    types: tuple[tuple[str, str], ...] = ()


class PromoteHeadersBehavior:
    """Which files of delimited text have column names, for `header`."""

    NO_HEADERS = 0
    ONLY_FIRST_FILE_HAS_HEADERS = 1
    COMBINE_ALL_FILES_HEADERS = 2
    ALL_FILES_HAVE_SAME_HEADERS = 3


class DataType:
    """Types of columns, for `set_column_types`. What has another type is missing."""

    @staticmethod
    def to_string() -> str:
        """Text, exactly as it is in the file."""
        return "string"

    @staticmethod
    def to_long() -> str:
        """Whole numbers of 64 bits."""
        return "long"

    @staticmethod
    def to_float(decimal_mark: str = ".") -> str:
        """Numbers. `decimal_mark` is what is before their decimal places."""
        return f"float:{decimal_mark}"

    @staticmethod
    def to_bool() -> str:
        """True and false, or 1 and 0."""
        return "bool"

    @staticmethod
    def to_datetime(formats: str | Sequence[str] | None = None) -> str:
        """Times. With several formats such as "%d/%m/%Y", the first that fits counts.

        Without formats, pandas recognizes them.
        """
        chosen = [formats] if isinstance(formats, str) else list(formats or ())
        return "\n".join(("datetime", *chosen))


def import_pandas() -> Any:
    """pandas. Raises UserErrorException if it is missing."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UserErrorException(
            "Dataset.Tabular needs pandas: run `pip install pandas`."
        ) from error
    return pd


def read_table(
    pandas: Any, path: Path, form: TabularFormat, names: Sequence[str] | None
) -> Any:
    """The rows of a file. `names` are the columns of the file before it."""
    if form.kind == "parquet":
        frame = pandas.read_parquet(path)
    elif form.kind == "json_lines":
        frame = pandas.DataFrame(_read_objects(path, form.encoding))
    else:
        frame = _read_text(pandas, path, form, names)
    for column, kind in form.types:
        if column in frame.columns:
            frame[column] = _converted(pandas, frame[column], kind, form.keeps_empty)
    return frame


def _read_objects(path: Path, encoding: str) -> list[dict[str, Any]]:
    """The values themselves: pandas.read_json makes numbers and times of texts."""
    with path.open(encoding=encoding) as file:
        found = [json.loads(line) for line in file if line.strip()]
    if not all(isinstance(one, dict) for one in found):
        raise ValueError("a line is not an object")
    return found


def _read_text(
    pandas: Any, path: Path, form: TabularFormat, names: Sequence[str] | None
) -> Any:
    check_text(path, form.encoding)
    options: dict[str, Any] = {"sep": form.separator, "encoding": form.encoding}
    # Else a row with a value too many shifts the names of the columns.
    options["index_col"] = False
    # The values, as they are in the file.
    texts: dict[str, Any] = {"dtype": str, "keep_default_na": False}
    guess = texts if form.is_text else {"keep_default_na": not form.keeps_empty}
    if form.is_text and not form.keeps_empty:
        guess = {**texts, "na_values": [""]}
    has_names = form.headers == ALL_HEADERS or (
        form.headers == FIRST_HEADERS and names is None
    )
    options["header"] = 0 if has_names else None
    frame = pandas.read_csv(path, **options, **guess)
    if not has_names:
        count = frame.shape[1]
        names = names or [f"Column{number + 1}" for number in range(count)]
        if len(names) != count:
            raise ValueError(
                f"it has {count} columns, and the first file has {len(names)}"
            )
        frame.columns = list(names)
    if any(column in frame.columns for column, _kind in form.types):
        same = pandas.read_csv(path, **options, **texts)
        same.columns = frame.columns
        for column, _kind in form.types:
            if column in frame.columns:
                frame[column] = same[column]
    return frame


def check_text(path: Path, encoding: str) -> None:
    """Raise UserErrorException for a file of bytes. pandas reads many of them."""
    with path.open("rb") as file:
        begin = file.read(4096)
    # Those of UTF-16 are parts of characters.
    is_wide = "16" in encoding or "32" in encoding
    if b"\0" in begin and not is_wide:
        raise UserErrorException(
            f"{path} is not delimited text: it has zero bytes. Check the file and its "
            "encoding."
        )


def check_encoding(name: str) -> str:
    """The encoding as Python names it. Raises UserErrorException for an unknown one."""
    try:
        return codecs.lookup(_ENCODINGS.get(name, name)).name
    except LookupError as error:
        raise UserErrorException(
            f"{name!r} is no encoding. Use utf8, latin1 or another of Python's."
        ) from error


def check_type(kind: str) -> str:
    """The type of a column. Raises UserErrorException for an unknown one."""
    if kind.partition(":")[0].partition("\n")[0] not in {*_READERS, "datetime"}:
        raise UserErrorException(
            f"{kind!r} is no type of a column. Use DataType, such as "
            "DataType.to_string()."
        )
    return kind


def _converted(pandas: Any, column: Any, kind: str, keeps_empty: bool) -> Any:
    if kind.startswith("datetime"):
        return read_times(pandas, column, kind.split("\n")[1:])
    name, _colon, detail = kind.partition(":")
    read = _READERS[name]
    values = [
        read(value, detail or ".") if is_there else None
        for value, is_there in zip(column.tolist(), column.notna())
    ]
    if name == "string":
        values = [None if one == "" and not keeps_empty else one for one in values]
        return pandas.Series(values, index=column.index, dtype=object)
    has_all = None not in values
    plain, with_missing = _PANDAS_TYPES[name]
    return pandas.Series(
        values, index=column.index, dtype=plain if has_all else with_missing
    )


def read_times(pandas: Any, column: Any, formats: Sequence[str]) -> Any:
    """A column of times. What is none, or has another format, is missing."""
    if not formats:
        try:
            return pandas.to_datetime(column)
        except ValueError:
            # A value is no time, or their formats differ.
            return pandas.to_datetime(
                column.map(lambda one: pandas.to_datetime(one, errors="coerce"))
            )
    found = pandas.to_datetime(column, format=formats[0], errors="coerce")
    for one in formats[1:]:
        found = found.fillna(pandas.to_datetime(column, format=one, errors="coerce"))
    return found


def _text(value: Any, _detail: str) -> str:
    return str(value)


def _long(value: Any, detail: str) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        try:
            number = int(text) if "_" not in text else None
        except ValueError:
            # Such as "3.0" and "1e3".
            return _whole(_float(text, detail))
    else:
        number = int(value) if isinstance(value, (bool, int)) else _whole(value)
    is_long = number is not None and -(2**63) <= number < 2**63
    return number if is_long else None


def _whole(number: float | None) -> int | None:
    if number is None or not float(number).is_integer() or abs(number) >= 2**63:
        return None
    return int(number)


def _float(value: Any, mark: str) -> float | None:
    text = str(value).strip()
    if mark != ".":
        text = text.replace(".", "_").replace(mark, ".")
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def _number(value: Any, mark: str) -> float | None:
    return _float(value, mark) if isinstance(value, str) else _float(value, ".")


def _bool(value: Any, _detail: str) -> bool | None:
    words = {"true": True, "1": True, "1.0": True}
    words.update({"false": False, "0": False, "0.0": False})
    return words.get(str(value).strip().lower())


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "string": _text,
    "long": _long,
    "float": _number,
    "bool": _bool,
}
#: The types of pandas, without and with missing values.
_PANDAS_TYPES = {
    "long": ("int64", "Int64"),
    "float": ("float64", "float64"),
    "bool": ("bool", "boolean"),
}
