"""Schemas of registered models, their versions and aliases."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from runs.api.v1.schemas.logged_data import FileInfo
from runs.api.v1.schemas.runs import RequestStruct, Texts


class AliasInfo(Struct):
    """An alias, such as `champion`: when it was moved to `version`, by whom and why."""

    name: str
    version: int
    note: str
    moved: int
    moved_by: str | None


class ModelInfo(Struct):
    """A registered model. `versions` is their number; `latest` is 0 without one."""

    name: str
    description: str
    tags: Texts
    aliases: list[AliasInfo]
    versions: int
    latest: int
    created: int
    updated: int
    created_by: str | None


class ModelList(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    models: list[ModelInfo]
    after: str


class ModelQuery(RequestStruct):
    """Models by name. `name`: only that one. `q`: a filter, as on the page *Models*."""

    name: str = ""
    q: str = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


class NewModel(RequestStruct):
    name: str
    description: str = ""
    tags: Texts = field(default_factory=dict)


class ModelPatch(RequestStruct):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class TextEdit(RequestStruct):
    """Tags to set, and the keys of tags to remove."""

    set: Texts = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)


class TextReply(Struct):
    tags: Texts


class VersionInfo(Struct):
    """A version. Its files are those of `logged_model`, else of `run`.

    `path` is the file or folder among them, empty for all. `run` is the id of the run
    that wrote the model, null if it is unknown. `aliases` are their names.
    """

    model: str
    version: int
    source: str
    logged_model: str | None
    run: str | None
    path: str
    description: str
    stage: str
    tags: Texts
    properties: Texts
    aliases: list[str]
    framework: str
    framework_version: str
    size: int | None
    created: int
    updated: int
    created_by: str | None


class VersionList(Struct):
    """`after` is the cursor of the next page, empty at the end."""

    versions: list[VersionInfo]
    after: str


class VersionQuery(RequestStruct):
    """Versions, the newest first. `q`: a filter, such as `alias:champion`.

    `run`: only those of that run. `latest`: 1 for only the latest version of each
    model.
    """

    q: str = ""
    run: str = ""
    latest: Annotated[int, Meta(ge=0, le=1)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


class NewVersion(RequestStruct):
    """`source` is `runs:/RUN/PATH`, `models:/m-…` or another version.

    `run` is the run that wrote a logged model, where that is unknown. With an `id` of
    the client's own, the same request again returns the version of the first one.
    """

    source: str
    id: str = ""
    run: str = ""
    description: str = ""
    tags: Texts = field(default_factory=dict)
    properties: Texts = field(default_factory=dict)
    framework: str = ""
    framework_version: str = ""


class VersionPatch(RequestStruct):
    """`properties` are added. `archive_existing`: archive other versions of `stage`."""

    description: str | UnsetType = UNSET
    properties: Texts = field(default_factory=dict)
    stage: Literal["None", "Staging", "Production", "Archived"] | UnsetType = UNSET
    archive_existing: bool = False


class AliasMove(RequestStruct):
    """`expected` is the version that the caller saw the alias at, 0 for none.

    409 if it points elsewhere now: `now` is that version.
    """

    version: int
    note: str = ""
    expected: Annotated[int, Meta(ge=0)] | None = None


class VersionFiles(Struct):
    """Files by their paths in `folder`, which is empty for a single file or for all."""

    folder: str
    files: list[FileInfo]
