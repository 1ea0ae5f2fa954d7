"""The runs of the list's browser tests: sixty, few enough to know by heart.

- experiment `digits`: `digits-01` … `digits-46`, one after the other
- experiment `/Shared/yolo v8`: `蒸馏 teacher`, and six runs with the tag values of
  `SPECIAL_VALUES`
- experiment `sweeps`: `sweep` with six children `sweep-1` … `sweep-6`
"""

from __future__ import annotations

from typing import Any

from tests.parts.server import Server
from tests.parts.wire import Connection

START = 1_795_000_000_000
#: Tag `model` of the digits: how many runs in a row have each; none for the rest.
MODELS = {"resnet50": 20, "resnet18": 12, "wide_resnet50_2": 8, "regnet_y_8gf": 2}
DIGITS = 46
#: Of every eight digits in a row.
STATUSES = (
    "Completed Completed Completed Completed Completed Failed Canceled Running"
).split()
#: Values of tag `odd` that quotes, addresses and pages are easily wrong about.
SPECIAL_VALUES = (
    'it\'s "quoted" `so`',
    "a & b = c?d#e+f%20g",
    "(x|y), z: <b>1</b>",
    "C:\\data\\n",
    "emoji 🧪 и кириллица",
    "  spaces  ",
)


def fill(server: Server) -> None:
    link = Connection(server)
    for number in range(1, DIGITS + 1):
        _digit(link, number)
    _run(link, "/Shared/yolo v8", "蒸馏 teacher", tags={"distill": None})
    for number, value in enumerate(SPECIAL_VALUES):
        _run(link, "/Shared/yolo v8", f"odd-{number}", tags={"odd": value})
    _run(link, "sweeps", "sweep", tags={"sweep": None}, id="sweep")
    for number in range(1, 7):
        child = {"id": f"sweep-{number}", "parent": "sweep"}
        run = _run(link, "sweeps", f"sweep-{number}", **child)
        _metric(link, run, "acc", number / 10)
        _end(link, run, "Failed" if number == 3 else "Completed")


def _digit(link: Connection, number: int) -> None:
    models = [name for name, count in MODELS.items() for _ in range(count)]
    tags: dict[str, str | None] = {"seed": str(number % 5)}
    if number <= len(models):
        tags["model"] = models[number - 1]
    run = _run(
        link,
        "digits",
        f"digits-{number:02}",
        id=f"digits-{number:02}",
        tags=tags,
        params={"lr": str(10.0 ** -(number % 4)), "epochs": str(10 * number)},
        properties={"author": "azureml-user"},
        target="local" if number % 2 else "gpu-1",
        script="train.py",
    )
    if number % 3:
        _metric(link, run, "acc", 0.5 + number / 100)
        _metric(link, run, "val/loss", 2 - number / 50)
    status = STATUSES[number % len(STATUSES)]
    if status != "Running":
        _end(link, run, status, START + 60_000 * number)


def _run(link: Connection, experiment: str, name: str, **more: Any) -> str:
    body = {"experiment": experiment, "name": name, "started": START, **more}
    made: str = link.rest("POST", "/runs", body)["id"]
    return made


def _metric(link: Connection, run: str, key: str, value: float) -> None:
    points = [
        {"key": key, "value": value * share, "step": step}
        for step, share in enumerate((0.5, 1.0))
    ]
    body = {"writer": "w", "sequence": hash_of(key), "points": points}
    link.rest("POST", f"/runs/{run}/metrics", body)


def hash_of(key: str) -> int:
    """A number of its own for each key, since a batch is applied once."""
    return sum(key.encode())


def _end(link: Connection, run: str, status: str, ended: int = START + 60_000) -> None:
    link.rest("POST", f"/runs/{run}/status", {"status": status, "ended": ended})
