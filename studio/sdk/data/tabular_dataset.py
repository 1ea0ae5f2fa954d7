"""Datasets of tables: files that pandas reads, and steps that change the rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NoReturn

from studio.sdk.data.base import AbstractDataset, check_count
from studio.sdk.data.sources import DataFile, Source
from studio.sdk.data.tables import (
    FIRST_HEADERS,
    TITLES,
    TabularFormat,
    check_text,
    import_pandas,
    read_table,
    read_times,
)
from studio.sdk.errors import UserErrorException
from studio.sdk.not_offered import not_offered

#: The column that `include_path` adds, as in v1.
PATH_COLUMN = "Path"
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
        parts: list[Any] = []
        names: list[str] | None = None
        wanted = self._count_wanted()
        with TemporaryDirectory(prefix="run-studio-data-") as temporary:
            for file in self._list_files():
                parts.append(self._read(pandas, file, Path(temporary), names))
                if names is None and self._form.headers == FIRST_HEADERS:
                    is_added = self._form.includes_path
                    names = list(parts[0].columns)[1 if is_added else 0 :]
                if wanted is not None and sum(map(len, parts)) >= wanted:
                    break
        frame = parts[0] if len(parts) == 1 else pandas.concat(parts, ignore_index=True)
        if wanted is None:
            _check_columns(frame, [column for column, _kind in self._form.types])
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
        """Only these columns. `validate` is ignored."""
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
        raise not_offered(
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

    def _count_wanted(self) -> int | None:
        """How many of the first rows are needed; None for all."""
        first = self._steps[0] if self._steps else ("",)
        return int(first[1]) if first[0] == "take" else None

    def _check(self) -> None:
        """Raise UserErrorException if there are no files, or the first can't be read.

        Files on another machine are not read.
        """
        first = self._list_files()[0]
        if first.local is not None and self._form.kind == "delimited":
            check_text(first.local, self._form.encoding)

    def _read(
        self, pandas: Any, file: DataFile, folder: Path, names: list[str] | None
    ) -> Any:
        path = file.local
        if path is None:
            path = folder / file.relative
            file.copy_to(path)
        form = self._form
        try:
            frame = read_table(pandas, path, form, names)
        except ImportError as error:
            raise UserErrorException(
                f"pandas needs another package for {file.path}: {error}"
            ) from error
        except (ValueError, TypeError, LookupError, OSError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserErrorException(
                f"{file.path} is not readable as {TITLES[form.kind]}: {reason}. Check "
                "the file, its encoding and the separator."
            ) from error
        if form.includes_path:
            frame.insert(0, PATH_COLUMN, f"/{file.relative}")
        return frame

    def _to_json(self) -> dict[str, Any]:
        steps = [list(one) for one in self._steps]
        return {**super()._to_json(), "format": asdict(self._form), "steps": steps}


def _apply(pandas: Any, frame: Any, step: Step) -> Any:
    name, *words = step
    if name == "take":
        return frame.head(words[0])
    if name == "skip":
        return frame.iloc[words[0] :].reset_index(drop=True)
    if name in ("keep", "drop"):
        _check_columns(frame, words[0])
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


def _check_columns(frame: Any, names: Sequence[str]) -> None:
    missing = [one for one in names if one not in frame.columns]
    if missing:
        raise UserErrorException(
            f"The dataset has no column {missing[0]!r}. Its columns are: "
            f"{', '.join(map(str, frame.columns))}."
        )


def _rows_between(
    pandas: Any,
    frame: Any,
    column: str,
    start: str | None,
    end: str | None,
    closed: bool,
) -> Any:
    # v1's times have no zone: they are in UTC.
    times = pandas.to_datetime(read_times(pandas, frame[column], ()), utc=True)
    chosen = times.notna()
    if start is not None:
        bound = pandas.to_datetime(start, utc=True)
        chosen &= times >= bound if closed else times > bound
    if end is not None:
        bound = pandas.to_datetime(end, utc=True)
        chosen &= times <= bound if closed else times < bound
    return frame[chosen].reset_index(drop=True)


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(one) for one in columns]


def _seed(seed: int | None) -> int:
    # Both parts of a split need the same one.
    return random.getrandbits(32) if seed is None else int(seed)
