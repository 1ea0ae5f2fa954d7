"""Generated runs that look like real ones; the same seed gives the same runs.

The distribution is skewed. Two keys of each kind are in every run, eight in many, and
990 in few. Half of all runs are in one experiment, and a fifth are children. A fixed
small number of runs, at any total, matches the rare queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from runs.api.mlflow.replies import NOTE_TAG, PARENT_TAG, USER_TAG
from runs.api.mlflow.runs import SOURCE_NAME_TAG, SOURCE_TYPE_TAG
from studio.core.statuses import RunStatus

#: 1 January 2026 and 300 days later, in milliseconds: what the runs are spread over.
FIRST, SPAN = 1_767_225_600_000, 300 * 24 * 3_600_000
#: Runs come in blocks of one experiment; the first of a block has the children.
BLOCK = 20
EXPERIMENTS = 100
CURVES = 20_000
RARE = 5

RARE_TAG = ("quality", "fantastic run")
RARE_WORD, RARE_NAME = "zanzibar", "翡翠"
#: Set on every child that is a fold, and on nothing else.
CHILD_TAG = ("role", "fold")
LONG_METRIC = "long/loss"

_ALWAYS = {
    "metrics": ("loss", "acc"),
    "params": ("lr", "batch_size"),
    "tags": ("team", "stage"),
}
_COMMON_KEYS = {
    "metrics": "val/loss val/acc f1 auc mae grad_norm epoch_time gpu_memory".split(),
    "params": "optimizer model epochs dropout seed weight_decay warmup dtype".split(),
    "tags": "dataset release host gpu reviewed ticket cluster branch".split(),
}
_WORDS = (
    "baseline retry ablation sweep augmented frozen encoder decoder pretrained "
    "scheduler cosine warm restart larger smaller batch noisy clean labels tokens "
    "dropout residual attention quantized distilled pruned mixed precision nightly "
    "resnet bert whisper yolo unet transformer gradient clipping early stopping"
).split()
_CHINESE = (
    "图像 分类 语音 识别 机器 翻译 推荐 系统 数据 清洗 模型 蒸馏 目标 检测 文本 摘要"
).split()
_VALUES = {
    "team": ("vision", "vision", "vision", "nlp", "nlp", "speech", "中文组"),
    "stage": ("dev", "dev", "dev", "test", "production"),
    "lr": ("0.1", "0.01", "0.01", "0.003", "0.001", "0.001", "0.0003", "1e-5"),
    "batch_size": ("16", "32", "32", "64", "64", "128", "256"),
    "optimizer": ("adam", "adamw", "adamw", "sgd", "lion"),
    "model": ("resnet50", "resnet50", "resnet18", "bert-base", "whisper", "残差网络"),
}


@dataclass(frozen=True)
class Curve:
    """A series: step, milliseconds after the run's start, value."""

    points: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Invented:
    """One run: `given` are the tags that it starts with; its script sets `tags`."""

    index: int
    run_id: str
    experiment: int
    name: str
    started: int
    ended: int
    status: RunStatus
    parent: int | None
    given: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)


def experiment_names() -> list[str]:
    """The first one holds half of all runs."""
    rest = [
        f"{_CHINESE[n % 16]}{_CHINESE[n * 7 % 16]} {n}"
        if n % 5 == 0
        else f"{_WORDS[n % len(_WORDS)]}-{n}"
        for n in range(1, EXPERIMENTS)
    ]
    return ["digits", *rest]


@cache
def curves(seed: int) -> list[Curve]:
    chance = Random(f"{seed} curves")
    return [_curve(chance) for _ in range(CURVES)]


def _curve(chance: Random) -> Curve:
    count = chance.choice((1, 2, 3, 3, 4))
    values = [round(chance.random() ** 2, 6) for _ in range(count)]
    luck = chance.random()
    if luck < 0.01:
        values[-1] = float("nan")
    elif luck < 0.012:
        values[0] = float("inf")
    return Curve(
        tuple((step * 10, 1000 + step * 500, v) for step, v in enumerate(values))
    )


def invent(total: int, seed: int = 1) -> Iterator[Invented]:
    """The runs in order of arrival."""
    rare = {(2 * place + 1) * total // (2 * RARE) for place in range(RARE)}
    for block in range(-(-total // BLOCK)):
        chance = Random(f"{seed} {block}")
        experiment = 0 if block % 2 else int(1 + 99 * chance.random() ** 3)
        first = block * BLOCK
        for index in range(first, min(first + BLOCK, total)):
            parent = _parent(block, index, chance)
            yield _run(index, total, seed, experiment, parent, chance, index in rare)


def _parent(block: int, index: int, chance: Random) -> int | None:
    """A sweep of four runs in most blocks, of nineteen in some; some go two deep."""
    place = index % BLOCK
    size = 19 if block % 50 == 1 else 0 if block % 50 < 5 else 4
    if not 0 < place <= size:
        return None
    return index - (1 if place > 1 and chance.random() < 0.1 else place)


def run_id(seed: int, index: int) -> str:
    return f"{(index + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}{seed:08x}{index:08x}"


def _run(
    index: int,
    total: int,
    seed: int,
    experiment: int,
    parent: int | None,
    chance: Random,
    rare: bool,
) -> Invented:
    started = FIRST + index * (SPAN // total)
    tags = _texts("tags", 4, chance)
    if parent is not None:
        tags = {**dict(list(tags.items())[:3]), CHILD_TAG[0]: CHILD_TAG[1]}
    if rare:
        tags = {**dict(list(tags.items())[:3]), RARE_TAG[0]: RARE_TAG[1]}
    given = dict(list(tags.items())[:2])
    return Invented(
        index=index,
        run_id=run_id(seed, index),
        experiment=experiment,
        name=_name(index, chance, rare),
        started=started,
        ended=started + int(10_000 * 1000 ** chance.random()),
        status=_status(index, total, chance),
        parent=parent,
        given={**given, **_special(seed, parent, chance, rare)},
        tags={key: value for key, value in tags.items() if key not in given},
        params=_texts("params", 5, chance),
        series={key: chance.randrange(CURVES) for key in _keys("metrics", 5, chance)},
    )


def _special(
    seed: int, parent: int | None, chance: Random, rare: bool
) -> dict[str, str]:
    """What clients add by themselves, and the description of some runs."""
    found = {USER_TAG: "ada", SOURCE_TYPE_TAG: "LOCAL", SOURCE_NAME_TAG: "train.py"}
    if parent is not None:
        found[PARENT_TAG] = run_id(seed, parent)
    if rare or chance.random() < 0.3:
        found[NOTE_TAG] = _note(chance) + (f" {RARE_WORD}" if rare else "")
    return found


def _note(chance: Random) -> str:
    words = [_word(chance) for _ in range(chance.randrange(4, 25))]
    if chance.random() < 0.1:
        words.append("".join(chance.choices(_CHINESE, k=4)))
    return " ".join(words).capitalize() + "."


def _word(chance: Random) -> str:
    return _WORDS[int(len(_WORDS) * chance.random() ** 2)]


def _name(index: int, chance: Random, rare: bool) -> str:
    if rare:
        return f"{RARE_NAME}-{index}"
    kind = chance.random()
    if kind < 0.1:
        return f"{''.join(chance.choices(_CHINESE, k=2))}-{index}"
    if kind < 0.15:
        return f"Überprüfung {index}"
    return f"{_word(chance)}_{_word(chance)}_{index:x}"


def _status(index: int, total: int, chance: Random) -> RunStatus:
    luck = chance.random()
    if luck < 0.005 or index >= total - 3:
        return RunStatus.RUNNING
    if luck < 0.1:
        return RunStatus.FAILED
    return RunStatus.CANCELED if luck < 0.14 else RunStatus.COMPLETED


def _texts(kind: str, count: int, chance: Random) -> dict[str, str]:
    return {key: _value(key, chance) for key in _keys(kind, count, chance)}


def _keys(kind: str, count: int, chance: Random) -> list[str]:
    """Two that every run has (but for one in thirty), one of eight, and seldom ones."""
    keys = [key for key in _ALWAYS[kind] if chance.random() > 0.03]
    keys.append(chance.choice(_COMMON_KEYS[kind]))
    while len(keys) < count:
        key = f"{kind[:-1]}_{int(990 * chance.random() ** 6):03d}"
        if key not in keys:
            keys.append(key)
    return keys


def _value(key: str, chance: Random) -> str:
    if key in _VALUES:
        return chance.choice(_VALUES[key])
    luck = chance.random()
    if luck < 0.02:
        return ""
    if luck < 0.5:
        return str(int(10 ** (4 * chance.random())))
    return f"{_word(chance)} {_word(chance)}"
