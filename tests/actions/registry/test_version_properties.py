"""Properties of versions, and how many versions a model has."""

from __future__ import annotations

import pytest

from runs.actions import registry
from runs.actions.actor import Actor
from runs.models import Change, RegisteredModel
from studio.core.errors import Immutable, InvalidValue
from tests.actions.registry.conftest import Register


def test_properties_are_added_once(register: Register, actor: Actor, now: int) -> None:
    version = register()
    for texts in ({"auc": "0.9"}, {"auc": "0.9", "loss": "1"}):
        registry.add_version_properties(version, texts, actor=actor, now=now + 1)
    with pytest.raises(Immutable, match=r"'auc' of version 1 is '0\.9' and can't be"):
        registry.add_version_properties(version, {"auc": "1"}, actor=actor, now=now)
    with pytest.raises(InvalidValue):
        registry.add_version_properties(version, {"": "1"}, actor=actor, now=now)
    version.refresh_from_db()
    assert version.properties == {"auc": "0.9", "loss": "1"}
    assert version.updated == now + 1
    changes = Change.objects.filter(field__startswith="versions.1.properties.")
    assert list(changes.order_by("id").values_list("field", "after")) == [
        ("versions.1.properties.auc", "0.9"),
        ("versions.1.properties.loss", "1"),
    ]


def test_a_model_counts_its_versions(
    register: Register, model: RegisteredModel, actor: Actor, now: int
) -> None:
    versions = [register() for _time in range(3)]
    counted = [(3, 3)]
    for version in (versions[2], versions[0], versions[1]):
        registry.delete_version(version, actor=actor, now=now)
        model.refresh_from_db()
        counted.append((model.version_count, model.latest_version))
    assert counted == [(3, 3), (2, 2), (1, 2), (0, 0)]
    assert register().number == 4
