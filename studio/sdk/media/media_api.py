"""What a training script calls to log media over steps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Union

from studio.sdk.media.drawings import is_picture
from studio.sdk.value_conversion import table_rows

if TYPE_CHECKING:
    from studio.sdk.media.media_logging import MediaLogger

Captions = Union[str, Sequence[str], None]
Path = Union[str, "os.PathLike[str]"]


class MetricCalls(Protocol):
    """What media need of the logger of metrics."""

    def log_table(self, name: str, value: Any) -> None: ...

    def log_image(self, name: str, path: Any = None, plot: Any = None) -> None: ...

    def is_valid_name(self, name: str) -> bool: ...


class MediaApi:
    """The media half of `Run`. Items become files below `media/` in the run.

    `step` is a whole number of 64 bits; without it, the steps of a name count 0, 1, 2 …
    in this process. A list logs several items of one step, and `caption` is a text or a
    list with one for each. Items with the same caption can be followed over steps.
    """

    _metrics: MetricCalls
    _media: MediaLogger

    def log_table(
        self,
        name: str,
        value: object,
        description: str = "",
        *,
        step: int | None = None,
    ) -> None:
        """Append a table: a dict of columns of the same length, or a data frame.

        A scalar is a column of one value. With `step`, each call is a table of its own
        on the tab Media, and its cells can be images of Pillow. Raises
        UserErrorException if columns have different lengths. `description` is ignored.
        """
        if step is None:
            self._metrics.log_table(name, value)
        elif self._metrics.is_valid_name(name):
            # What is no table is refused there.
            table: Any = value
            self._media.log_table(name, table_rows(name, table, is_picture), step)

    def log_image(
        self,
        name: str,
        path: object = None,
        plot: object = None,
        description: str = "",
        *,
        step: int | None = None,
        caption: Captions = None,
        values: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
        masks: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None,
    ) -> None:
        """Keep an image: a file's path, or what is to be drawn, in either argument.

        That is a matplotlib figure, a PIL image, or an array or tensor of H×W, H×W×3 or
        H×W×4 pixels (`pip install pillow`). A Plotly figure becomes a JSON document.
        Raises UserErrorException for anything else.

        With one of the last four arguments, `path` can be a list of images of one step.
        Each has a `caption`, `values` such as `{"dice": 0.4}` that sort them, and
        `masks`: layers by their names, as H×W arrays or paths of transparent images.
        """
        if step is None and caption is None and values is None and masks is None:
            self._metrics.log_image(name, path, plot)
        else:
            images = path if plot is None else plot
            if self._metrics.is_valid_name(name):
                self._media.log_images(name, images, step, caption, values, masks)

    def log_audio(
        self,
        name: str,
        audio: Path | Any,
        step: int | None = None,
        *,
        sample_rate: int | None = None,
        caption: Captions = None,
    ) -> None:
        """Log a sound: a file's path, or an array or tensor. Not in the v1 SDK.

        An array has T or T×C samples, which are floats from -1 to 1 or integers of 16
        bits, and needs `sample_rate` in Hz. It becomes a WAV file.

            run.log_audio("speech", samples, step=100, sample_rate=16_000)

        Raises UserErrorException for anything else.
        """
        if self._metrics.is_valid_name(name):
            self._media.log_audio(name, audio, step, sample_rate, caption)

    def log_video(
        self,
        name: str,
        video: Path | Any,
        step: int | None = None,
        *,
        fps: float = 8,
        caption: Captions = None,
    ) -> None:
        """Log a video: the path of an MP4, WebM or GIF file, or frames.

        Frames are an array or tensor of T×H×W×3 or T×H×W bytes, and become an animated
        GIF (`pip install pillow`), with `fps` frames per second. Not in the v1 SDK.

            run.log_video("rollout", frames, step=100, fps=12)

        Raises UserErrorException for anything else.
        """
        if self._metrics.is_valid_name(name):
            self._media.log_video(name, video, step, fps, caption)

    def log_text(
        self,
        name: str,
        text: str | Sequence[str],
        step: int | None = None,
        *,
        caption: Captions = None,
    ) -> None:
        """Log a text of any length. Not in the v1 SDK.

        run.log_text("sample", generated, step=100)
        """
        if self._metrics.is_valid_name(name):
            self._media.log_text(name, text, step, caption)

    def log_histogram(
        self, name: str, values: object, step: int | None = None, *, bins: int = 64
    ) -> None:
        """Log how values are distributed, such as weights or gradients.

        `values` is a list, or an array or tensor of any shape; NaN and infinities are
        left out. A pair of N counts and N + 1 edges, as `numpy.histogram` returns it,
        is logged as it is. Not in the v1 SDK.

            run.log_histogram("grad/encoder", layer.weight.grad, step=100)

        Raises UserErrorException without a finite value.
        """
        if self._metrics.is_valid_name(name):
            self._media.log_histogram(name, values, step, bins)

    def log_figure(self, name: str, figure: object, step: int | None = None) -> None:
        """Log a figure of Plotly, which stays interactive, or of matplotlib.

            run.log_figure("val/pr_curve", figure, step=100)

        Raises UserErrorException for anything else. Not in the v1 SDK.
        """
        if self._metrics.is_valid_name(name):
            self._media.log_figure(name, figure, step)
