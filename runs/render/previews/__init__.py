"""Contents of files as previews show them: parsed within limits, never trusted."""

from runs.render.previews.archives import (
    ArchiveList,
    list_tar,
    list_zip,
    open_zip,
    read_zip_member,
)
from runs.render.previews.arrays import (
    ArrayHeader,
    array_picture,
    array_statistics,
    array_table,
    is_picture,
    read_array_header,
)
from runs.render.previews.content import (
    FactSheet,
    FactTable,
    InvalidContent,
    load_json,
    shape_text,
)
from runs.render.previews.documents import read_hdf5, read_pdf
from runs.render.previews.figures import (
    FileFigure,
    figure_of_page,
    is_figure,
    load_figure,
    read_figure,
)
from runs.render.previews.hex_dumps import SHOWN_BYTES, format_name, hex_lines
from runs.render.previews.notebooks import read_notebook
from runs.render.previews.onnx_models import PortShape, read_onnx
from runs.render.previews.pickles import (
    PickleContent,
    TensorShape,
    find_tensors,
    read_pickle,
)
from runs.render.previews.safetensors import count_parameters, read_safetensors
from runs.render.previews.tables import PreviewTable
from runs.render.previews.trees import json_tree
from runs.render.previews.vega import (
    is_vega,
    panel_counts,
    vega_figure,
    vega_table,
)
from runs.render.previews.vega_errors import UnsupportedChart, VegaGap
from runs.render.previews.waveforms import (
    COLUMNS,
    HEIGHT,
    read_wav_header,
    waveform_path,
)

__all__ = [
    "COLUMNS",
    "HEIGHT",
    "SHOWN_BYTES",
    "ArchiveList",
    "ArrayHeader",
    "FactSheet",
    "FactTable",
    "FileFigure",
    "InvalidContent",
    "PickleContent",
    "PortShape",
    "PreviewTable",
    "TensorShape",
    "UnsupportedChart",
    "VegaGap",
    "array_picture",
    "array_statistics",
    "array_table",
    "count_parameters",
    "figure_of_page",
    "find_tensors",
    "format_name",
    "hex_lines",
    "is_figure",
    "is_picture",
    "is_vega",
    "json_tree",
    "list_tar",
    "list_zip",
    "load_figure",
    "load_json",
    "open_zip",
    "panel_counts",
    "read_array_header",
    "read_figure",
    "read_hdf5",
    "read_notebook",
    "read_onnx",
    "read_pdf",
    "read_pickle",
    "read_safetensors",
    "read_wav_header",
    "read_zip_member",
    "shape_text",
    "vega_figure",
    "vega_table",
    "waveform_path",
]
