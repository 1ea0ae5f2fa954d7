"""What the path of a file says of it: the name of a series of media, and a step.

These patterns count, the first that matches:

- `images/<key>+step+<n>+timestamp+<ms>+<id>.png`: MLflow's `log_image`, with a
  thumbnail that ends in `+compressed.webp`, and `~` for `/` in keys. Clients before
  3.2 write `%` for `+` and `#` for `~`. A key contains none of them.
- `media/<name>/step_<n>.<ending>` and `media/<name>/step_<n>_<id>.<ending>`: the SDK,
  and other programs (`studio.core.media.media_files`)
- `media/<type>/<name>_<n>_<hash>.<ending>`, as Weights & Biases names files
- `<folder>/step_<n>/<name>.<ending>`, also with `epoch`; no JSON or text
- `<name>_step_<n>.<ending>`, also with `epoch`, `-` or no separator
- images, audio and video whose names differ by a number at the end
- each other image, sound and video is a series of its own, without a step

Images in cells of tables are shown there, and have no name of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.core.media.media_files import (
    LOOSE_KINDS,
    MANIFEST_ENDING,
    TABLE_IMAGES,
    THUMBNAIL_ENDING,
    MediaKind,
    split_ending,
)
from studio.core.names import MAX_INT64, MIN_INT64

_STEP = r"(?P<step>-?\d{1,19})"
_MLFLOW = re.compile(
    r"images/(?P<key>[^/]+?)(?P<s>[+%])step(?P=s)" + _STEP + r"(?P=s)timestamp"
    r"(?P=s)\d+(?P=s)(?P<id>[^+%/]+?)(?P<small>(?P=s)compressed)?",
    re.ASCII,
)
_LAYOUT = re.compile(
    r"media/(?P<key>.+)/step_" + _STEP + r"(?:_(?P<id>[^/]*))?", re.ASCII
)
_TYPED = re.compile(
    r"media/(?:images?|audios?|videos?|tables?|texts?|plotly|html|histograms?)/"
    r"(?P<key>.+)_" + _STEP + r"_[0-9a-f]{4,64}",
    re.ASCII,
)
_FOLDER = re.compile(
    r"(?P<before>(?:[^/]+/)*)(?:step|epoch)[-_]?" + _STEP + r"/(?P<after>[^/]+)",
    re.ASCII | re.IGNORECASE,
)
_WORD = re.compile(
    r"(?P<before>(?:[^/]+/)*)(?P<name>[^/]*?)[-_]?(?P<word>step|epoch)[-_]?" + _STEP,
    re.ASCII | re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<key>.*[^/\d_-])[-_]?(?P<step>\d{1,18})", re.ASCII)
#: The same of a file's name alone, with an ending after the first dot.
STEP_FILE = re.compile(r"step_" + _STEP + r"(?:_[^/.]*)?(?P<ending>\.[^/]*)", re.ASCII)
_LAYER = re.compile(r"\.layer\d{1,2}\.png$", re.ASCII)


@dataclass(frozen=True)
class MediaName:
    """What a path says.

    `is_part` is true of a thumbnail or layer, which is no item of its own, and
    `is_manifest` of a list of captions, whose kind is not known. A `numbered` name is
    one of a series only if another file is, too.
    """

    key: str
    step: int | None
    kind: MediaKind
    is_part: bool = False
    is_manifest: bool = False
    numbered: tuple[str, int] | None = None


def read_media_name(path: str) -> MediaName | None:
    """Return what a path says; None if the file is no media."""
    if path.startswith(f"{TABLE_IMAGES}/"):
        return None
    folder, slash, name = path.rpartition("/")
    if name.endswith(MANIFEST_ENDING):
        return _manifest_name(path)
    stem, _ending, kind = split_ending(name)
    if kind is None:
        return None
    whole = f"{folder}{slash}{stem}"
    if found := _name_of_layout(whole, name, kind):
        return found
    return _name_of_step(whole, name, kind) or _loose_name(path, whole, kind)


def read_step_folder(folder: str, ending: str) -> MediaName | None:
    """Return what all names say that match `STEP_FILE`, in a folder and with an ending.

    None if each must be read on its own. The step of the returned name has no meaning.
    """
    name = read_media_name(f"{folder}/step_1{ending}")
    is_layout = name is not None and f"media/{name.key}" == folder and name.step == 1
    return name if is_layout else None


def _name_of_step(whole: str, name: str, kind: MediaKind) -> MediaName | None:
    """Return what a word says, such as `step`, anywhere in the run's files."""
    # Checkpoints of models are in such folders, too, with their configuration.
    is_document = name.lower().endswith((".json", ".txt", ".md"))
    if not is_document and (match := _FOLDER.fullmatch(whole)):
        key = match["before"] + match["after"]
        return _named(key, match["step"], kind)
    if match := _WORD.fullmatch(whole):
        key = match["before"] + (match["name"] or match["word"])
        return _named(key, match["step"], kind)
    return None


def _manifest_name(path: str) -> MediaName | None:
    match = _LAYOUT.fullmatch(path.removesuffix(MANIFEST_ENDING))
    if match is None:
        return None
    return _named(match["key"], match["step"], MediaKind.TEXT, is_manifest=True)


def _name_of_layout(whole: str, name: str, kind: MediaKind) -> MediaName | None:
    if match := _MLFLOW.fullmatch(whole):
        key = match["key"].replace("~", "/").replace("#", "/")
        return _named(key, match["step"], kind, is_part=bool(match["small"]))
    is_part = name.endswith(THUMBNAIL_ENDING) or bool(_LAYER.search(name))
    if match := _LAYOUT.fullmatch(whole):
        return _named(match["key"], match["step"], kind, is_part=is_part)
    if match := _TYPED.fullmatch(whole):
        return _named(match["key"], match["step"], kind)
    return None


def _loose_name(path: str, whole: str, kind: MediaKind) -> MediaName | None:
    if kind not in LOOSE_KINDS:
        return None
    match = _NUMBERED.fullmatch(whole)
    numbered = (match["key"], int(match["step"])) if match else None
    return MediaName(path, None, kind, numbered=numbered)


def _named(
    key: str,
    step: str,
    kind: MediaKind,
    *,
    is_part: bool = False,
    is_manifest: bool = False,
) -> MediaName | None:
    number = int(step)
    # Steps of 64 bits are all that the address and the database have.
    if not MIN_INT64 <= number <= MAX_INT64:
        return None
    return MediaName(key, number, kind, is_part, is_manifest)
