"""Save what a script drew as a file: figures, pictures, arrays of pixels.

Nothing here imports a library: an object of one tells by its methods what it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.warnings import warn

#: The modes of a picture that PNG can store; others are converted to RGB.
_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
PNG, PLOTLY = ".png", ".plotly.json"


def is_picture(value: object) -> bool:
    """Whether it is an image of Pillow."""
    return hasattr(value, "getbands") and hasattr(value, "save")


def save_drawing(value: Any, folder: Path) -> Path:
    """Write the drawing to a file in `folder`, whose ending is `PNG` or `PLOTLY`.

    Raises UserErrorException for another object, and NotSupportedError if the library
    that writes the file is missing.
    """
    target = folder / f"drawing{PNG}"
    # A figure, pyplot itself, or the axes of a figure.
    figure: Any = value if hasattr(value, "savefig") else getattr(value, "figure", 0)
    if hasattr(figure, "savefig"):
        figure.savefig(str(target), format="png")
    elif hasattr(value, "to_plotly_json"):
        target = folder / f"drawing{PLOTLY}"
        target.write_text(value.to_json(), encoding="utf-8")
    elif is_picture(value):
        _save_picture(value, target)
    elif hasattr(value, "__array__"):
        _save_pixels(value, target)
    else:
        raise UserErrorException(
            "log_image takes a matplotlib or Plotly figure, a PIL image, an array of "
            f"pixels, or the path of an image, not {type(value).__name__}."
        )
    return target


def _save_picture(picture: Any, target: Path) -> None:
    if picture.mode not in _PNG_MODES:
        picture = picture.convert("RGB")
    picture.save(str(target), format="PNG")


def _save_pixels(value: Any, target: Path) -> None:
    """Write an array or tensor of H×W, H×W×1, H×W×3 or H×W×4 values."""
    if hasattr(value, "columns"):
        raise UserErrorException(
            "log_image takes no table: log it by log_table, or draw it first."
        )
    if hasattr(value, "detach"):
        # A tensor, perhaps of a GPU.
        value = value.detach().cpu()
        # numpy has no such numbers.
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    pixels = value.__array__()
    shape = tuple(pixels.shape)
    is_gray, is_color = len(shape) == 2, len(shape) == 3 and shape[2] in (1, 3, 4)
    if not (is_gray or is_color) or 0 in shape:
        raise UserErrorException(
            "log_image takes an array of H×W, H×W×3 or H×W×4 pixels, not "
            f"{'×'.join(map(str, shape)) or 'a number'}: {_reshaping_hint(shape)}"
        )
    pixels = to_bytes(pixels[:, :, 0] if is_color and shape[2] == 1 else pixels)
    try:
        from PIL import Image
    except ImportError as error:
        raise NotSupportedError(
            "Arrays are kept as PNG files, which needs Pillow: pip install pillow."
        ) from error
    Image.fromarray(pixels).save(str(target), format="PNG")


def _reshaping_hint(shape: tuple[int, ...]) -> str:
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        return "move the channels to the end, such as value.transpose(1, 2, 0)."
    if len(shape) == 4:
        return "log each image of a batch by its own call."
    return "choose the pixels of one image."


def to_bytes(pixels: Any) -> Any:
    """Pixels as bytes, 0 to 255.

    True is 255. Values up to 1 are multiplied by 255, and values up to 255 are kept.
    Others are scaled from their own range, with a warning. NaN and infinity become 0.
    """
    kind = pixels.dtype.kind
    if pixels.dtype == "uint8":
        return pixels
    if kind not in "biuf":
        raise UserErrorException(
            f"log_image takes an array of numbers, not of {pixels.dtype}."
        )
    values = pixels.astype("float64")
    is_finite = abs(values) < float("inf")
    values[~is_finite] = 0
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        values = values * 255
    elif low < 0 or high > 255:
        warn(
            f"The pixels of an image are between {low:g} and {high:g}: they are scaled "
            "to 0 to 255. To keep images comparable, scale them yourself."
        )
        values = (values - low) * (255 / (high - low)) if high > low else values * 0
    return values.round().astype("uint8")
