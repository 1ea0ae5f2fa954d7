"""Logging: scalars, lists, rows, tables, images, matrices. A call returns at once.

What breaks a rule of the server (a name or text that is too long) is not logged, with a
warning; `STUDIO_STRICT=1` makes it an error.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.core.errors import StudioError
from studio.core.names import check_key
from studio.sdk.artifacts import as_json, as_path, is_image
from studio.sdk.core import RunCore
from studio.sdk.errors import UserErrorException
from studio.sdk.telling import skip, warn
from studio.sdk.values import PLAIN, is_listlike, one_type, scalar, whole

SERIES, LIST, TABLE, IMAGE = "series", "list", "table", "image"
#: Of that many names it is remembered what they hold.
MOST_NAMES = 10_000
_CALLS = {SERIES: "log", LIST: "log_list", TABLE: "log_row", IMAGE: "log_image"}


class Logging(RunCore):
    """The calls of a training script."""

    def log(
        self, name: str, value: Any, description: str = "", step: int | None = None
    ) -> None:
        """Append a number, text, boolean or None to the metric `name`.

        Without `step` the values count 0, 1, 2 … Raises UserErrorException for a list.
        """
        if type(value) not in PLAIN:
            if is_listlike(value):
                kind = type(value).__name__
                raise UserErrorException(
                    f"run.log does not support {kind} type. Use run.log_list instead"
                )
            value = scalar(value, f"Metric {name!r}")
        if step is not None and type(step) is not int:
            step = whole(step)
        if self._names.get(name) is not SERIES:
            self._expect(name, SERIES)
        writer = self._writer or self._out()
        try:
            writer.add_point(name, value, step)
        except StudioError as error:
            skip(error)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Append all of `value`, which may be a generator, or be empty."""
        if callable(value) or not is_listlike(value):
            raise UserErrorException(
                f"run.log_list takes a list, not {type(value).__name__}. "
                "Use run.log instead"
            )
        values = one_type(list(value), name)
        if values:
            self._item(name, LIST, values)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Append a row to a table: a value per column."""
        row = {}
        for column, value in kwargs.items():
            if type(value) not in PLAIN:
                if is_listlike(value):
                    raise UserErrorException(
                        f"Rows cannot contain list values, column {column} contains a "
                        "list."
                    )
                value = scalar(value, f"Column {column!r} of {name!r}")
            row[column] = value
        if row:
            self._item(name, TABLE, row)

    def log_table(
        self, name: str, value: Mapping[str, Any], description: str = ""
    ) -> None:
        """Append a table: a dict of columns of one length; a scalar is one of one."""
        rows = rows_of(name, value)
        if rows:
            self._item(name, TABLE, rows)

    def log_image(
        self,
        name: str,
        path: str | None = None,
        plot: Any = None,
        description: str = "",
    ) -> None:
        """Keep an image: a file, or whatever has `savefig`, as matplotlib's pyplot."""
        if (path is None) == (plot is None):
            raise UserErrorException("Give log_image either a path or a plot.")
        if not self._may_be(name):
            return
        if plot is not None:
            artifact = self._log_plot(name, plot)
        else:
            artifact = self._log_image_file(str(path))
        self._item(name, IMAGE, self._artifact_uri(artifact))

    def log_confusion_matrix(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep a confusion matrix: a dict of v1's schema, or its JSON text.

        `{"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": {…}}`
        with `class_labels` (C) and `matrix` (C lists of C counts, by true label) in
        `data`. Raises UserErrorException for what is no JSON object, as those below do.
        """
        self._log_document(name, "confusion_matrix", value)

    def log_accuracy_table(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep an accuracy table (1.0.1), of which ROC, lift and others are drawn.

        `class_labels` (C), `probability_tables` and `percentile_tables` (C × M × 4:
        true and false positives, true and false negatives) at `probability_thresholds`
        and `percentile_thresholds` (M, from 0 to 1).
        """
        self._log_document(name, "accuracy_table", value)

    def log_residuals(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep a histogram of residuals (1.0.0).

        `bin_edges` (N + 1, in the unit of what is predicted), `bin_counts` (N).
        """
        self._log_document(name, "residuals", value)

    def log_predictions(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep predicted against true values in bins of the true ones (1.0.0).

        `bin_edges` (N + 1), and of each bin (N) the mean of what is predicted
        `bin_averages`, half its error bar `bin_errors`, and `bin_counts`.
        """
        self._log_document(name, "predictions", value)

    def flush(self, timeout_seconds: float | None = 300) -> None:
        """Wait until the server has all that was logged so far."""
        if self._writer is not None:
            self._writer.flush(timeout_seconds)

    def _item(self, name: str, kind: str, value: Any) -> None:
        if self._names.get(name) is not kind:
            self._expect(name, kind)
        try:
            (self._writer or self._out()).add_item(name, kind, value)
        except StudioError as error:
            skip(error)

    def _expect(self, name: str, kind: str) -> None:
        """Remember what a name holds; warn where two kinds share one name."""
        known = self._names.get(name, kind)
        if known is not kind:
            warn(
                f"Metric {name!r} is logged both by {_CALLS.get(known, known)} and by "
                f"{_CALLS.get(kind, kind)}: use two names, so that each has its chart."
            )
        elif not isinstance(name, str):
            raise _no_name(name)
        elif len(self._names) < MOST_NAMES:
            self._names[name] = kind

    def _log_plot(self, name: str, plot: Any) -> str:
        if not hasattr(plot, "savefig"):
            raise UserErrorException(
                "The plot of log_image must have savefig, as matplotlib.pyplot has; "
                f"{type(plot).__name__} has not."
            )
        stamp = int(time.time())
        while f"{as_path(name)}_{stamp}.png" in self._paths:
            stamp += 1
        artifact = f"{as_path(name)}_{stamp}.png"
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "plot.png"
            plot.savefig(str(local), format="png")
            self._keep(local, artifact)
        return artifact

    def _log_image_file(self, path: str) -> str:
        local = Path(path)
        if not local.is_file():
            raise UserErrorException(f"There is no image file {path!r}.")
        if not is_image(local):
            raise UserErrorException(
                f"{path!r} is no image: log_image takes PNG, JPEG, GIF, BMP, WebP, "
                "TIFF or SVG."
            )
        artifact = self._free_path(local.name if local.is_absolute() else path)
        self._keep(local, artifact)
        return artifact

    def _log_document(self, name: str, kind: str, value: Any) -> None:
        """A JSON document is kept as a file; the metric's value tells where."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise UserErrorException(f"Invalid JSON provided: {error}") from error
        if not isinstance(value, Mapping):
            raise UserErrorException("Invalid JSON provided: it must be an object")
        text = as_json(value)
        if not self._may_be(name):
            return
        artifact = self._free_path(name)
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "document.json"
            local.write_text(text, encoding="utf-8")
            self._keep(local, artifact)
        self._item(name, kind, self._artifact_uri(artifact))

    def _may_be(self, name: str) -> bool:
        """Whether a metric may be called so; before a file is kept for it."""
        if not isinstance(name, str):
            raise _no_name(name)
        try:
            check_key(name, "name")
        except StudioError as error:
            skip(error)
            return False
        return True

    def _free_path(self, name: str) -> str:
        """A path like `name` that this process has not kept a file under yet."""
        wanted = as_path(name)
        stem, dot, ending = wanted.rpartition(".")
        if "/" in ending or not stem:
            stem, dot, ending = wanted, "", ""
        path, again = wanted, 1
        while path in self._paths:
            again += 1
            path = f"{stem}_{again}{dot}{ending}"
        return path

    def _keep(self, local: Path, artifact: str) -> None:
        self._out().add_file(local, artifact)
        self._paths.add(artifact)

    def _artifact_uri(self, artifact: str) -> str:
        return f"aml://artifactId/ExperimentRun/dcid.{self._id}/{quote(artifact)}"


def _no_name(name: object) -> UserErrorException:
    return UserErrorException(f"The name of a metric must be text, not {name!r}")


def rows_of(name: str, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a dict of columns. Raises UserErrorException."""
    if not isinstance(value, Mapping):
        raise UserErrorException(
            f"run.log_table takes a dict of columns, not {type(value).__name__}"
        )
    columns = {
        str(column): one_type(_as_column(cells), name)
        for column, cells in value.items()
    }
    lengths = {column: len(cells) for column, cells in columns.items()}
    first = next(iter(lengths), "")
    for column, length in lengths.items():
        if length != lengths[first]:
            raise UserErrorException(
                f"Columns must have the same length, column {first} had length "
                f"{lengths[first]}, however, column {column} had length {length}."
            )
    return [dict(zip(columns, cells)) for cells in zip(*columns.values())]


def _as_column(cells: Any) -> list[Any]:
    return list(cells) if is_listlike(cells) else [cells]
