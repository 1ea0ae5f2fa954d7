"""What scripts give to log_image and log_table: figures, pictures, arrays, frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from runs.render.media import read_media_name
from studio.sdk.errors import UserErrorException
from studio.sdk.media.drawings import is_picture, save_drawing, to_bytes
from studio.sdk.media.media_logging import MediaLogger
from studio.sdk.value_conversion import frame_columns, table_rows
from tests.sdk.user import User, begun


def pixels(value: Any, folder: Path) -> Any:
    with Image.open(save_drawing(value, folder)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 4)])
def test_an_array_of_pixels_becomes_a_png(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert (pixels(array, tmp_path) == array).all()


def test_an_axis_of_one_gray_channel_is_dropped(tmp_path: Path) -> None:
    assert pixels(np.full((4, 6, 1), 7, np.uint8), tmp_path).shape == (4, 6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False], [255, 0]),
        ([0.0, 0.5], [0, 128]),
        ([0, 1], [0, 255]),
        ([0.0, 200.4], [0, 200]),
        (np.array([0, 200], np.int64), [0, 200]),
        ([-1.0, 3.0], [0, 255]),
        (np.array([0, 65535], np.uint16), [0, 255]),
        ([float("nan"), 1.0], [0, 255]),
        ([float("inf"), 1.0], [0, 255]),
        ([-5.0, -5.0], [0, 0]),
        (np.array([3, 4], np.uint8), [3, 4]),
    ],
)
@pytest.mark.filterwarnings("ignore::studio.sdk.warnings.StudioWarning")
def test_numbers_become_bytes(values: Any, expected: list[int]) -> None:
    assert to_bytes(np.array([values])).tolist() == [expected]


class Tensor:
    """As torch has them: only a copy on the processor becomes an array."""

    def __init__(self, array: Any, *, is_here: bool = False) -> None:
        self.array, self.is_here, self.dtype = array, is_here, "torch.bfloat16"

    def float(self) -> Tensor:
        self.dtype = "torch.float32"
        return self

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self.array, is_here=True)

    def __array__(self) -> Any:
        assert self.is_here
        assert self.dtype == "torch.float32"
        return self.array


def test_a_tensor_becomes_a_png(tmp_path: Path) -> None:
    tensor = Tensor(np.ones((2, 3, 3), np.float32))
    assert (pixels(tensor, tmp_path) == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "YCbCr", "F"])
def test_a_picture_of_pillow_becomes_a_png(mode: str, tmp_path: Path) -> None:
    assert pixels(Image.new(mode, (6, 4)), tmp_path).shape[:2] == (4, 6)


def test_a_table_is_logged_by_its_columns() -> None:
    frame = pd.DataFrame(
        {
            "name": ["a", None],
            "when": pd.to_datetime(["2026-01-02", None]),
            "count": pd.array([3, None], "Int64"),
            "rate": [0.5, float("nan")],
            "parts": [[1, 2], "x"],
        }
    )
    columns = frame_columns(frame)
    assert columns["when"] == ["2026-01-02T00:00:00", None]
    assert columns["count"] == [3, None]
    assert columns["parts"] == ["[1, 2]", "x"]
    assert list(columns) == ["name", "when", "count", "rate", "parts"]


def test_an_index_with_meaning_is_a_column() -> None:
    table = pd.DataFrame({"m": [1.0, 3.0]}).describe()
    assert list(frame_columns(table)) == ["index", "m"]
    assert frame_columns(table)["index"][:2] == ["count", "mean"]
    grouped = table.T
    grouped.columns = pd.MultiIndex.from_product([["x"], grouped.columns])
    assert list(frame_columns(grouped))[:2] == ["index", "x.count"]


class Polars:
    """As polars has them: columns by name, without an index."""

    columns = ("a",)

    def to_dict(self) -> None: ...

    def __getitem__(self, name: str) -> Any:
        return pd.Series([1, 2])


def test_a_frame_without_an_index_is_logged_too() -> None:
    assert frame_columns(Polars()) == {"a": [1, 2]}


def test_drawings_and_tables_reach_the_server(user: User) -> None:
    said = user.said(
        begun(
            """
import json
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib import pyplot as plt
from PIL import Image
run.log_image("array", np.zeros((4, 6)))
run.log_image("array", plot=np.ones((4, 6, 3)))
run.log_image("pillow", Image.new("RGB", (6, 4)))
figure, axes = plt.subplots()
run.log_image("figure", figure)
run.log_image("axes", plot=axes)
run.log_image("plot ly", go.Figure(go.Scatter(y=[1, 2])))
run.log_table("frame", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
run.complete()
print(sorted(run.get_metrics()), run.get_metrics("frame"))
names = run.get_file_names()
[document] = [name for name in names if name.endswith(".plotly.json")]
run.download_file(document, "document.json")
print(document.startswith("plot ly_"), len([n for n in names if n.endswith(".png")]))
print(json.dumps(json.load(open("document.json"))["data"]))
"""
        )
    )
    metrics, files, document = said.splitlines()
    assert metrics == (
        "['array', 'axes', 'figure', 'frame', 'pillow'] "
        "{'frame': {'a': [1, 2], 'b': ['x', 'y']}}"
    )
    assert files == "True 5"
    assert json.loads(document) == [{"type": "scatter", "y": [1, 2]}]


def test_without_pillow_an_array_says_what_to_install(user: User) -> None:
    said = user.said(
        begun(
            """
import numpy as np, sys
sys.modules["PIL"] = None
try:
    run.log_image("array", np.zeros((4, 6)))
except Exception as error:
    print(type(error).__name__, error)
"""
        )
    )
    assert said.splitlines()[-1] == (
        "NotSupportedError Arrays are kept as PNG files, which needs Pillow: "
        "pip install pillow."
    )


def test_outside_a_run_an_array_is_printed(user: User) -> None:
    said = user.said(
        "from azureml.core.run import _OfflineRun\nimport numpy as np\n"
        "_OfflineRun().log_image('x', plot=np.zeros((1, 2)))"
    )
    assert said.startswith("Attempted to log image metric x:")


def test_images_in_cells_of_a_table_are_kept_and_named(tmp_path: Path) -> None:
    kept: dict[str, bytes] = {}

    def upload(file: Path, path: str) -> None:
        kept[path] = file.read_bytes()

    pictures = [Image.new("RGB", (4, 6), color) for color in ("red", "blue")]
    frame = pd.DataFrame({"image": [*pictures, None], "dice": [0.5, 0.25, 1]})
    rows = table_rows("val/each", frame, is_picture)
    MediaLogger(upload).log_table("val/each", rows, 3)
    images = [path for path in kept if path.startswith("table_images/val/each/step_")]
    assert len(images) == 2
    [table] = [path for path in kept if path.startswith("media/val/each/step_00000003")]
    document = json.loads(kept[table])
    assert document["data"] == [[images[0], 0.5], [images[1], 0.25], [None, 1]]
    (tmp_path / "image.png").write_bytes(kept[images[1]])
    with Image.open(tmp_path / "image.png") as image:
        assert image.getpixel((0, 0)) == (0, 0, 255)
    assert read_media_name(images[0]) is None


def test_a_table_with_too_many_images_is_refused() -> None:
    def upload(_file: Path, path: str) -> None:
        raise AssertionError(path)

    rows = [{"image": Image.new("1", (1, 1))}] * 1001
    with pytest.raises(UserErrorException, match="1,000 images, not 1,001"):
        MediaLogger(upload).log_table("each", rows, 0)
