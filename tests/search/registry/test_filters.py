"""Filters of models and versions: what each term means in the database."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import (
    Experiment,
    Key,
    KeyKind,
    LoggedModel,
    LoggedModelMetric,
    Metric,
    ModelAlias,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelStar,
    RegisteredModelTag,
    Run,
    User,
    Workspace,
)
from runs.search.registry import filter_versions, find_models
from studio.core.errors import InvalidFilter
from studio.core.filters.registry_fields import MODEL_FIELDS, VERSION_FIELDS
from tests.access.people import space

pytestmark = pytest.mark.django_db

DAY = 86_400_000
NOW = 1_800_000_000_000


def add_model(workspace: Workspace, name: str, **more: object) -> RegisteredModel:
    values = {"created": NOW - 9 * DAY, "updated": NOW - DAY, **more}
    return RegisteredModel.objects.create(workspace=workspace, name=name, **values)


def add_version(model: RegisteredModel, number: int, **more: object) -> ModelVersion:
    values = {"created": NOW, "updated": NOW, **more}
    return ModelVersion.objects.create(model=model, number=number, **values)


@pytest.fixture
def models(workspace: Workspace, owner: User, run: Run) -> list[RegisteredModel]:
    digits = add_model(
        workspace,
        "digits",
        created_by=owner,
        version_count=3,
        latest_version=7,
        description="Handwritten numbers",
    )
    speech = add_model(workspace, "Speech-2", created=NOW - DAY, updated=NOW)
    RegisteredModelTag.objects.create(model=speech, key="stage", value="Paper")
    RegisteredModelStar.objects.create(model=digits, user=owner)
    version = add_version(digits, 7, files_run=run)
    ModelAlias.objects.create(model=digits, version=version, name="champion", moved=NOW)
    return [digits, speech]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Speech-2 digits"),
        ("name:digits", "digits"),
        ('name like "Sp%"', "Speech-2"),
        ('name not like "Sp%"', "digits"),
        ("speech", "Speech-2"),
        ("handwritten", "digits"),
        ("paper", "Speech-2"),
        ("@champion", "digits"),
        ("description:numbers", "digits"),
        ("description is null", "Speech-2"),
        ("created:-7d", "Speech-2"),
        ("updated < -12h", "digits"),
        ("registered_by:me", "digits"),
        ("-registered_by:me", "Speech-2"),
        ("registered_by is null", "Speech-2"),
        ("versions:>2", "digits"),
        ("versions:0..2", "Speech-2"),
        ("latest = 7", "digits"),
        ("alias:champion", "digits"),
        ("alias:@champion|other", "digits"),
        ("-alias:champion", "Speech-2"),
        ("alias is null", "Speech-2"),
        ("is:starred", "digits"),
        ("starred:false", "Speech-2"),
        ("tag:stage", "Speech-2"),
        ("-tag:stage", "digits"),
        ('tags.stage ilike "pap%"', "Speech-2"),
        ("tags.stage != Paper", "digits"),
        ("name:digits or tag:stage", "Speech-2 digits"),
        ("not (name:digits or tag:none)", "Speech-2"),
    ],
)
def test_a_filter_of_models(
    models: list[RegisteredModel],
    workspace: Workspace,
    owner: User,
    text: str,
    expected: str,
) -> None:
    page = find_models(owner, workspace, text=text, sort="name", now=NOW)
    names = sorted(row.model.name for row in page.rows)
    assert " ".join(names) == expected
    assert page.total == len(names)


def test_models_of_another_workspace_are_not_found(
    models: list[RegisteredModel], owner: User
) -> None:
    other = space("other")
    assert not find_models(owner, other, text="champion or digits").rows


@pytest.fixture
def versions(
    models: list[RegisteredModel], experiment: Experiment, run: Run, owner: User
) -> RegisteredModel:
    digits, workspace = models[0], run.workspace
    logged = LoggedModel.objects.create(
        workspace=workspace,
        experiment=experiment,
        model_id="m-1",
        name="net",
        created=NOW,
        updated=NOW,
    )
    LoggedModelMetric.objects.create(
        model=logged, run=run, key="acc", value=0.9, time=NOW
    )
    key = Key.objects.create(workspace=workspace, kind=KeyKind.METRIC, name="acc")
    Metric.objects.create(run=run, key=key, count=1, last=0.5)
    second = add_version(
        digits, 8, logged_model=logged, run=run, size=2000, created_by=owner
    )
    ModelVersionTag.objects.create(version=second, key="validated", value="yes")
    add_version(
        digits, 9, files_run=run, run=run, stage="Production", created=NOW - 9 * DAY
    )
    return digits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [7, 8, 9]),
        ("version:>=8", [8, 9]),
        # The id of the run, which version 9 has, can contain an 8.
        ("8 stage:none", [8]),
        ("alias:champion", [7]),
        ("alias is null", [8, 9]),
        ("stage:production", [9]),
        ("stage != production", [7, 8]),
        ("size:>1000", [8]),
        ("size is null", [7, 9]),
        ("created < -7d", [9]),
        ("registered_by:me", [8]),
        ("tag:validated=yes", [8]),
        ("run is null", [7]),
        ("metrics.acc > 0.8", [8]),
        ("metrics.acc:0.4..0.6", [9]),
        ("metric:acc", [8, 9]),
        ("metrics.acc is null", [7]),
        ("metrics.acc != 0.5", [7, 8]),
        ("description is null version:8", [8]),
    ],
)
def test_a_filter_of_versions(
    versions: RegisteredModel, owner: User, text: str, expected: list[int]
) -> None:
    rows = ModelVersion.objects.filter(model=versions)
    found = filter_versions(rows, text, owner, NOW)
    assert sorted(found.values_list("number", flat=True)) == expected


def test_the_run_of_a_version_is_found_by_id_and_name(
    versions: RegisteredModel, owner: User, run: Run
) -> None:
    rows = ModelVersion.objects.filter(model=versions)
    for text in (f"run:{run.run_id}", f'run = "{run.name}"', f'"{run.run_id}"'):
        found = filter_versions(rows, text, owner, NOW)
        assert sorted(found.values_list("number", flat=True)) == [8, 9]


def test_only_the_last_value_of_a_metric_can_be_compared(
    versions: RegisteredModel, owner: User
) -> None:
    with pytest.raises(InvalidFilter) as caught:
        filter_versions(
            ModelVersion.objects.all(), "size:>1 metrics.acc.max > 1", owner, NOW
        )
    assert caught.value.details["position"] == 8


OPERANDS = {
    "text": '"a"',
    "number": "3",
    "time": "2026-11-24",
    "boolean": "true",
}
#: Each operator with a value for `%s`.
WRITTEN = {
    "in": "in (%s)",
    "not in": "not in (%s)",
    "is null": "is null",
    "is not null": "is not null",
}


@pytest.mark.parametrize("catalog", [MODEL_FIELDS, VERSION_FIELDS])
def test_every_operator_of_every_field_is_answered(
    versions: RegisteredModel, owner: User, catalog: object
) -> None:
    assert catalog in (MODEL_FIELDS, VERSION_FIELDS)
    fields = MODEL_FIELDS if catalog is MODEL_FIELDS else VERSION_FIELDS
    for spec in [*fields.attributes.values(), *fields.keyed.values()]:
        name = spec.name.replace("<key>", "acc")
        value = OPERANDS[spec.value_type]
        for op in spec.operators:
            text = f"{name} {WRITTEN.get(op, op + ' %s')}".replace("%s", value)
            if op == "between":
                text = f"{name}:{value}..{value}"
            if fields is MODEL_FIELDS:
                find_models(owner, versions.workspace, text=text, now=NOW)
            else:
                rows = ModelVersion.objects.filter(model=versions)
                list(filter_versions(rows, text, owner, NOW))


def test_a_page_costs_a_fixed_number_of_queries(
    workspace: Workspace, owner: User
) -> None:
    def cost(count: int, text: str = "", sort: str = "-updated") -> int:
        for number in range(count):
            model = add_model(workspace, f"m{count}-{number}")
            RegisteredModelTag.objects.create(model=model, key="k", value="v")
        with CaptureQueriesContext(connection) as captured:
            find_models(owner, workspace, text=text, sort=sort, now=NOW)
        return len(captured)

    cost(1)
    few = cost(2, text="m tag:k", sort="name")
    # PostgreSQL adds its time limit.
    assert cost(20, text="m tag:k", sort="name") == few <= 8
