"""Datasets of tables: files that pandas reads, and steps that change the rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from studio.sdk.data.base import AbstractDataset, TemporaryFolder, check_count
from studio.sdk.data.sources import DataFile, Source
from studio.sdk.errors import NotSupportedError, UserErrorException

_PREVIEW_ROWS = 20
#: The column that `include_path` adds, as in v1.
PATH_COLUMN = "Path"
#: v1's names of types, as the names of pandas.
_PANDAS_TYPES = {"string": "string", "long": "Int64", "float": "float64"}


@dataclass(frozen=True)
class TabularFormat:
    """How the files are read: `kind` is delimited, parquet or json_lines."""

    kind: str
    separator: str = ","
    has_header: bool = True
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
    """Types of columns, for `set_column_types`."""

    @staticmethod
    def to_string() -> str:
        """Text."""
        return "string"

    @staticmethod
    def to_long() -> str:
        """Whole numbers."""
        return "long"

    @staticmethod
    def to_float(*_words: object) -> str:
        """Numbers."""
        return "float"

    @staticmethod
    def to_bool() -> str:
        """True and false."""
        return "bool"

    @staticmethod
    def to_datetime(formats: object = None) -> str:
        """Times. pandas recognizes their format."""
        del formats
        return "datetime"


#: A name and its arguments, which are values of JSON.
Step = tuple[Any, ...]


class TabularDataset(AbstractDataset):
    """Rows and columns of files."""

    kind: ClassVar[str] = "tabular"

    def __init__(
        self,
        sources: tuple[Source, ...],
        form: TabularFormat,
        steps: tuple[Step, ...] = (),
    ) -> None:
        super().__init__(sources)
        self._form, self._steps = form, steps

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Any:
        """All rows as a DataFrame of pandas.

        Raises UserErrorException if pandas is missing, or a file has another format.
        """
        del on_error, out_of_range_datetime
        pandas = import_pandas()
        temporary = TemporaryFolder()
        try:
            parts = [
                self._read(pandas, one, temporary.path) for one in self._list_files()
            ]
        finally:
            temporary.delete()
        frame = parts[0] if len(parts) == 1 else pandas.concat(parts, ignore_index=True)
        for step in self._steps:
            frame = _apply(pandas, frame, step)
        return frame

    def take(self, count: int) -> TabularDataset:
        """The first `count` rows."""
        return self._with("take", check_count(count, "count"))

    def skip(self, count: int) -> TabularDataset:
        """All rows but the first `count`."""
        return self._with("skip", check_count(count, "count"))

    def keep_columns(
        self, columns: str | Sequence[str], validate: bool = False
    ) -> TabularDataset:
        """Only these columns."""
        del validate
        return self._with("keep", _names(columns))

    def drop_columns(self, columns: str | Sequence[str]) -> TabularDataset:
        """All columns but these."""
        return self._with("drop", _names(columns))

    def take_sample(
        self, probability: float, seed: int | None = None
    ) -> TabularDataset:
        """A random part of the rows. The same seed chooses the same ones."""
        return self._with("sample", float(probability), _seed(seed), True)

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[TabularDataset, TabularDataset]:
        """About that share of the rows, and the rest."""
        share, chosen = float(percentage), _seed(seed)
        return (
            self._with("sample", share, chosen, True),
            self._with("sample", share, chosen, False),
        )

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **_more: Any,
    ) -> TabularDataset:
        """Name the column for `time_before`, `time_after` and the like."""
        del partition_timestamp, validate
        return self._with("timestamp", timestamp)

    @property
    def timestamp_columns(self) -> tuple[str | None, None]:
        """The column that `with_timestamp_columns` named, and None."""
        found = [step[1] for step in self._steps if step[0] == "timestamp"]
        return (found[-1] if found else None, None)

    def time_before(
        self, end_time: datetime, include_boundary: bool = True, **_more: Any
    ) -> TabularDataset:
        """The rows until that time."""
        return self._within(None, end_time, include_boundary)

    def time_after(
        self, start_time: datetime, include_boundary: bool = True, **_more: Any
    ) -> TabularDataset:
        """The rows from that time on."""
        return self._within(start_time, None, include_boundary)

    def time_between(
        self,
        start_time: datetime,
        end_time: datetime,
        include_boundary: bool = True,
        **_more: Any,
    ) -> TabularDataset:
        """The rows between two times."""
        return self._within(start_time, end_time, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, **_more: Any
    ) -> TabularDataset:
        """The rows of the last days or hours."""
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        return self._within(now - time_delta, None, include_boundary)

    def filter(self, *_words: Any, **_more: Any) -> NoReturn:
        """Not offered: pandas has conditions."""
        raise NotSupportedError(
            "Filter the DataFrame: frame = dataset.to_pandas_dataframe(), then "
            "frame[condition]."
        )

    def _within(
        self, start: datetime | None, end: datetime | None, is_closed: bool
    ) -> TabularDataset:
        column = self.timestamp_columns[0]
        if column is None:
            raise UserErrorException(
                "The dataset has no column of times. Call "
                "with_timestamp_columns(timestamp=COLUMN) first."
            )
        bounds = [one.isoformat() if one else None for one in (start, end)]
        return self._with("time", column, *bounds, is_closed)

    def _with(self, *step: Any) -> TabularDataset:
        return TabularDataset(self._sources, self._form, (*self._steps, step))

    def _check(self) -> None:
        """Raise UserErrorException if there are no files, or the first can't be read.

        Files on another machine are not read.
        """
        first = self._list_files()[0]
        if first.local is not None and self._form.kind == "delimited":
            _check_text(first.local, self._form.encoding)

    def _read(self, pandas: Any, file: DataFile, folder: Path) -> Any:
        path = file.local
        if path is None:
            path = folder / file.relative
            file.copy_to(path)
        form = self._form
        try:
            frame = _read_file(pandas, path, form)
        except ImportError as error:
            raise UserErrorException(
                f"pandas needs another package for {file.path}: {error}"
            ) from error
        except (ValueError, OSError, pandas.errors.ParserError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserErrorException(
                f"{file.path} is not readable as {_TITLES[form.kind]}: {reason}. Check "
                "the file, its encoding and the separator."
            ) from error
        if form.includes_path:
            frame.insert(0, PATH_COLUMN, f"/{file.relative}")
        for column, kind in form.types:
            frame[column] = _converted(pandas, frame[column], kind)
        return frame

    def _to_json(self) -> dict[str, Any]:
        steps = [list(one) for one in self._steps]
        return {**super()._to_json(), "format": asdict(self._form), "steps": steps}


_TITLES = {"delimited": "delimited text", "parquet": "Parquet", "json_lines": "JSON"}


def import_pandas() -> Any:
    """pandas. Raises UserErrorException if it is missing."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UserErrorException(
            "Dataset.Tabular needs pandas: run `pip install pandas`."
        ) from error
    return pd


def _read_file(pandas: Any, path: Path, form: TabularFormat) -> Any:
    if form.kind == "parquet":
        return pandas.read_parquet(path)
    if form.kind == "json_lines":
        return pandas.read_json(path, lines=True, encoding=form.encoding)
    _check_text(path, form.encoding)
    return pandas.read_csv(
        path,
        sep=form.separator,
        header=0 if form.has_header else None,
        encoding=form.encoding,
        dtype=str if form.is_text else None,
        keep_default_na=not form.keeps_empty,
    )


def _check_text(path: Path, encoding: str) -> None:
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


def _converted(pandas: Any, column: Any, kind: str) -> Any:
    if "date" in kind.lower():
        return pandas.to_datetime(column)
    name = next((one for word, one in _PANDAS_TYPES.items() if word in kind), None)
    if "bool" in kind.lower():
        name = "boolean"
    return column if name is None else column.astype(name)


def _apply(pandas: Any, frame: Any, step: Step) -> Any:
    name, *words = step
    if name == "take":
        return frame.head(words[0])
    if name == "skip":
        return frame.iloc[words[0] :].reset_index(drop=True)
    if name in ("keep", "drop"):
        missing = [one for one in words[0] if one not in frame.columns]
        if missing:
            raise UserErrorException(
                f"The dataset has no column {missing[0]!r}. Its columns are: "
                f"{', '.join(map(str, frame.columns))}."
            )
        return frame[words[0]] if name == "keep" else frame.drop(columns=words[0])
    if name == "sample":
        probability, seed, is_first = words
        chance = random.Random(seed)  # noqa: S311 (a sample)
        chosen = [
            (chance.random() < probability) is is_first for _ in range(len(frame))
        ]
        return frame[chosen].reset_index(drop=True)
    if name == "time":
        return _rows_between(pandas, frame, *words)
    return frame


def _rows_between(
    pandas: Any,
    frame: Any,
    column: str,
    start: str | None,
    end: str | None,
    closed: bool,
) -> Any:
    times = pandas.to_datetime(frame[column])
    chosen = times.notna()
    if start is not None:
        bound = pandas.Timestamp(start)
        chosen &= times >= bound if closed else times > bound
    if end is not None:
        bound = pandas.Timestamp(end)
        chosen &= times <= bound if closed else times < bound
    return frame[chosen].reset_index(drop=True)


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(one) for one in columns]


def _seed(seed: int | None) -> int:
    # Both parts of a split need the same one.
    return random.getrandbits(32) if seed is None else int(seed)
