"""A workspace as a team fills it: 400 runs of two members in two weeks.

- `gpt-125m`: three sweeps of 40 child runs, whose names begin with the same words
- `cifar10-resnet`: 24 settings with five seeds each
- `中文新闻分类`: 60 runs with Chinese names and tags
- `diffusion`: 40 runs with long names; each fifth one has diverged
- `data-checks`: 55 runs without metrics, some failed
- one run that is active, and one that was submitted from a snapshot

The same seed makes the same runs, apart from their ids and times.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from runs.actions.actor import Actor
from runs.actions.experiments import create_experiment
from runs.actions.files import save_uploaded_sources
from runs.actions.ingest import Point
from runs.actions.ingest.points_and_params import log_batch
from runs.actions.run import change_status, create_run, set_metric_goal
from runs.actions.submit import submit_run
from runs.models import Experiment, Member, Role, Run, User, Workspace, now_ms
from studio.core.statuses import RunStatus
from studio.sdk.snapshot_archive import list_sources, write_archive

WORKSPACE = "team"
#: Fills the database of a server's home.
SCRIPT = """
import django; django.setup()
from tests.e2e.team.team_runs import fill
fill(7)
"""
DAY = 86_400_000
SETTINGS, SEEDS, SWEEPS, CHILDREN = 24, 5, 3, 40


@dataclass(frozen=True)
class Team:
    """Who logs where, and the numbers that chance decides."""

    workspace: Workspace
    mei: Actor
    anneke: Actor
    chance: random.Random
    now: int

    def experiment(self, name: str) -> Experiment:
        since = self.now - 14 * DAY
        return create_experiment(self.workspace, name, actor=self.mei, now=since)

    def past(self, days: float) -> int:
        return self.now - int((days + self.chance.random()) * DAY)


@transaction.atomic
def fill(seed: int) -> None:
    workspace = Workspace.objects.create(name=WORKSPACE)
    owner = Member.objects.filter(role=Role.OWNER)[0].user
    anneke = User.objects.create(username="anneke", display_name="Anneke Weber")
    for user, role in ((owner, Role.OWNER), (anneke, Role.CONTRIBUTOR)):
        Member.objects.create(workspace=workspace, user=user, role=role)
    chance = random.Random(seed)
    team = Team(workspace, Actor(owner), Actor(anneke), chance, now_ms())
    add_checks(team)
    add_news(team)
    add_diffusion(team)
    add_resnets(team)
    add_sweeps(team)
    goals = [("val/acc", True), ("val/loss", False)]
    for key, is_higher in goals:
        every = list(Experiment.objects.filter(workspace=workspace))
        set_metric_goal(workspace, every, key, is_higher, actor=team.mei, now=team.now)
    add_active(team)
    add_submitted(team)


def add_checks(team: Team) -> None:
    experiment = team.experiment("data-checks")
    for number in range(55):
        is_failed = number % 6 == 1
        marks = {"worth another look": None} if is_failed else {}
        create_run(
            experiment,
            name=f"check shard {number:03d}",
            status=RunStatus.FAILED if is_failed else RunStatus.COMPLETED,
            started=(then := team.past(13 - number / 5)),
            tags={"kind": "check", **marks},
            actor=team.anneke if number % 2 else team.mei,
            now=then,
        )


def add_news(team: Team) -> None:
    experiment = team.experiment("中文新闻分类")
    models = ("基线", "预训练模型微调", "数据增强", "知识蒸馏")
    for number in range(60):
        model = models[number % len(models)]
        best = 0.8 + 0.04 * (number % 4) + team.chance.gauss(0, 0.01)
        _add_trained(
            team,
            experiment,
            f"{model} 第{number // 4 + 1}次",
            {"model": model, "max_length": str(128 * (1 + number % 3))},
            _curves(team.chance, best, 12),
            tags={"数据集": "新闻", "datetime_started": "2026-11-24T10:00:00"},
            past=team.past(9 - number / 10),
        )


def add_diffusion(team: Team) -> None:
    experiment = team.experiment("diffusion")
    for number in range(40):
        lr = 10 ** team.chance.uniform(-5, -2)
        points = _curves(team.chance, 0.6, 30)
        if number % 5 == 0:
            points["val/loss"][20:] = [10.0 ** (30 * i) for i in range(1, 10)] + [
                math.nan
            ]
        name = (
            "unet-large cosine-schedule ema=0.9999 v-prediction classifier-free-"
            f"guidance res=256 lr={lr:.2e} attempt {number}"
        )
        params = {"lr": f"{lr:.6g}", "ema": "0.9999", "schedule": "cosine"}
        _add_trained(
            team, experiment, name, params, points, past=team.past(7 - number / 8)
        )


def add_resnets(team: Team) -> None:
    experiment = team.experiment("cifar10-resnet")
    for setting in range(SETTINGS):
        lr, batch = (0.3, 0.1, 0.03, 0.01)[setting % 4], (64, 128, 256)[setting % 3]
        wide = ("1", "2")[setting % 2]
        best = 0.9 - abs(math.log10(lr) + 1) * 0.05 - setting * 0.001
        for seed in range(SEEDS):
            params = {"lr": str(lr), "batch_size": str(batch), "width": wide}
            _add_trained(
                team,
                experiment,
                f"resnet18 lr={lr} bs={batch} seed={seed}",
                {**params, "setting": f"s{setting:02d}", "seed": str(seed)},
                _curves(team.chance, best + team.chance.gauss(0, 0.004), 30),
                tags={"team": "vision"},
                past=team.past(5 - setting / 6),
            )


def add_sweeps(team: Team) -> None:
    experiment = team.experiment("gpt-125m")
    for sweep in range(SWEEPS):
        since = team.past(3 - sweep)
        parent = create_run(
            experiment,
            name=f"gpt-125m sweep {sweep + 1}",
            status=RunStatus.COMPLETED,
            started=since,
            actor=team.mei,
            now=since,
        )
        for _number in range(CHILDREN):
            lr = 10 ** team.chance.uniform(-4.5, -2.5)
            layers = team.chance.choice((6, 12, 24))
            best = 0.45 - 0.08 * abs(math.log10(lr) + 3.3) + layers * 0.002
            _add_trained(
                team,
                experiment,
                f"gpt-125m tokens=5B layers={layers} lr={lr:.2e}",
                {"lr": f"{lr:.6g}", "layers": str(layers), "tokens": "5B"},
                _curves(team.chance, best, 25),
                parent=parent.run_id,
                past=since,
            )


def add_active(team: Team) -> None:
    run = create_run(
        Experiment.objects.get(workspace=team.workspace, name="gpt-125m"),
        name="gpt-125m tokens=50B, long one",
        started=team.now - 3_600_000,
        actor=team.mei,
        now=team.now - 3_600_000,
    )
    _log(run, {"lr": "0.0006"}, _curves(team.chance, 0.5, 15), team.mei, team.now)


def add_submitted(team: Team) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as archive:
        (Path(folder) / "train.py").write_text("print('trained')\n")
        write_archive(list_sources(Path(folder)), archive)
        archive.seek(0)
        snapshot = save_uploaded_sources(team.workspace, archive, now=team.now)
    submit_run(
        team.workspace,
        experiment="data-checks",
        name="nightly baseline",
        definition={"script": "train.py", "arguments": ["--lr", "0.1"]},
        snapshot=snapshot,
        target="local",
        actor=team.mei,
        now=team.now - 60_000,
    )


def _add_trained(
    team: Team,
    experiment: Experiment,
    name: str,
    params: Mapping[str, str],
    curves: Mapping[str, list[float]],
    *,
    past: int,
    tags: Mapping[str, str | None] | None = None,
    parent: str = "",
) -> None:
    actor = team.anneke if team.chance.random() < 0.3 else team.mei
    run = create_run(
        experiment,
        name=name,
        started=past,
        tags=tags,
        parent_run_id=parent,
        actor=actor,
        now=past,
    )
    _log(run, params, curves, actor, past)
    ended = past + int(team.chance.uniform(300_000, 20_000_000))
    is_failed = team.chance.random() < 0.06
    status = RunStatus.FAILED if is_failed else RunStatus.COMPLETED
    change_status(run, status, actor=actor, now=ended, ended=ended)


def _log(
    run: Run,
    params: Mapping[str, str],
    curves: Mapping[str, list[float]],
    actor: Actor,
    now: int,
) -> None:
    points = [
        Point(key, float(value), now + step * 10_000, step)
        for key, values in curves.items()
        for step, value in enumerate(values)
    ]
    log_batch(run, points, params, actor=actor, now=now)


def _curves(chance: random.Random, best: float, steps: int) -> dict[str, list[float]]:
    def noisy(values: Iterator[float]) -> list[float]:
        return [value + chance.gauss(0, 0.005) for value in values]

    rate = chance.uniform(0.1, 0.3)
    rising = [1 - math.exp(-rate * (step + 1)) for step in range(steps)]
    return {
        "epoch": [float(step) for step in range(steps)],
        "grad_norm": noisy(1 + 2 * (1 - each) for each in rising),
        "train/loss": noisy(2.5 * (1 - best * each) for each in rising),
        "val/acc": noisy(best * each for each in rising),
        "val/loss": noisy(2.5 * (1.05 - best * each) for each in rising),
    }
