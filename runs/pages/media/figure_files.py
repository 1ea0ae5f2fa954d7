"""Files with figures that the page's script draws: Plotly's, and Vega-Lite's."""

from __future__ import annotations

from urllib.parse import urlencode

from runs.models import File
from runs.pages.previews import FIGURE, VEGA
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes
from studio.core.media.media_files import VEGA_ENDINGS

SNIFFED_BYTES = 8 * 1024
#: Characters of the name of a file's content in the address of its chart.
_VERSION_CHARS = 16


def figure_address(raw: str, file: File) -> str:
    """Return the address of the chart in a file; empty if it has none.

    `raw` is the address of the file. A file with other content has another address, so
    the script can keep what it read.
    """
    kind = VEGA if file.name.lower().endswith(VEGA_ENDINGS) else FIGURE
    try:
        with file_store.open(file.blob, file.size) as handle:
            head = handle.read(min(file.size, SNIFFED_BYTES))
    except MissingBytes:
        return ""
    if not kind.matches(file.name, head):
        return ""
    version = f"{file.blob[:_VERSION_CHARS]}-{file.size}"
    return f"{raw}?{urlencode({'as': kind.name, 'v': version})}"
