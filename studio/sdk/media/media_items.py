"""Save one item of media as a file: a picture with layers, sound, video, histogram.

Nothing here imports a library, except Pillow when it is needed. An object of a library
tells by its methods what it is.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.media.media_files import (
    HISTOGRAM_ENDING,
    LAYER_COLORS,
    MAX_LAYERS,
    MediaKind,
    split_ending,
)
from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.media.drawings import PLOTLY, PNG, save_drawing
from studio.sdk.value_conversion import is_listlike

#: Larger images get a thumbnail of this many pixels, if Pillow is installed.
THUMBNAIL_PIXELS = 320
#: Bins by default, and at most.
DEFAULT_BINS, MAX_BINS = 64, 512
#: How opaque a layer is inside of its outline, of 255.
_FILL_ALPHA = 72
#: The outline of a layer is this part of the image's shorter side.
OUTLINE_SHARE = 96


def is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def existing_file(path: Any, kind: MediaKind) -> Path:
    """The file, whose name must have an ending of its kind. Raises
    UserErrorException."""
    local = Path(path)
    if not local.is_file():
        raise UserErrorException(f"There is no file {os.fspath(path)!r} to log.")
    # A GIF that moves is a video as well as an image.
    found = split_ending(local.name)[2]
    is_gif = kind is MediaKind.VIDEO and local.suffix.lower() == ".gif"
    if found is not kind and not is_gif:
        raise UserErrorException(
            f"{os.fspath(path)!r} has no name of a file with {kind.value}."
        )
    return local


def save_image(value: Any, folder: Path, stem: str) -> Path:
    """Write an image; its ending tells the type. Raises UserErrorException."""
    if is_path(value):
        local = existing_file(value, MediaKind.IMAGE)
        target = folder / f"{stem}{local.suffix.lower()}"
        shutil.copyfile(str(local), str(target))
        return target
    drawn = save_drawing(value, folder)
    if drawn.name.endswith(PLOTLY):
        raise UserErrorException("Log a Plotly figure by log_figure.")
    return drawn.rename(folder / f"{stem}{PNG}")


def save_figure(value: Any, folder: Path, stem: str) -> Path:
    """Write a Plotly figure as its JSON document, or a drawing of matplotlib."""
    drawn = save_drawing(value, folder)
    ending = PLOTLY if drawn.name.endswith(PLOTLY) else ".figure.png"
    return drawn.rename(folder / f"{stem}{ending}")


def save_thumbnail(image: Path, target: Path) -> bool:
    """Write a small copy of a large image; false if there is none."""
    if image.suffix == ".svg":
        return False
    try:
        from PIL import Image
    except ImportError:
        return False
    try:
        with Image.open(str(image)) as picture:
            if max(picture.size) <= THUMBNAIL_PIXELS:
                return False
            picture.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
            small = (
                picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")
            )
            small.save(str(target), format="WEBP", quality=80)
    except (OSError, ValueError):
        # Pillow can't read it. The page can still show the image itself.
        return False
    return True


def save_layers(
    masks: Mapping[str, Any] | None, folder: Path, stem: str
) -> list[tuple[str, Path]]:
    """Write the layers of an image: names and files.

    A layer is the path of a PNG file with a transparent background, or a mask of H×W
    values, which is drawn where it is not zero. Raises UserErrorException.
    """
    if masks is None:
        return []
    if not isinstance(masks, Mapping):
        raise UserErrorException("masks must be a dict of layers by their names.")
    if len(masks) > MAX_LAYERS:
        raise UserErrorException(
            f"An image has {len(masks)} layers. The limit is {MAX_LAYERS}."
        )
    layers = []
    for number, (name, mask) in enumerate(masks.items()):
        target = folder / f"{stem}.layer{number}{PNG}"
        if is_path(mask):
            shutil.copyfile(str(existing_file(mask, MediaKind.IMAGE)), str(target))
        else:
            _save_mask(mask, target, LAYER_COLORS[number % len(LAYER_COLORS)])
        layers.append((str(name), target))
    return layers


def _save_mask(mask: Any, target: Path, color: tuple[int, int, int]) -> None:
    pixels = as_array(mask)
    if pixels is None or len(pixels.shape) != 2 or 0 in pixels.shape:
        raise UserErrorException("A mask must be an array of H×W values, or a path.")
    image = _pillow("Masks are kept as PNG files")
    inside = pixels != 0
    alpha = inside.astype("uint8") * _FILL_ALPHA
    inner = inside
    # The outline is seen in a thumbnail, too.
    for _ in range(max(1, min(inside.shape) // OUTLINE_SHARE)):
        inner = _without_outline(inner)
    alpha[inside & ~inner] = 255
    picture = image.new("RGB", (pixels.shape[1], pixels.shape[0]), color)
    picture.putalpha(image.fromarray(alpha))
    picture.save(str(target), format="PNG")


def _without_outline(inside: Any) -> Any:
    """What has no neighbor outside, and does not lie at the edge of the image."""
    inner = inside.copy()
    inner[0, :] = inner[-1, :] = inner[:, 0] = inner[:, -1] = False
    inner[1:-1, 1:-1] &= (
        inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    )
    return inner


def _pillow(what: str) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise NotSupportedError(
            f"{what}, which needs Pillow: pip install pillow."
        ) from error
    return Image


def as_array(value: Any) -> Any:
    """An array of numpy; None if it is no array or tensor."""
    if hasattr(value, "detach"):
        # A tensor, perhaps of a GPU.
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    return value.__array__() if hasattr(value, "__array__") else None


def save_audio(value: Any, sample_rate: int | None, folder: Path, stem: str) -> Path:
    """Copy a file, or write samples as WAV. Raises UserErrorException."""
    if is_path(value):
        local = existing_file(value, MediaKind.AUDIO)
        target = folder / f"{stem}{local.suffix.lower()}"
        shutil.copyfile(str(local), str(target))
        return target
    samples = as_array(value)
    if samples is None or len(samples.shape) not in (1, 2) or 0 in samples.shape:
        raise UserErrorException(
            "log_audio takes the path of a file, or an array of T or T×C samples, not "
            f"{type(value).__name__}."
        )
    channels = samples.shape[1] if len(samples.shape) == 2 else 1
    if channels > 8:
        raise UserErrorException(
            "log_audio takes an array of T×C samples with up to 8 channels: move the "
            "channels to the end, such as value.T."
        )
    if sample_rate is None:
        raise UserErrorException("Give log_audio the sample_rate of an array, in Hz.")
    target = folder / f"{stem}.wav"
    with wave.open(str(target), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(int(sample_rate))
        file.writeframes(_as_16_bit(samples))
    return target


def _as_16_bit(samples: Any) -> bytes:
    if samples.dtype.kind == "f":
        values = samples.astype("float64")
        values[~(abs(values) < float("inf"))] = 0
        samples = (values.clip(-1, 1) * 32767).round()
    elif samples.dtype != "int16":
        raise UserErrorException(
            "log_audio takes floats from -1 to 1 or integers of 16 bits, not "
            f"{samples.dtype}."
        )
    found: bytes = samples.astype("<i2").tobytes()
    return found


def save_video(value: Any, fps: float, folder: Path, stem: str) -> Path:
    """Copy a file, or write frames as an animated GIF. Raises UserErrorException."""
    if is_path(value):
        local = existing_file(value, MediaKind.VIDEO)
        suffix = local.suffix.lower()
        target = folder / f"{stem}{'.video.gif' if suffix == '.gif' else suffix}"
        shutil.copyfile(str(local), str(target))
        return target
    frames = as_array(value)
    if frames is None or len(frames.shape) not in (3, 4) or 0 in frames.shape:
        raise UserErrorException(
            "log_video takes the path of a file, or an array of T×H×W×3 or T×H×W "
            f"pixels, not {type(value).__name__}."
        )
    if frames.dtype != "uint8" or (len(frames.shape) == 4 and frames.shape[3] != 3):
        raise UserErrorException(
            "log_video takes frames of bytes (uint8), with the colors at the end."
        )
    if not fps > 0:
        raise UserErrorException("The fps of a video must be more than 0.")
    image = _pillow("Frames are kept as GIF files")
    target = folder / f"{stem}.video.gif"
    pictures = [image.fromarray(frame) for frame in frames]
    pictures[0].save(
        str(target),
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=max(round(1000 / fps), 20),
        loop=0,
    )
    return target


def save_histogram(values: Any, bins: int, folder: Path, stem: str) -> Path:
    """Count values in bins of equal width. Raises UserErrorException."""
    edges, counts = count_values(values, bins)
    target = folder / f"{stem}{HISTOGRAM_ENDING}"
    document = {"edges": edges, "counts": counts}
    target.write_text(json.dumps(document), encoding="utf-8")
    return target


def count_values(values: Any, bins: int) -> tuple[list[float], list[float]]:
    """The edges (N + 1) and counts (N) of the finite values.

    `values` is a list, array or tensor of any shape, or the pair of counts and edges
    that `numpy.histogram` returns. Raises UserErrorException.
    """
    if isinstance(values, tuple) and len(values) == 2 and is_listlike(values[0]):
        return _counted(*values)
    if not 1 <= bins <= MAX_BINS:
        raise UserErrorException(f"bins must be from 1 to {MAX_BINS}, not {bins}.")
    array = as_array(values)
    if array is not None and "numpy" in sys.modules:
        flat = array.astype("float64").ravel()
        flat = flat[abs(flat) < float("inf")]
        if not len(flat):
            raise _no_values()
        counts, edges = sys.modules["numpy"].histogram(flat, bins=bins)
        return edges.tolist(), counts.tolist()
    if not is_listlike(values):
        raise UserErrorException(
            f"log_histogram takes a list, array or tensor, not {type(values).__name__}."
        )
    return _count_in_bins([float(value) for value in values], bins)


def _counted(counts: Any, edges: Any) -> tuple[list[float], list[float]]:
    found = [float(edge) for edge in edges], [float(count) for count in counts]
    if len(found[0]) != len(found[1]) + 1 or not 1 <= len(found[1]) <= MAX_BINS:
        raise UserErrorException(
            f"A pair for log_histogram has N counts and N + 1 edges; N is at most "
            f"{MAX_BINS}."
        )
    return found


def _count_in_bins(
    values: Sequence[float], bins: int
) -> tuple[list[float], list[float]]:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        raise _no_values()
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = [0.0] * bins
    for value in finite:
        at = int((value - low) / (high - low) * bins)
        counts[min(at, bins - 1)] += 1
    edges = [low + (high - low) * at / bins for at in range(bins)]
    return [*edges, high], counts


def _no_values() -> UserErrorException:
    return UserErrorException("log_histogram needs at least one finite value.")
