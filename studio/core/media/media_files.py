"""The files of media that are logged over steps: their paths, kinds and manifests.

`media/<name>/step_<8 digits or more>_<batch>_<n>.<ending>` is one item. What belongs to
an item has the item's path without its ending, then `.small.webp` for a thumbnail and
`.layer<n>.png` for a layer. `step_…_<batch>.media.json` is the manifest of a call: the
captions, values and layers of its items. The items alone are enough to be shown.
"""

from __future__ import annotations

from enum import Enum

FOLDER = "media"
#: Images in cells of tables, which are no media of their own.
TABLE_IMAGES = "table_images"
MANIFEST_ENDING = ".media.json"
THUMBNAIL_ENDING = ".small.webp"
#: The version of the format that a manifest names.
MANIFEST_VERSION = 1
MAX_MANIFEST_BYTES = 256 * 1024
#: Items of one call, and named values and layers of one item.
MAX_ITEMS, MAX_VALUES, MAX_LAYERS = 1000, 8, 8
MAX_CAPTION_CHARS = 1000
#: The colors of layers, one after the other; the page's switches have them too.
LAYER_COLORS = (
    (176, 125, 0),
    (46, 139, 46),
    (196, 59, 44),
    (0, 120, 212),
    (124, 34, 166),
    (15, 105, 120),
    (189, 19, 89),
    (110, 110, 120),
)


class MediaKind(str, Enum):
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    TABLE = "table"
    TEXT = "text"
    HISTOGRAM = "histogram"
    FIGURE = "figure"


#: The ending of each kind that the SDK writes itself.
HISTOGRAM_ENDING = ".histogram.json"
TABLE_ENDING = ".table.json"
PLOTLY_ENDING = ".plotly.json"
#: Specifications of Vega-Lite, as other programs write them.
VEGA_ENDINGS = (".vl.json", ".vega.json")
#: Endings of two words come before those of one.
_LONG_ENDINGS = {
    HISTOGRAM_ENDING: MediaKind.HISTOGRAM,
    TABLE_ENDING: MediaKind.TABLE,
    PLOTLY_ENDING: MediaKind.FIGURE,
    **dict.fromkeys(VEGA_ENDINGS, MediaKind.FIGURE),
    ".figure.png": MediaKind.FIGURE,
    ".figure.svg": MediaKind.FIGURE,
    ".video.gif": MediaKind.VIDEO,
}
_ENDINGS = {
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg"), MediaKind.IMAGE
    ),
    **dict.fromkeys(
        (".wav", ".mp3", ".ogg", ".oga", ".flac", ".m4a", ".aac", ".opus"),
        MediaKind.AUDIO,
    ),
    **dict.fromkeys((".mp4", ".webm", ".m4v", ".ogv", ".mov"), MediaKind.VIDEO),
    **dict.fromkeys((".csv", ".tsv", ".json", ".parquet"), MediaKind.TABLE),
    **dict.fromkeys((".txt", ".md"), MediaKind.TEXT),
    **dict.fromkeys((".html", ".htm"), MediaKind.FIGURE),
}
#: Files that can be media by their ending alone, without a step in their name.
LOOSE_KINDS = frozenset({MediaKind.IMAGE, MediaKind.AUDIO, MediaKind.VIDEO})


def split_ending(name: str) -> tuple[str, str, MediaKind | None]:
    """Return a file name's stem, its ending, and the kind; None if it is no media."""
    lower = name.lower()
    for ending, kind in _LONG_ENDINGS.items():
        if lower.endswith(ending):
            return name[: -len(ending)], name[-len(ending) :], kind
    dot = name.rfind(".")
    if dot < 0:
        return name, "", None
    return name[:dot], name[dot:], _ENDINGS.get(lower[dot:])


def file_stem(step: int, batch: str) -> str:
    """The beginning of the names of all files of one call; `batch` is unique."""
    return f"step_{step:08d}_{batch}"
