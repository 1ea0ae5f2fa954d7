"""Rows of lineages: runs that read datasets and models, and write models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runs.actions.actor import SERVER, Actor
from runs.actions.ingest import (
    DatasetUse,
    create_logged_model,
    log_run_inputs,
    log_run_outputs,
)
from runs.actions.run.runs import create_run
from runs.models import (
    Dataset,
    Experiment,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
)
from tests.parts.records import NOON


@dataclass(frozen=True)
class LineageRows:
    """Makes the rows of one experiment."""

    experiment: Experiment
    actor: Actor

    def run(self, run_id: str, **given: Any) -> Run:
        given = {"run_id": run_id, "name": run_id, "now": NOON, **given}
        return create_run(self.experiment, actor=self.actor, **given)

    def read_dataset(self, run: Run, name: str, context: str = "") -> Dataset:
        """The dataset; the first call makes it."""
        tags = (("mlflow.data.context", context),) if context else ()
        use = DatasetUse(name, f"d-{name}", "local", '{"uri": "a.csv"}', tags=tags)
        log_run_inputs(run, [use], (), actor=SERVER, now=NOON)
        return Dataset.objects.get(experiment=self.experiment, name=name)

    def write_model(self, run: Run, name: str, **given: Any) -> LoggedModel:
        model = create_logged_model(
            self.experiment,
            name,
            actor=self.actor,
            now=NOON,
            source_run_id=run.run_id,
            **given,
        )
        log_run_outputs(run, {model.model_id: 0}, actor=SERVER, now=NOON)
        return model

    def read_model(self, run: Run, model: LoggedModel) -> None:
        log_run_inputs(run, (), [model.model_id], actor=SERVER, now=NOON)

    def version(self, name: str, model: LoggedModel, number: int = 1) -> ModelVersion:
        registered, _ = RegisteredModel.objects.get_or_create(
            workspace=self.experiment.workspace,
            name=name,
            defaults={"created": NOON, "updated": NOON},
        )
        return ModelVersion.objects.create(
            model=registered,
            number=number,
            source=f"models:/{model.model_id}",
            logged_model=model,
            run=model.source_run,
            created=NOON,
            updated=NOON,
        )
