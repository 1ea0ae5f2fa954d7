"""The definition of a submitted run: written with the run, and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from runs.models import Run, RunDefinition
from runs.storage.prepared import PreparedInsert
from studio.core.errors import NotFound
from studio.core.launcher_properties import COMMAND_PROPERTY, ENVIRONMENT_PROPERTY
from studio.core.names import MAX_VALUE_BYTES
from studio.core.run_definition import (
    check_definition,
    command_line,
    environment_label,
)

_insert_definition = PreparedInsert(RunDefinition)


def write_definition(run: Run, definition: Mapping[str, Any] | None) -> dict[str, str]:
    """Store what a new run executes, if anything; return properties that describe it.

    Raises InvalidValue for a definition that can't be started.
    """
    if definition is None:
        return {}
    checked = check_definition(dict(definition))
    _insert_definition([RunDefinition(run=run, content=_as_text(checked))])
    line, environment = command_line(checked), environment_label(checked)
    # A longer value is no property, but it is still in the definition.
    fits = len(line.encode()) <= MAX_VALUE_BYTES
    properties = {COMMAND_PROPERTY: line} if fits else {}
    if environment:
        properties[ENVIRONMENT_PROPERTY] = environment
    return properties


def is_definition_of(run: Run, definition: Mapping[str, Any] | None) -> bool:
    """Return whether the run has exactly this definition, or none if it is None."""
    rows = RunDefinition.objects.filter(run=run).values_list("content", flat=True)
    stored = rows.first()
    if definition is None or stored is None:
        return definition is None and stored is None
    return stored == _as_text(check_definition(dict(definition)))


def read_definition(run: Run) -> dict[str, Any]:
    """Return what the run executes; raise NotFound if it was not submitted."""
    found = RunDefinition.objects.filter(run=run).first()
    if found is None:
        raise NotFound(
            _("Run %(run_id)s has no definition, because it was not submitted.")
            % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    definition: dict[str, Any] = json.loads(found.content)
    return definition


def _as_text(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, ensure_ascii=False, sort_keys=True)
