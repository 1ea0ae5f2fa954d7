"""A registered model whose versions have metrics, data, files and aliases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from runs.actions.actor import Actor
from runs.actions.files import save_file
from runs.actions.ingest import (
    DatasetUse,
    Point,
    create_logged_model,
    log_metrics,
    log_run_inputs,
)
from runs.actions.registry import create_model, move_alias, register_version
from runs.actions.run import change_status, create_run, set_metric_goal
from runs.models import Experiment, LoggedModel, ModelVersion, RegisteredModel, Run
from studio.core.statuses import RunStatus

NAME = "cifar100-classifier"
ACCURACIES = (
    *(0.741, 0.752, 0.771, 0.769, 0.78, 0.793, 0.795),
    *(0.798, 0.801, 0.8049, 0.8131, 0.8137, 0.8092, 0.8213),
)
TENSOR = '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": %s}}]'
HOUR = 3_600_000


@dataclass(frozen=True)
class ModelWorld:
    model: RegisteredModel
    versions: Sequence[ModelVersion]


def make_world(
    experiment: Experiment, actor: Actor, now: int, count: int = 3
) -> ModelWorld:
    """Register `count` versions of `NAME`; the last but two is @champion.

    The last two were trained with newer packages and data.
    """
    workspace = experiment.workspace
    model = create_model(workspace, NAME, actor=actor, now=now)
    skipped = len(ACCURACIES) - count
    versions = [
        make_version(experiment, n + skipped, actor, now) for n in range(1, count + 1)
    ]
    for key, higher in (("val/acc", True), ("val/loss", False), ("latency", False)):
        set_metric_goal(workspace, [experiment], key, higher, actor=actor, now=now)
    notes = (("champion", 3, "Half the latency."), ("challenger", 1, "Best of week 47"))
    for alias, place, note in notes:
        if place <= count:
            move_alias(versions[-place], alias, note=note, actor=actor, now=now)
    model.refresh_from_db()
    return ModelWorld(model, versions)


def make_version(
    experiment: Experiment, number: int, actor: Actor, now: int
) -> ModelVersion:
    """Register what a run wrote; `number` decides what it logged."""
    now += number * 7 * HOUR
    run = make_run(experiment, number, actor, now)
    logged = make_logged_model(run, number, actor, now)
    return register_version(
        experiment.workspace,
        NAME,
        f"models:/{logged.model_id}",
        actor=actor,
        now=now,
    )


def make_run(experiment: Experiment, number: int, actor: Actor, now: int) -> Run:
    run = create_run(
        experiment,
        run_id=f"train-{number}",
        name=f"lr 0.{number:02}, wd 5e-4",
        actor=actor,
        now=now,
        started=now,
    )
    accuracy = ACCURACIES[number - 1]
    points = {
        "val/acc": accuracy,
        "val/loss": round(1.5 - accuracy, 3),
        "latency": 2.1 if number == 12 else 4.4,
    }
    log_metrics(
        run, [Point(k, v, now, 0) for k, v in points.items()], actor=actor, now=now
    )
    digest = "v7" if number > 12 else "v6"
    use = DatasetUse("cifar100-aug", digest, "local", "{}")
    log_run_inputs(run, [use], [], actor=actor, now=now)
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now, ended=now + HOUR)
    return run


def make_logged_model(run: Run, number: int, actor: Actor, now: int) -> LoggedModel:
    model = create_logged_model(
        run.experiment, "classifier", source_run_id=run.run_id, actor=actor, now=now
    )
    for path, text in documents(number).items():
        save_file(model, path, [text.encode()], actor=actor, now=now, limit=1 << 20)
    return model


def documents(number: int) -> dict[str, str]:
    """Return the files of a version: the newest differ in packages and flavors."""
    is_new = number > 12
    flavors = {"python_function": {"python_version": "3.11.9"}, "pytorch": {}}
    if is_new:
        flavors["onnx"] = {}
    signature = {
        "inputs": TENSOR % "[-1, 3, 32, 32]",
        "outputs": TENSOR % "[-1, 100]",
    }
    packages = ["torch==2.5.0", "timm==1.0.11", "onnx==1.17.0"] if is_new else []
    packages = packages or ["torch==2.4.1", "timm==1.0.9"]
    same = [f"package-{n}==1.{n}" for n in range(38)]
    return {
        # JSON is YAML, too.
        "MLmodel": json.dumps({"flavors": flavors, "signature": signature}),
        "requirements.txt": "\n".join([*packages, *same]),
        "data/model.pth": "x" * (2000 if is_new else 1000),
    }
