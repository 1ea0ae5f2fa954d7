"""The forms that change a registered model and its versions."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.models import ModelStage
from runs.pages.requests import (
    CountField,
    OptionalTextField,
    PageForm,
    PresenceField,
    TextField,
)
from studio.core.errors import InvalidValue


class AliasForm(PageForm):
    """`expected` is the version that the form showed; 0 for a new alias."""

    alias = TextField()
    version = CountField(max_digits=9)
    note = TextField()
    expected = CountField(max_digits=9)


class RemoveAliasForm(PageForm):
    alias = TextField()


class RegisterForm(PageForm):
    """`kind` tells whether `logged_model`, or `run` and `path`, name the files."""

    kind = TextField()
    logged_model = TextField()
    run = TextField()
    path = TextField(strip=False)
    description = TextField()
    alias = TextField()


class RegistryTagForm(PageForm):
    """Adds `tag` ("key: value"), or removes the tag named `remove`."""

    tag = TextField(strip=False)
    remove = OptionalTextField()


class RenameModelForm(PageForm):
    name = TextField()


def _read_stage(text: str) -> ModelStage:
    try:
        return ModelStage(text)
    except ValueError as error:
        raise InvalidValue(_("Choose a stage."), field="stage") from error


class StageForm(PageForm):
    stage = TextField(_read_stage)
    archive = PresenceField()
