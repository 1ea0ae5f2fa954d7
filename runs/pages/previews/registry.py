"""All kinds of previews. The first one that matches a file and can show it does."""

from __future__ import annotations

from runs.pages.previews.archive import ARCHIVE
from runs.pages.previews.array import ARRAY, ARRAY_ARCHIVE
from runs.pages.previews.figure import FIGURE
from runs.pages.previews.hdf5 import HDF5
from runs.pages.previews.html_page import HTML_PAGE
from runs.pages.previews.image import IMAGE
from runs.pages.previews.json_document import JSON_DOCUMENT
from runs.pages.previews.kind import PreviewKind
from runs.pages.previews.markdown import MARKDOWN
from runs.pages.previews.media import AUDIO, VIDEO
from runs.pages.previews.notebook import NOTEBOOK
from runs.pages.previews.onnx_model import ONNX
from runs.pages.previews.pdf import PDF
from runs.pages.previews.pickled import PICKLE, TORCH
from runs.pages.previews.raw_bytes import RAW_BYTES
from runs.pages.previews.table import TABLE
from runs.pages.previews.tensors import SAFETENSORS
from runs.pages.previews.text import TEXT
from runs.pages.previews.vega_chart import VEGA, VEGA_SPECIFICATION

KINDS: tuple[PreviewKind, ...] = (
    IMAGE,
    AUDIO,
    VIDEO,
    TABLE,
    FIGURE,
    VEGA,
    VEGA_SPECIFICATION,
    MARKDOWN,
    NOTEBOOK,
    JSON_DOCUMENT,
    PDF,
    SAFETENSORS,
    TORCH,
    PICKLE,
    ONNX,
    ARRAY,
    ARRAY_ARCHIVE,
    HDF5,
    ARCHIVE,
    TEXT,
    HTML_PAGE,
    # Any binary file has this one.
    RAW_BYTES,
)
