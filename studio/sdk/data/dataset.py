"""`Dataset`: creates datasets from paths, and finds registered ones."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Union

from studio.sdk.data.consumption import INPUT_PREFIX
from studio.sdk.data.datastore import Datastore
from studio.sdk.data.file_dataset import FileDataset
from studio.sdk.data.references import DataPath
from studio.sdk.data.registered import RegisteredDatasets
from studio.sdk.data.sources import Source, parse_source
from studio.sdk.data.tables import (
    ALL_HEADERS,
    FIRST_HEADERS,
    NO_HEADERS,
    PromoteHeadersBehavior,
    TabularFormat,
    check_encoding,
    check_type,
)
from studio.sdk.data.tabular_dataset import TabularDataset
from studio.sdk.errors import UserErrorException
from studio.sdk.not_offered import not_offered
from studio.sdk.run import find_script_run

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


#: A path, pattern or web address, a place in a datastore, or a list of them.
OnePath = Union[str, "os.PathLike[str]", DataPath, "tuple[Datastore, str]"]
PathArgument = Union[OnePath, "Sequence[OnePath]"]


class FileDatasetFactory:
    """Creates datasets of files."""

    @staticmethod
    def from_files(
        path: PathArgument,
        validate: bool = True,
        partition_format: str | None = None,
        is_file: bool = False,
    ) -> FileDataset:
        """A dataset of files: paths, patterns, web addresses or datastore.path(…).

        With `validate`, raises UserErrorException if there are no such files.
        """
        del is_file
        _refuse_partitions(partition_format)
        dataset = FileDataset(_sources_of(path))
        if validate:
            dataset._list_files()
        return dataset

    @staticmethod
    def upload_directory(
        src_dir: str | os.PathLike[str],
        target: Datastore | DataPath | tuple[Datastore, str],
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload a folder into a datastore; returns the dataset of its files.

        `target` is datastore.path(…), or a tuple of datastore and path.
        """
        datastore, path = _place_of(target)
        folder = Path(src_dir)
        if pattern is None:
            datastore.upload(folder, path, overwrite, show_progress)
        else:
            files = [one for one in sorted(folder.glob(pattern)) if one.is_file()]
            datastore.upload_files(files, folder, path, overwrite, show_progress)
        return FileDatasetFactory.from_files((datastore, path))


class TabularDatasetFactory:
    """Creates datasets of tables."""

    @staticmethod
    def from_delimited_files(
        path: PathArgument,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, str] | None = None,
        separator: str = ",",
        header: bool | int = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """A dataset of CSV files or the like.

        `header` is False for files without column names, or one of
        PromoteHeadersBehavior. With `validate`, raises
        UserErrorException if there are no such files, or they are not text.
        """
        del support_multi_line
        _refuse_partitions(partition_format)
        form = TabularFormat(
            "delimited",
            separator=separator,
            headers=_headers_of(header),
            encoding=check_encoding(encoding),
            is_text=not infer_column_types,
            keeps_empty=empty_as_string,
            includes_path=include_path,
            types=_types_of(set_column_types),
        )
        return _table(path, form, validate)

    @staticmethod
    def from_parquet_files(
        path: PathArgument,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, str] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """A dataset of Parquet files. Reading needs pyarrow."""
        _refuse_partitions(partition_format)
        types = _types_of(set_column_types)
        form = TabularFormat("parquet", includes_path=include_path, types=types)
        return _table(path, form, validate)

    @staticmethod
    def from_json_lines_files(
        path: PathArgument,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, str] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """A dataset of files with a JSON object in each line."""
        del invalid_lines
        _refuse_partitions(partition_format)
        form = TabularFormat(
            "json_lines",
            encoding=check_encoding(encoding),
            includes_path=include_path,
            types=_types_of(set_column_types),
        )
        return _table(path, form, validate)

    @staticmethod
    def from_sql_query(*_words: Any, **_more: Any) -> NoReturn:
        """Not offered: there is no connection to databases."""
        raise not_offered(
            "Read the query with pandas.read_sql, and register the result with "
            "Dataset.Tabular.register_pandas_dataframe."
        )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: object,
        target: Datastore | DataPath | tuple[Datastore, str],
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        **_more: Any,
    ) -> TabularDataset:
        """Store a DataFrame as Parquet in a datastore, and register it.

        `target` is a datastore, datastore.path(…), or a tuple of datastore and path.
        """
        datastore, folder_path = _place_of(target)
        file = "/".join(filter(None, [folder_path, f"{name}.parquet"]))
        frame: Any = dataframe
        with tempfile.TemporaryDirectory(prefix="run-studio-") as folder:
            local = Path(folder) / f"{name}.parquet"
            frame.to_parquet(local)
            parent = file.rpartition("/")[0]
            datastore.upload_files([local], None, parent, True, show_progress)
        dataset = TabularDatasetFactory.from_parquet_files((datastore, file))
        return dataset.register(
            datastore.workspace, name, description, tags, create_new_version=True
        )


class Dataset:
    """Datasets: files or tables of this machine, a datastore, or the web.

    `Dataset.File` and `Dataset.Tabular` create them. A registered dataset is found by
    its name.
    """

    class Scenario:
        """What a model uses a dataset for."""

        TRAINING, VALIDATION, INFERENCE = "training", "validation", "inference"

    File = FileDatasetFactory
    Tabular = TabularDatasetFactory

    @staticmethod
    def get_by_name(
        workspace: Workspace, name: str, version: int | str = "latest"
    ) -> Any:
        """The registered FileDataset or TabularDataset.

        Raises UserErrorException for an unknown name or version.
        """
        return RegisteredDatasets(workspace).get_version(name, version)

    @staticmethod
    def get_by_id(workspace: Workspace, id: str, **_more: Any) -> Any:
        """The dataset of that `id`: name and version, or an input of this run."""
        if id.startswith(INPUT_PREFIX):
            run = find_script_run(allow_offline=False)
            return run.input_datasets[id[len(INPUT_PREFIX) :]]
        name, _colon, version = id.rpartition(":")
        return RegisteredDatasets(workspace).get_version(
            name or id, version or "latest"
        )

    @staticmethod
    def get_all(
        workspace: Workspace,
    ) -> Mapping[str, FileDataset | TabularDataset]:
        """The newest versions of all registered datasets, by name."""
        return RegisteredDatasets(workspace)

    get = get_by_name


def _headers_of(header: bool | int) -> str:
    """Which files have column names."""
    if isinstance(header, bool):
        return ALL_HEADERS if header else NO_HEADERS
    only_first = PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS
    if header == only_first:
        return FIRST_HEADERS
    return ALL_HEADERS if header else NO_HEADERS


def _place_of(target: Any) -> tuple[Datastore, str]:
    """The datastore and the folder that a script names."""
    if isinstance(target, Datastore):
        return target, ""
    if isinstance(target, tuple):
        return target[0], target[1].strip("/")
    if isinstance(getattr(target, "datastore", None), Datastore):
        return target.datastore, (target.path_on_datastore or "").strip("/")
    raise UserErrorException(
        f"The target must be a datastore or datastore.path(…), not {target!r}."
    )


def _sources_of(path: Any) -> tuple[Source, ...]:
    if isinstance(path, list):
        if not path:
            raise UserErrorException("The list of paths is empty.")
        return tuple(parse_source(one) for one in path)
    return (parse_source(path),)


def _table(path: Any, form: TabularFormat, validate: bool) -> TabularDataset:
    dataset = TabularDataset(_sources_of(path), form)
    if validate:
        dataset._check()
    return dataset


def _refuse_partitions(partition_format: str | None) -> None:
    if partition_format is not None:
        raise not_offered(
            "partition_format is not available. Pass include_path=True, and compute "
            "the columns from the column Path."
        )


def _types_of(types: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((key, check_type(str(value))) for key, value in (types or {}).items())
