"""Log media over steps as files of the run, and a manifest with captions and values."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from studio.core.batches import batches
from studio.core.media.media_files import (
    FOLDER,
    MANIFEST_ENDING,
    MANIFEST_VERSION,
    MAX_CAPTION_CHARS,
    MAX_ITEMS,
    MAX_VALUES,
    TABLE_ENDING,
    TABLE_IMAGES,
    THUMBNAIL_ENDING,
    file_stem,
)
from studio.core.names import check_int64
from studio.sdk.errors import UserErrorException
from studio.sdk.media.drawings import PNG, is_picture, save_drawing
from studio.sdk.media.media_items import (
    DEFAULT_BINS,
    save_audio,
    save_figure,
    save_histogram,
    save_image,
    save_layers,
    save_thumbnail,
    save_video,
)
from studio.sdk.value_conversion import clean_path, encode_json, to_step

#: Items of one manifest: so it stays far below its largest size.
MANIFEST_ITEMS = 32
#: For how many names the next step is remembered.
MAX_REMEMBERED_NAMES = 10_000

#: Writes an item to a folder, as a file whose name begins with a stem.
SaveItem = Callable[[Path, str], Path]
#: Uploads a local file to a path of the run.
UploadFile = Callable[[Path, str], None]


@dataclass(frozen=True)
class NewItem:
    """An item to log: how it is saved, and what the manifest says of it."""

    save: SaveItem
    caption: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    masks: Mapping[str, Any] | None = None


class MediaLogger:
    """Logs media of a run; `MediaApi` documents the calls."""

    def __init__(self, upload: UploadFile) -> None:
        self._upload = upload
        self._next_steps: dict[str, int] = {}

    def log_images(
        self,
        name: str,
        images: Any,
        step: Any,
        captions: Any,
        values: Any,
        masks: Any,
    ) -> None:
        every = _as_items(images)
        drawings = _one_per_item(masks, len(every), "masks")
        items = [
            NewItem(
                partial(save_image, image),
                caption,
                numbers,
                layers,
            )
            for image, caption, numbers, layers in zip(
                every,
                _captions(captions, len(every)),
                _values(values, len(every)),
                drawings,
            )
        ]
        self._log_items(name, step, items)

    def log_audio(
        self, name: str, sounds: Any, step: Any, sample_rate: int | None, captions: Any
    ) -> None:
        self._log_each(
            name,
            sounds,
            step,
            captions,
            lambda value, folder, stem: save_audio(value, sample_rate, folder, stem),
        )

    def log_video(
        self, name: str, videos: Any, step: Any, fps: float, captions: Any
    ) -> None:
        self._log_each(
            name,
            videos,
            step,
            captions,
            lambda value, folder, stem: save_video(value, fps, folder, stem),
        )

    def log_figure(self, name: str, figure: Any, step: Any) -> None:
        self._log_each(name, [figure], step, None, save_figure)

    def log_text(self, name: str, texts: Any, step: Any, captions: Any) -> None:
        self._log_each(name, texts, step, captions, _save_text)

    def log_histogram(
        self, name: str, values: Any, step: Any, bins: int = DEFAULT_BINS
    ) -> None:
        self._log_each(
            name,
            [values],
            step,
            None,
            lambda value, folder, stem: save_histogram(value, bins, folder, stem),
        )

    def log_table(
        self, name: str, rows: Sequence[Mapping[str, Any]], step: Any
    ) -> None:
        """Log a table as the document that MLflow's `log_table` writes."""
        number = self._step(name, step)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        data = [[row.get(column) for column in columns] for row in rows]
        self._keep_images(name, number, data)
        text = encode_json({"columns": columns, "data": data})

        def save(_value: Any, folder: Path, stem: str) -> Path:
            target = folder / f"{stem}{TABLE_ENDING}"
            target.write_text(text, encoding="utf-8")
            return target

        self._log_each(name, [rows], number, None, save)

    def _keep_images(self, name: str, step: int, data: Sequence[list[Any]]) -> None:
        """Upload the images in cells, and write their paths into the cells."""
        images = [
            (cells, at)
            for cells in data
            for at, value in enumerate(cells)
            if is_picture(value)
        ]
        if len(images) > MAX_ITEMS:
            raise UserErrorException(
                f"A table has up to {MAX_ITEMS:,} images, not {len(images):,}."
            )
        home = f"{TABLE_IMAGES}/{clean_path(name)}/{file_stem(step, uuid4().hex[:8])}"
        with tempfile.TemporaryDirectory() as folder:
            for number, (cells, at) in enumerate(images):
                path = f"{home}_{number}{PNG}"
                self._upload(save_drawing(cells[at], Path(folder)), path)
                cells[at] = path

    def _log_each(
        self,
        name: str,
        values: Any,
        step: Any,
        captions: Any,
        save: Callable[[Any, Path, str], Path],
    ) -> None:
        every = _as_items(values)
        items = [
            NewItem(partial(save, value), caption)
            for value, caption in zip(every, _captions(captions, len(every)))
        ]
        self._log_items(name, step, items)

    def _log_items(self, name: str, step: Any, items: Sequence[NewItem]) -> None:
        if not items:
            return
        if len(items) > MAX_ITEMS:
            raise UserErrorException(
                f"One call logs up to {MAX_ITEMS:,} items, not {len(items):,}."
            )
        number = self._step(name, step)
        home = f"{FOLDER}/{clean_path(name)}"
        with tempfile.TemporaryDirectory() as folder:
            for some in batches(items, MANIFEST_ITEMS):
                self._log_batch(home, file_stem(number, uuid4().hex[:8]), some, folder)

    def _log_batch(
        self, home: str, stem: str, items: Sequence[NewItem], folder: str
    ) -> None:
        """Save all items first, so that an invalid one is refused as a whole."""
        saved = [
            _save_item(item, Path(folder), f"{stem}_{at}")
            for at, item in enumerate(items)
        ]
        for files, _entry in saved:
            for file in files:
                self._upload(file, f"{home}/{file.name}")
        entries = [entry for _files, entry in saved]
        if any(len(entry) > 1 for entry in entries):
            manifest = Path(folder) / f"{stem}{MANIFEST_ENDING}"
            document = {"version": MANIFEST_VERSION, "items": entries}
            text = json.dumps(document, ensure_ascii=False)
            manifest.write_text(text, encoding="utf-8")
            self._upload(manifest, f"{home}/{manifest.name}")

    def _step(self, name: str, step: Any) -> int:
        if step is None:
            step = self._next_steps.get(name, 0)
        number = check_int64(to_step(step), "step")
        if name in self._next_steps or len(self._next_steps) < MAX_REMEMBERED_NAMES:
            self._next_steps[name] = number + 1
        return number


def _save_item(
    item: NewItem, folder: Path, stem: str
) -> tuple[list[Path], dict[str, Any]]:
    """Save the files of an item; also returns its entry of the manifest."""
    file = item.save(folder, stem)
    entry: dict[str, Any] = {"file": file.name}
    files = [file]
    if item.caption:
        entry["caption"] = item.caption
    if item.values:
        entry["values"] = dict(item.values)
    layers = save_layers(item.masks, folder, stem)
    if layers:
        entry["layers"] = [{"name": name, "file": one.name} for name, one in layers]
        files += [one for _name, one in layers]
    small = folder / f"{stem}{THUMBNAIL_ENDING}"
    if save_thumbnail(file, small):
        entry["small"] = small.name
        files.append(small)
    return files, entry


def _save_text(value: Any, folder: Path, stem: str) -> Path:
    target = folder / f"{stem}.txt"
    target.write_text(str(value), encoding="utf-8", errors="replace")
    return target


def _as_items(value: Any) -> list[Any]:
    """The items of a list or tuple; anything else is one item."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _one_per_item(value: Any, count: int, label: str) -> list[Any]:
    """A value for each item, from a list of them, or from the only one."""
    if value is None:
        return [None] * count
    found = _as_items(value)
    if len(found) != count:
        raise UserErrorException(
            f"There are {count} items and {len(found)} {label}: give one for each."
        )
    return found


def _captions(captions: Any, count: int) -> list[str]:
    return [
        "" if each is None else str(each)[:MAX_CAPTION_CHARS]
        for each in _one_per_item(captions, count, "captions")
    ]


def _values(values: Any, count: int) -> list[dict[str, float]]:
    return [_numbers(each) for each in _one_per_item(values, count, "values")]


def _numbers(values: Any) -> dict[str, float]:
    if values is None:
        return {}
    if not isinstance(values, Mapping) or len(values) > MAX_VALUES:
        raise UserErrorException(
            f"values must be a dict of up to {MAX_VALUES} numbers by their names."
        )
    try:
        return {str(name): float(value) for name, value in values.items()}
    except (TypeError, ValueError) as error:
        raise UserErrorException(f"values must be numbers: {error}") from error
