"""Registered models: logged models with a name, a version and files of their own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Union
from typing import List as ListOf  # noqa: UP035 (`list` is a method here)
from urllib.parse import quote

from studio.core.names import check_path
from studio.sdk.errors import (
    ModelNotFoundException,
    UserErrorException,
)
from studio.sdk.models.logged_models import (
    OWN_TAG,
    find_models,
    list_model_files,
    matches,
    model_file_path,
    request_models,
)
from studio.sdk.models.uploads import own_texts, upload_model
from studio.sdk.not_offered import not_offered
from studio.sdk.run import RUN_VARIABLE, Run, download_file, find_script_run
from studio.sdk.value_conversion import as_version

if TYPE_CHECKING:
    from studio.sdk.workspace import Workspace


#: Keys that must exist, or keys with their values.
Filter = Union[
    str, "Iterable[str | tuple[str, str] | list[str]]", "Mapping[str, str]", None
]


class Model:
    """A registered model: the newest version of a name, or the one that is asked for.

    `id` is `NAME:VERSION`. Raises ModelNotFoundException if there is none.
    """

    class Framework:
        """Names of frameworks, as v1 has them."""

        CUSTOM, KERAS, ONNX = "Custom", "Keras", "Onnx"
        PYTORCH, SCIKITLEARN, TENSORFLOW = "PyTorch", "ScikitLearn", "TensorFlow"

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Filter = None,
        properties: Filter = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
    ) -> None:
        if id is not None:
            name, _colon, number = id.rpartition(":")
            name, version = (name, number) if name else (id, version)
        if not name:
            raise UserErrorException("Model needs the name or the id of a model.")
        found = find_models(workspace, name)
        chosen = [
            one
            for one in found
            if matches(one, tags, properties, run_id, model_framework)
            and (version is None or one.get("version") == as_version(version))
        ]
        if not chosen:
            raise ModelNotFoundException(
                f"There is no model {name!r}"
                + (f" of version {version}" if version is not None else "")
                + " that matches. Model.list(workspace) has all models."
            )
        self._set(workspace, chosen[0])

    def _set(self, workspace: Workspace, content: Mapping[str, Any]) -> None:
        self.workspace = workspace
        self.name: str = content["name"]
        self.version: int = content["version"]
        self.description: str = content.get("description") or ""
        self.tags: dict[str, str] = dict(content["tags"])
        self.properties: dict[str, str] = dict(content.get("properties") or {})
        self.model_framework: str | None = content.get("framework") or None
        self.model_framework_version = content.get("framework_version") or None
        self.run_id: str | None = content["run_id"] or None
        self.created_time: datetime = content["created"]
        self._key: str = content["key"]
        self._address: str = content["address"]

    @classmethod
    def _of(cls, workspace: Workspace, content: Mapping[str, Any]) -> Model:
        model = cls.__new__(cls)
        model._set(workspace, content)
        return model

    @property
    def id(self) -> str:
        """Name and version, like `digits:3`."""
        return f"{self.name}:{self.version}"

    @property
    def run(self) -> Run | None:
        """The run that registered it; None without one."""
        return self.workspace.get_run(self.run_id) if self.run_id else None

    @property
    def url(self) -> str:
        """Where the model's files are, for `mlflow.artifacts.download_artifacts`."""
        return f"models:/{self._key}"

    @classmethod
    def register(
        cls,
        workspace: Workspace,
        model_path: str | os.PathLike[str],
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: object = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
    ) -> Model:
        """Upload a file or folder of this machine as a new version of the model.

        With `child_paths`, only these files and folders of the folder.
        """
        files = _local_files(Path(model_path), child_paths)
        texts = own_texts(
            properties, description, model_framework, model_framework_version
        )
        run_id = os.environ.get(RUN_VARIABLE, "")
        content = upload_model(workspace, model_name, files, tags, texts, run_id)
        return cls._of(workspace, content)

    @classmethod
    def list(
        cls,
        workspace: Workspace,
        name: str | None = None,
        tags: Filter = None,
        properties: Filter = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> ListOf[Model]:  # noqa: UP006
        """The models of the workspace, the newest first.

        `tags` and `properties` are keys, or pairs of key and value, as in v1. `latest`
        leaves out older versions.
        """
        seen: set[str] = set()
        found = []
        for one in find_models(workspace, name):
            if not matches(one, tags, properties, run_id, model_framework):
                continue
            if latest and one["name"] in seen:
                continue
            seen.add(one["name"])
            found.append(cls._of(workspace, one))
        return found

    @staticmethod
    def get_model_path(
        model_name: str,
        version: int | None = None,
        _workspace: Workspace | None = None,
    ) -> str:
        """The local path of the model's files.

        A local file or folder of that name below `AZUREML_MODEL_DIR` or here comes
        first, as in v1. Otherwise they are downloaded to `azureml-models/NAME/VERSION`.
        """
        for folder in (os.environ.get("AZUREML_MODEL_DIR", ""), "."):
            local = Path(folder or ".") / model_name
            if local.exists():
                return str(local)
        if _workspace is None:
            run = find_script_run(allow_offline=False)
            _workspace = run.experiment.workspace
        model = Model(_workspace, model_name, version=version)
        target = Path("azureml-models") / model_name / str(model.version)
        return model.download(target, exist_ok=True)

    def download(
        self,
        target_dir: str | os.PathLike[str] = ".",
        exist_ok: bool = False,
        exists_ok: bool | None = None,
    ) -> str:
        """Download the model's files; returns the path of the file or folder.

        Raises UserErrorException if it exists already, unless `exist_ok`.
        """
        names = sorted(list_model_files(self.workspace, self._address))
        if not names:
            raise UserErrorException(f"The model {self.id} has no files.")
        top = Path(target_dir) / names[0].split("/")[0]
        if top.exists() and not (exist_ok or exists_ok):
            raise UserErrorException(
                f"{top} exists already. Choose another folder, or pass exist_ok=True."
            )
        client = self.workspace._connection.client
        for name in names:
            path = model_file_path(self.workspace, self._address, check_path(name))
            download_file(client, path, Path(target_dir) / name)
        return str(top)

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags and keep all others."""
        self._set_tags({key: str(value) for key, value in tags.items()})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys."""
        for key in [tags] if isinstance(tags, str) else tags:
            path = f"/{quote(self._key)}/tags/{quote(key, safe='')}"
            request_models(self.workspace, "DELETE", path)
            self.tags.pop(key, None)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties, or replace their values, which become texts."""
        self.properties |= {key: str(value) for key, value in properties.items()}
        self._set_own("properties", json.dumps(self.properties, sort_keys=True))

    def update(
        self,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
    ) -> None:
        """Replace the tags or the description."""
        if tags is not None:
            self.remove_tags([key for key in self.tags if key not in tags])
            self.add_tags(tags)
        if description is not None:
            self.description = description
            self._set_own("description", description)

    def delete(self) -> None:
        """Delete this version."""
        request_models(self.workspace, "DELETE", f"/{quote(self._key)}")

    def serialize(self) -> dict[str, Any]:
        """The model as a dict, with v1's keys."""
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "tags": dict(self.tags),
            "properties": dict(self.properties),
            "description": self.description,
            "framework": self.model_framework,
            "frameworkVersion": self.model_framework_version,
            "createdTime": self.created_time.isoformat(),
            "runId": self.run_id,
        }

    @staticmethod
    def deploy(*_words: Any, **_more: Any) -> NoReturn:
        """Not offered: no services are started."""
        raise not_offered(
            "Models are not deployed from here. Download the files with "
            "Model.download() and serve them with a server of your own, for example "
            "`mlflow models serve`."
        )

    package = profile = deploy

    def _set_own(self, key: str, text: str) -> None:
        self._send_tags({f"{OWN_TAG}{key}": text})

    def _set_tags(self, tags: dict[str, str]) -> None:
        self._send_tags(tags)
        self.tags |= tags

    def _send_tags(self, tags: Mapping[str, str]) -> None:
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        path = f"/{quote(self._key)}/tags"
        request_models(self.workspace, "PATCH", path, {"tags": pairs})

    def __repr__(self) -> str:
        return (
            f"Model(workspace={self.workspace!r}, name={self.name}, id={self.id}, "
            f"version={self.version}, tags={self.tags}, properties={self.properties})"
        )


def register_run_model(
    run: Any,
    name: str,
    path: str | None,
    tags: Mapping[str, Any] | None,
    properties: Mapping[str, Any] | None,
    description: str | None,
    framework: str | None,
    framework_version: str | None,
) -> Model:
    """Register a file or folder of the run as a new version of the model.

    Without `path` it is the file or folder of the model's name. A file of the working
    folder is used if the run has none of that path yet.
    """
    prefix = (path or name).strip("/").removeprefix("./")
    workspace = run.experiment.workspace
    names = [
        one
        for one in run.get_file_names()
        if one == prefix or one.startswith(f"{prefix}/")
    ]
    texts = own_texts(properties, description, framework, framework_version)
    if not names and Path(prefix).exists():
        here = _local_files(Path(prefix), None)
        content = upload_model(workspace, name, here, tags, texts, run.id)
        return Model._of(workspace, content)
    if not names:
        known = ", ".join(run.get_file_names()) or "none"
        raise UserErrorException(
            f"Run {run.id} has no file or folder {prefix!r}. Its files are: {known}."
        )
    above = prefix.rpartition("/")[0]
    start = len(above) + 1 if above else 0
    with tempfile.TemporaryDirectory(prefix="run-studio-model-") as folder:
        files = {}
        for one in names:
            local = Path(folder) / one[start:]
            run.download_file(one, str(local))
            files[one[start:]] = local
        content = upload_model(workspace, name, files, tags, texts, run.id)
        return Model._of(workspace, content)


def _local_files(path: Path, chosen: Sequence[str] | None) -> dict[str, Path]:
    """The files by their paths in a model, which begin with the folder's name.

    Raises UserErrorException if there are none.
    """
    if not path.exists():
        raise UserErrorException(
            f"There is no file or folder {str(path)!r} to register."
        )
    if path.is_file():
        return {path.name: path}
    top = path.absolute().name
    files = {
        f"{top}/{one.relative_to(path).as_posix()}": one
        for one in sorted(path.rglob("*"))
        if one.is_file() and _is_chosen(one.relative_to(path), chosen)
    }
    if not files:
        raise UserErrorException(f"The folder {str(path)!r} has no files.")
    return files


def _is_chosen(path: Path, chosen: Sequence[str] | None) -> bool:
    folders = {Path(one) for one in chosen or ()}
    return chosen is None or bool(folders & {path, *path.parents})
