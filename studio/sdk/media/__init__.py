"""Media over steps: how scripts save and read them, and the calls of a run."""

from studio.sdk.media.drawings import PLOTLY, PNG, save_drawing
from studio.sdk.media.media_api import MediaApi
from studio.sdk.media.media_logging import MediaLogger
from studio.sdk.media.media_reading import LoggedMedia, MediaItem, read_media

__all__ = [
    "PLOTLY",
    "PNG",
    "LoggedMedia",
    "MediaApi",
    "MediaItem",
    "MediaLogger",
    "read_media",
    "save_drawing",
]
