"""What stands for a dataset among the arguments of a submitted run."""

from __future__ import annotations

import re
import secrets
import warnings
from typing import TYPE_CHECKING, Any

from studio.sdk.errors import UserErrorException
from studio.sdk.not_offered import missing_attribute

if TYPE_CHECKING:
    from studio.sdk.data.base import AbstractDataset

DIRECT, MOUNT, DOWNLOAD = "direct", "mount", "download"
_PLACEHOLDER = "DatasetConsumptionConfig:{name}"
_OUTPUT_FOLDER = "outputs"
#: The id of a dataset that is an input of a run and not registered.
INPUT_PREFIX = "input:"
_AFTERWARDS = (
    "when the run has completed, download its files, and create a dataset of them"
)
#: What v1 has for outputs.
_NOT_OFFERED = dict.fromkeys(
    (
        "as_input",
        "register_on_complete",
        "read_delimited_files",
        "read_parquet_files",
    ),
    _AFTERWARDS,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def placeholder_of(name: str) -> str:
    """The argument that stands for an input in a definition."""
    return _PLACEHOLDER.format(name=name)


def input_variable(name: str) -> str:
    """The variable that has the path of an input, as v1 names it."""
    return f"AZUREML_DATAREFERENCE_{name}"


def output_folder(name: str) -> str:
    """The folder of an output in the script's working folder."""
    return f"{_OUTPUT_FOLDER}/{name}"


def check_input_name(name: str) -> str:
    """Return the name. Raises UserErrorException for one that is no identifier."""
    if not _NAME.fullmatch(name):
        raise UserErrorException(
            f"{name!r} can't be the name of an input or output. Use letters, digits "
            "and underscores, and begin with a letter."
        )
    return name


def _warn(sentence: str) -> None:
    # The line that the warning shows is the script's.
    warnings.warn(sentence, UserWarning, stacklevel=3)


class DatasetConsumptionConfig:
    """A dataset as an input of a submitted run.

    With `as_mount()` or `as_download()` the argument is the local path of its files:
    of the file if the dataset is a single one, else of a folder. The script also finds
    it in `run.input_datasets[name]`; otherwise that is the dataset itself.
    """

    def __init__(
        self,
        name: str,
        dataset: AbstractDataset,
        mode: str = DIRECT,
        path_on_compute: str | None = None,
    ) -> None:
        self.name, self.dataset = check_input_name(name), dataset
        self.mode, self.path_on_compute = mode, path_on_compute
        if path_on_compute:
            _warn(
                "path_on_compute has no effect: read the path from the argument, or "
                f'from run.input_datasets["{name}"].'
            )

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The run gets a path of the files, which it must not change."""
        return DatasetConsumptionConfig(self.name, self.dataset, MOUNT, path_on_compute)

    def as_download(
        self, path_on_compute: str | None = None
    ) -> DatasetConsumptionConfig:
        """The run gets a path of the files, which it must not change."""
        return DatasetConsumptionConfig(
            self.name, self.dataset, DOWNLOAD, path_on_compute
        )

    def __str__(self) -> str:
        return placeholder_of(self.name)


class OutputFileDatasetConfig:
    """A folder for files of a submitted run: `outputs/NAME`. They are uploaded."""

    def __init__(
        self,
        name: str | None = None,
        destination: object = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        del source, partition_format
        # Several without a name have folders of their own.
        self.name = check_input_name(name or f"output_{secrets.token_hex(4)}")
        if destination is not None:
            _warn(
                "destination has no effect: the files are those of the run in "
                f"{output_folder(self.name)}."
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name, _NOT_OFFERED)

    def as_upload(self, *_words: Any, **_more: Any) -> OutputFileDatasetConfig:
        """Itself: the folder is uploaded to the run."""
        return self

    def as_mount(self, *_words: Any, **_more: Any) -> OutputFileDatasetConfig:
        """Itself: the folder is uploaded to the run."""
        return self

    def __str__(self) -> str:
        return output_folder(self.name)
