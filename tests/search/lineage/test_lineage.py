"""What a lineage finds, what it leaves out, and how many queries that costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from pytest_django.asserts import assertNumQueries

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.models import Dataset, Experiment, LoggedModel, Run, Workspace
from runs.search.lineage import (
    MAX_NODES,
    MAX_PER_STEP,
    MAX_STEPS,
    LeftOut,
    Lineage,
    LineageKind,
    lineage_of,
)
from tests.parts.records import NOON
from tests.search.lineage.lineage_rows import LineageRows

Made = tuple[Any, ...]


@pytest.fixture
def rows(experiment: Experiment, actor: Actor) -> LineageRows:
    return LineageRows(experiment, actor)


@pytest.fixture
def chain(rows: LineageRows) -> Made:
    """A dataset, its run, the model, a version of it, and a run that reads it."""
    train, evaluate = rows.run("train"), rows.run("evaluate")
    dataset = rows.read_dataset(train, "digits", "training")
    model = rows.write_model(train, "classifier")
    rows.read_model(evaluate, model)
    return dataset, train, model, rows.version("digits", model), evaluate


def names(nodes: Iterable[Any]) -> list[tuple[int, str]]:
    return sorted(
        (node.column, str(getattr(node.subject, "name", "v"))) for node in nodes
    )


def edges(lineage: Lineage) -> set[tuple[str, str, str]]:
    kinds = {node.key: node.kind.value for node in lineage.nodes}
    return {(kinds[e.source], kinds[e.target], e.label) for e in lineage.edges}


CHAIN = {
    ("dataset", "run", "training"),
    ("run", "model", ""),
    ("model", "run", ""),
    ("model", "version", ""),
}


def test_a_model_leads_back_to_data_and_on_to_its_readers(
    chain: Made, workspace: Workspace
) -> None:
    lineage = lineage_of(workspace, models=[chain[2].pk])
    assert names(lineage.nodes) == [
        (-2, "digits"),
        (-1, "train"),
        (0, "classifier"),
        (1, "evaluate"),
        (1, "v"),
    ]
    assert edges(lineage) == CHAIN
    assert not lineage.left_out


@pytest.mark.parametrize(
    ("kind", "place"), [("datasets", 0), ("runs", 1), ("models", 2)]
)
def test_the_same_chain_is_found_from_each_of_its_nodes(
    chain: Made, workspace: Workspace, kind: str, place: int
) -> None:
    assert edges(lineage_of(workspace, **{kind: [chain[place].pk]})) == CHAIN


def test_a_version_leads_back_to_its_data(chain: Made, workspace: Workspace) -> None:
    lineage = lineage_of(workspace, versions=[chain[3].pk])
    assert [column for column, _name in names(lineage.nodes)] == [-3, -2, -1, 0]


def test_a_run_that_reads_its_own_model_makes_no_circle(
    rows: LineageRows, workspace: Workspace
) -> None:
    run = rows.run("train")
    model = rows.write_model(run, "classifier")
    rows.read_model(run, model)
    lineage = lineage_of(workspace, runs=[run.pk])
    assert edges(lineage) == {("run", "model", "")}


def test_what_is_in_the_trash_is_left_out(chain: Made, workspace: Workspace) -> None:
    _dataset, train, model, _version, evaluate = chain
    Run.objects.filter(pk__in=[train.pk, evaluate.pk]).update(deleted=NOON)
    assert names(lineage_of(workspace, models=[model.pk]).nodes) == [
        (0, "classifier"),
        (1, "v"),
    ]
    LoggedModel.objects.filter(pk=model.pk).update(deleted=NOON)
    assert not lineage_of(workspace, models=[model.pk]).nodes


def test_an_experiment_in_the_trash_takes_its_runs_out(
    chain: Made, workspace: Workspace, experiment: Experiment
) -> None:
    Experiment.objects.filter(pk=experiment.pk).update(deleted=NOON)
    assert not lineage_of(workspace, models=[chain[2].pk]).nodes


def test_what_is_in_the_trash_is_not_counted_as_left_out(
    rows: LineageRows, workspace: Workspace
) -> None:
    runs = [rows.run(f"r{n}") for n in range(MAX_PER_STEP + 3)]
    for run in runs:
        dataset = rows.read_dataset(run, "digits")
    Run.objects.filter(pk__in=[run.pk for run in runs[-3:]]).update(deleted=NOON)
    lineage = lineage_of(workspace, datasets=[dataset.pk])
    assert len(lineage.nodes) == MAX_PER_STEP + 1
    assert not lineage.left_out


def test_a_dataset_of_an_experiment_in_the_trash_is_left_out(
    chain: Made, rows: LineageRows, actor: Actor
) -> None:
    dataset, train = chain[:2]
    workspace = rows.experiment.workspace
    other = create_experiment(workspace, "other", actor=actor, now=NOON)
    Dataset.objects.filter(pk=dataset.pk).update(experiment=other)
    Experiment.objects.filter(pk=other.pk).update(deleted=NOON)
    lineage = lineage_of(workspace, runs=[train.pk])
    assert LineageKind.DATASET not in {node.kind for node in lineage.nodes}


def test_another_workspace_shares_no_node(chain: Made) -> None:
    other = Workspace.objects.create(name="other")
    for kind, place in (("datasets", 0), ("runs", 1), ("models", 2), ("versions", 3)):
        assert not lineage_of(other, **{kind: [chain[place].pk]}).nodes


def test_models_with_the_same_id_in_other_workspaces_are_not_mixed_up(
    chain: Made, rows: LineageRows, actor: Actor
) -> None:
    other = Workspace.objects.create(name="other")
    foreign = LineageRows(create_experiment(other, "e", actor=actor, now=NOON), actor)
    foreign.read_model(foreign.run("spy"), chain[2])
    lineage = lineage_of(rows.experiment.workspace, models=[chain[2].pk])
    assert (1, "spy") not in names(lineage.nodes)


def test_a_step_shows_the_newest_and_counts_the_rest(
    rows: LineageRows, workspace: Workspace
) -> None:
    runs = [rows.run(f"r{n}") for n in range(MAX_PER_STEP + 3)]
    for run in runs:
        dataset = rows.read_dataset(run, "digits")
    lineage = lineage_of(workspace, datasets=[dataset.pk])
    shown = {node.key[1] for node in lineage.nodes if node.kind is LineageKind.RUN}
    assert shown == {run.pk for run in runs[3:]}
    assert lineage.left_out == (LeftOut(1, LineageKind.RUN, 3),)


def test_a_long_chain_ends_after_some_steps(
    rows: LineageRows, workspace: Workspace
) -> None:
    first = run = rows.run("r0")
    for n in range(1, MAX_STEPS):
        model = rows.write_model(run, f"m{n}")
        run = rows.run(f"r{n}")
        rows.read_model(run, model)
    lineage = lineage_of(workspace, runs=[first.pk])
    assert max(node.column for node in lineage.nodes) == MAX_STEPS
    assert lineage.left_out == (LeftOut(MAX_STEPS + 1, LineageKind.MODEL, 1),)


def test_a_start_with_many_versions_has_a_limit(
    rows: LineageRows, workspace: Workspace
) -> None:
    model = rows.write_model(rows.run("train"), "classifier")
    versions = [rows.version("digits", model, n) for n in range(1, MAX_NODES + 3)]
    lineage = lineage_of(workspace, versions=[each.pk for each in versions])
    assert len(lineage.nodes) == MAX_NODES
    assert lineage.left_out[0] == LeftOut(0, LineageKind.VERSION, 2)


def test_a_lineage_of_nothing_is_empty(workspace: Workspace) -> None:
    with assertNumQueries(0):
        assert lineage_of(workspace) == Lineage()


def test_the_number_of_queries_does_not_depend_on_the_number_of_runs(
    rows: LineageRows, workspace: Workspace, django_assert_num_queries: Any
) -> None:
    for n in range(3):
        dataset = rows.read_dataset(rows.run(f"r{n}"), "digits")
    with django_assert_num_queries(6):
        lineage_of(workspace, datasets=[dataset.pk])
    for n in range(3, 30):
        rows.read_dataset(rows.run(f"r{n}"), "digits")
    with django_assert_num_queries(6):
        lineage_of(workspace, datasets=[dataset.pk])
