"""Media over steps: what names and manifests say, and histograms as pictures."""

from runs.render.media.histogram_pictures import (
    LoggedHistogram,
    histogram_svg,
    parse_histogram,
    range_label,
)
from runs.render.media.manifests import ManifestItem, parse_manifest
from runs.render.media.media_names import (
    STEP_FILE,
    MediaName,
    read_media_name,
    read_step_folder,
)

__all__ = [
    "STEP_FILE",
    "LoggedHistogram",
    "ManifestItem",
    "MediaName",
    "histogram_svg",
    "parse_histogram",
    "parse_manifest",
    "range_label",
    "read_media_name",
    "read_step_folder",
]
