"""Media that scripts log over steps: how they are saved, and the calls of a run."""

from studio.sdk.media.drawings import PLOTLY, PNG, save_drawing
from studio.sdk.media.media_api import MediaApi
from studio.sdk.media.media_logging import MediaLogger

__all__ = [
    "PLOTLY",
    "PNG",
    "MediaApi",
    "MediaLogger",
    "save_drawing",
]
