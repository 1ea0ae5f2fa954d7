"""Versions of registered models, as v1's `Model`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Union
from typing import List as ListOf  # noqa: UP035 (`list` is a method here)

from studio.core.names import check_path, check_registered_model_name
from studio.sdk.errors import (
    ModelNotFoundException,
    UserErrorException,
)
from studio.sdk.models.uploads import local_files, upload_model
from studio.sdk.models.versions import (
    Content,
    list_version_files,
    matches,
    read_version,
    read_versions,
    register_version,
    version_path,
)
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
    """A version of a registered model: the newest one, or the one that is asked for.

    MLflow's clients use the same registry. `id` is `NAME:VERSION`. Raises
    ModelNotFoundException if there is none.
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
        wanted = None if version is None else as_version(version)
        versions = _find_versions(workspace, name, wanted, run_id=run_id)
        chosen = _first_match(versions, tags, properties, model_framework)
        if chosen is None:
            raise ModelNotFoundException(
                f"There is no model {name!r}"
                + (f" of version {version}" if version is not None else "")
                + " that matches. Model.list(workspace) has all models."
            )
        self._set(workspace, chosen)

    def _set(self, workspace: Workspace, content: Content) -> None:
        self.workspace = workspace
        self.name: str = content["model"]
        self.version: int = content["version"]
        self.description: str = content["description"]
        self.tags: dict[str, str] = dict(content["tags"])
        self.properties: dict[str, str] = dict(content["properties"])
        self.model_framework: str | None = content["framework"] or None
        self.model_framework_version: str | None = content["framework_version"] or None
        self.run_id: str | None = content["run"]
        self.created_by: str | None = content["created_by"]
        self.created_time: datetime = _to_time(content["created"])
        self._content = content

    @classmethod
    def _of(cls, workspace: Workspace, content: Content) -> Model:
        model = cls.__new__(cls)
        model._set(workspace, content)
        return model

    @property
    def id(self) -> str:
        """Name and version, like `digits:3`."""
        return f"{self.name}:{self.version}"

    @property
    def run(self) -> Run | None:
        """The run that wrote it; None without one."""
        return self.workspace.get_run(self.run_id) if self.run_id else None

    @property
    def url(self) -> str:
        """The version's address for MLflow, such as `models:/digits/3`."""
        return f"models:/{self.name}/{self.version}"

    @property
    def aliases(self) -> ListOf[str]:  # noqa: UP006
        """The names that point to this version now, such as `champion`."""
        content = self.workspace._connection.get(version_path(self._content))
        return list(content["aliases"])

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
        check_registered_model_name(model_name)
        files = local_files(Path(model_path), child_paths)
        run_id = os.environ.get(RUN_VARIABLE, "")
        content = register_version(
            workspace,
            model_name,
            upload_model(workspace, model_name, files, run_id),
            **_details(
                tags, properties, description, model_framework, model_framework_version
            ),
        )
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
        models = []
        has_filter = bool(tags or properties or run_id or model_framework)
        page = max(1, min(page_count, 1000))
        for one in read_versions(
            workspace, name, run_id=run_id, latest=latest and not has_filter, page=page
        ):
            if _first_match([one], tags, properties, model_framework) is None:
                continue
            if latest and one["model"] in seen:
                continue
            seen.add(one["model"])
            models.append(cls._of(workspace, one))
        return models

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
        files = list_version_files(self.workspace, self._content)
        if not files:
            raise UserErrorException(f"The model {self.id} has no files.")
        top = Path(target_dir) / next(iter(files)).split("/")[0]
        if top.exists() and not (exist_ok or exists_ok):
            raise UserErrorException(
                f"{top} exists already. Choose another folder, or pass exist_ok=True."
            )
        client = self.workspace._connection.client
        for name, path in files.items():
            download_file(client, path, Path(target_dir) / check_path(name))
        return str(top)

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags and keep all others."""
        self._edit_tags({key: str(value) for key, value in tags.items()}, [])

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys."""
        self._edit_tags({}, [tags] if isinstance(tags, str) else [*tags])

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties, whose values become texts.

        Raises Immutable for another value of an existing property.
        """
        added = {key: str(value) for key, value in properties.items()}
        self._change({"properties": added})

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
            texts = {key: str(value) for key, value in tags.items()}
            self._edit_tags(texts, [key for key in self.tags if key not in texts])
        if description is not None:
            self._change({"description": description})

    def delete(self) -> None:
        """Delete this version; its files stay where they are.

        Raises InvalidState if an alias points to it.
        """
        path = version_path(self._content)
        self.workspace._connection.change("DELETE", path)

    def _edit_tags(
        self,
        added: dict[str, str],
        removed: ListOf[str],  # noqa: UP006
    ) -> None:
        path = f"{version_path(self._content)}/tags"
        body = {"set": added, "remove": removed}
        reply = self.workspace._connection.change("POST", path, body)
        self.tags = dict(reply["tags"])

    def _change(self, change: dict[str, Any]) -> None:
        path = version_path(self._content)
        self._set(
            self.workspace, self.workspace._connection.change("PATCH", path, change)
        )

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
    check_registered_model_name(name)
    prefix = (path or name).strip("/").removeprefix("./")
    workspace = run.experiment.workspace
    known = run.get_file_names()
    if any(one == prefix or one.startswith(f"{prefix}/") for one in known):
        source = f"runs:/{run.id}/{prefix}"
    elif Path(prefix).exists():
        files = local_files(Path(prefix), None)
        source = upload_model(workspace, name, files, run.id)
    else:
        raise UserErrorException(
            f"Run {run.id} has no file or folder {prefix!r}. Its files are: "
            f"{', '.join(known) or 'none'}."
        )
    details = _details(tags, properties, description, framework, framework_version)
    content = register_version(workspace, name, source, run=run.id, **details)
    return Model._of(workspace, content)


def _find_versions(
    workspace: Workspace, name: str, version: int | None, run_id: str | None
) -> Iterator[Content]:
    """The versions of the name, the newest first, or only the one of this number."""
    if version is None:
        yield from read_versions(workspace, name, run_id=run_id, page=20)
        return
    found = read_version(workspace, name, version)
    if found is not None and run_id in (None, found["run"]):
        yield found


def _first_match(
    versions: Iterable[Content], tags: Filter, properties: Filter, framework: str | None
) -> Content | None:
    return next(
        (
            one
            for one in versions
            if matches(one, tags, properties) and framework in (None, one["framework"])
        ),
        None,
    )


def _details(
    tags: Mapping[str, Any] | None,
    properties: Mapping[str, Any] | None,
    description: str | None,
    framework: str | None,
    framework_version: str | None,
) -> dict[str, Any]:
    """What a version is registered with, next to its source."""
    return {
        "tags": {key: str(value) for key, value in (tags or {}).items()},
        "properties": {key: str(value) for key, value in (properties or {}).items()},
        "description": description or "",
        "framework": framework or "",
        "framework_version": framework_version or "",
    }


def _to_time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
