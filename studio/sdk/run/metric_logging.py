"""Log metrics: scalars, lists, rows, tables, images, matrices. A call returns at once.

A value that breaks a rule of the server (such as a text that is too long) is not
logged, with a warning; `STUDIO_STRICT=1` makes it an error.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from studio.core.errors import StudioError
from studio.core.names import check_key
from studio.sdk.errors import UserErrorException
from studio.sdk.media import PLOTLY, PNG, save_drawing
from studio.sdk.run.file_marks import mark_file
from studio.sdk.run.state import RunState
from studio.sdk.value_conversion import (
    PLAIN_TYPES,
    clean_path,
    encode_json,
    is_data_frame,
    is_image,
    is_listlike,
    table_rows,
    to_scalar,
    to_step,
    unify_number_types,
    unwrap_single,
)
from studio.sdk.warnings import warn, warn_not_logged

SERIES, LIST, TABLE, IMAGE = "series", "list", "table", "image"
#: For how many names the kind of their values is remembered.
MAX_REMEMBERED_NAMES = 10_000
_CALL_OF_KIND = {SERIES: "log", LIST: "log_list", TABLE: "log_row", IMAGE: "log_image"}


class MetricLogger:
    """Writes the metrics of a run; `Run` documents the calls."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        # The kind of the values of each name.
        self._kinds: dict[str, str] = {}

    def log(self, name: str, value: Any, step: int | None = None) -> None:
        """Append a number, text, boolean or None to the metric `name`.

        Without `step` the values count 0, 1, 2 … The value of a list, array or tensor
        with one element is that element. Raises UserErrorException for a longer one.
        """
        if type(value) not in PLAIN_TYPES:
            value = unwrap_single(value)
            if is_listlike(value):
                kind = type(value).__name__
                other = "log_table" if is_data_frame(value) else "log_list"
                raise UserErrorException(
                    f"run.log does not support {kind} type. Use run.{other} instead"
                )
            value = to_scalar(value, f"Metric {name!r}")
        if step is not None and type(step) is not int:
            step = to_step(step)
        # The kinds are constants, so comparing identity is enough, and fast.
        if self._kinds.get(name) is not SERIES:
            self._remember_kind(name, SERIES)
        writer = self._state.writer or self._state.open_writer()
        try:
            writer.add_point(name, value, step)
        except StudioError as error:
            warn_not_logged(error)

    def log_list(self, name: str, value: Iterable[Any]) -> None:
        """Append all values of a list or a generator."""
        if callable(value) or not is_listlike(value):
            raise UserErrorException(
                f"run.log_list takes a list, not {type(value).__name__}. "
                "Use run.log instead"
            )
        values = unify_number_types(list(value), name)
        if values:
            self._add_item(name, LIST, values)

    def log_row(self, name: str, columns: Mapping[str, Any]) -> None:
        """Append a row to a table: a value per column."""
        row = {}
        for column, value in columns.items():
            if type(value) not in PLAIN_TYPES:
                # One-element lists are refused, as in v1.
                if not isinstance(value, (list, tuple)):
                    value = unwrap_single(value)
                if is_listlike(value):
                    raise UserErrorException(
                        f"Rows cannot contain list values, column {column} contains a "
                        "list."
                    )
                value = to_scalar(value, f"Column {column!r} of {name!r}")
            row[column] = value
        if row:
            self._add_item(name, TABLE, row)

    def log_table(self, name: str, value: Any) -> None:
        """Append the rows of a table: a dict of columns, or a data frame."""
        rows = table_rows(name, value)
        if rows:
            self._add_item(name, TABLE, rows)

    def log_image(self, name: str, path: Any = None, plot: Any = None) -> None:
        """Upload an image: a file, or what `save_drawing` accepts.

        A Plotly figure becomes a file that is no image, and so no metric.
        """
        if (path is None) == (plot is None):
            raise UserErrorException("Give log_image either a path or a plot.")
        if not self.is_valid_name(name):
            return
        image = path if plot is None else plot
        if isinstance(image, (str, os.PathLike)):
            artifact = self._log_image_file(os.fspath(image))
        else:
            artifact = self._log_drawing(name, image)
        if not artifact.endswith(PLOTLY):
            self._add_item(name, IMAGE, self._artifact_uri(artifact))

    def log_json_file(
        self, name: str, kind: str, value: Mapping[str, Any] | str
    ) -> None:
        """Keep a JSON document as a file; the metric's value is its address."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise UserErrorException(f"Invalid JSON provided: {error}") from error
        if not isinstance(value, Mapping):
            raise UserErrorException("Invalid JSON provided: it must be an object")
        text = encode_json(value)
        if not self.is_valid_name(name):
            return
        artifact = self._unused_path(name)
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "document.json"
            local.write_text(text, encoding="utf-8")
            self.upload_artifact(local, artifact)
        self._add_item(name, kind, self._artifact_uri(artifact))

    def _add_item(self, name: str, kind: str, value: Any) -> None:
        if self._kinds.get(name) is not kind:
            self._remember_kind(name, kind)
        try:
            (self._state.writer or self._state.open_writer()).add_item(
                name, kind, value
            )
        except StudioError as error:
            warn_not_logged(error)

    def _remember_kind(self, name: str, kind: str) -> None:
        """Remember the kind of a name's values; warn if two kinds share a name."""
        known = self._kinds.get(name, kind)
        if known is not kind:
            first, second = (
                _CALL_OF_KIND.get(known, known),
                _CALL_OF_KIND.get(kind, kind),
            )
            warn(
                f"Metric {name!r} is logged both by {first} and by {second}: use two "
                "names, so that each has its chart."
            )
        elif not isinstance(name, str):
            raise _name_error(name)
        elif len(self._kinds) < MAX_REMEMBERED_NAMES:
            self._kinds[name] = kind

    def _log_drawing(self, name: str, drawing: Any) -> str:
        with tempfile.TemporaryDirectory() as folder:
            local = save_drawing(drawing, Path(folder))
            ending = PLOTLY if local.name.endswith(PLOTLY) else PNG
            stamp = int(time.time())
            # Two drawings of one second must not share a file.
            while f"{clean_path(name)}_{stamp}{ending}" in self._state.uploaded_paths:
                stamp += 1
            artifact = f"{clean_path(name)}_{stamp}{ending}"
            self.upload_artifact(local, artifact)
        if ending == PLOTLY:
            warn(
                f"Plotly figures are kept as JSON documents, such as {artifact!r} on "
                "the run's tab Outputs + logs. To keep an image, install kaleido and "
                "log PIL.Image.open(io.BytesIO(figure.to_image()))."
            )
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
        artifact = self._unused_path(local.name if local.is_absolute() else path)
        self.upload_artifact(local, artifact)
        return artifact

    def is_valid_name(self, name: str) -> bool:
        """Whether a metric can have this name; checked before its file is uploaded."""
        if not isinstance(name, str):
            raise _name_error(name)
        try:
            check_key(name, "name")
        except StudioError as error:
            warn_not_logged(error)
            return False
        return True

    def _unused_path(self, name: str) -> str:
        """A path like `name` that this process has not used yet."""
        wanted = clean_path(name)
        stem, dot, ending = wanted.rpartition(".")
        if "/" in ending or not stem:
            stem, dot, ending = wanted, "", ""
        path, number = wanted, 1
        while path in self._state.uploaded_paths:
            number += 1
            path = f"{stem}_{number}{dot}{ending}"
        return path

    def upload_artifact(self, local: Path, artifact: str) -> None:
        """Upload a local file to a path of the run, in the background."""
        self._state.open_writer().add_file(local, artifact)
        self._state.uploaded_paths[artifact] = mark_file(local)

    def _artifact_uri(self, artifact: str) -> str:
        return f"aml://artifactId/ExperimentRun/dcid.{self._state.id}/{quote(artifact)}"


def _name_error(name: object) -> UserErrorException:
    return UserErrorException(f"The name of a metric must be text, not {name!r}")
