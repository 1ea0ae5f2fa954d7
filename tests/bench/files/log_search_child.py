"""The process of `log-search`: fills a database, indexes its logs, and searches."""

from __future__ import annotations

import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from runs.actions.log_index import LogIndexer  # noqa: E402
from runs.management.static_files import collect_if_changed  # noqa: E402
from runs.models import (  # noqa: E402
    Experiment,
    File,
    Member,
    Role,
    Run,
    User,
    Workspace,
    now_ms,
    path_key,
)
from runs.search.log_index import read_index_state  # noqa: E402
from runs.search.log_index.matching_runs import forget_read_blocks  # noqa: E402
from runs.storage.files import files  # noqa: E402
from studio.core.statuses import RunStatus  # noqa: E402

WORDS = (
    "loading checkpoint optimizer scheduler gradient tensor device shard dataset "
    "worker batch cache tokenizer validation metric improved saving model weights "
    "epoch learning rate warmup throughput samples memory allocated rank barrier nccl"
).split()
PATH = ("user_logs", "std_log.txt")
#: One run in this many has the rare text.
RARE_EVERY = 500
RARE = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"


def main(runs: int, megabytes: int) -> None:
    call_command("migrate", verbosity=0)
    collect_if_changed(settings.STATIC_ROOT)
    workspace, user = _fill(runs, megabytes * 1_000_000 // runs)
    blocks, seconds = 0, 0.0
    indexer, now = LogIndexer(seconds=20.0), now_ms()
    while found := _timed(lambda: indexer(now)):
        count, took = found
        blocks, seconds = blocks + count, seconds + took
        if not count:
            break
    state = read_index_state(workspace)
    _say(
        "index",
        seconds=seconds,
        MB_per_second=state.text_size / 1e6 / seconds,
        blocks=blocks,
        percent_of_text=100 * state.size / state.text_size,
    )
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    # The first request loads the templates.
    _page(client, "")
    for name, q in (
        ("rare text", "CUDA out of memory"),
        ("rare text, last week", 'log:"CUDA out of memory" created:-7d'),
        ("regular expression", 'log matches "OutOfMemory.*[0-9] GiB"'),
        ("no match", "segmentation fault"),
        ("text of every log", 'log:"INFO train.py"'),
    ):
        forget_read_blocks()
        for state_of_memory in ("first time", "again"):
            answer, took = _timed(partial(_page, client, q))
            _say(f"page, {name}, {state_of_memory}", ms=took * 1000, answer=answer)
    query = "/w/bench/runs/?q=log:%22CUDA+out+of+memory%22+created:-7d&group=status"
    answer, took = _timed(lambda: client.get(query).status_code)
    _say("run list in groups", ms=took * 1000, answer=answer)


def _page(client: Client, q: str) -> str:
    text = client.get("/w/bench/logs/", {"q": q}).content.decode()
    if " match" in text:
        return text.partition('log-total">')[2].partition(" run")[0]
    if "No line of an indexed log" in text:
        return "none"
    return "stopped"


def _fill(runs: int, size: int) -> tuple[Workspace, User]:
    workspace = Workspace.objects.create(name="bench")
    user = User.objects.create(username="bench")
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    now, chance = now_ms(), random.Random(1)
    experiment = Experiment.objects.create(
        workspace=workspace, name="bench", number=1, created=now, updated=now
    )
    pieces = [_piece(chance) for _ in range(4000)]
    for first in range(0, runs, 5000):
        numbers = range(first, min(first + 5000, runs))
        made = Run.objects.bulk_create(
            [
                Run(
                    workspace=workspace,
                    experiment=experiment,
                    run_id=f"run-{n}",
                    number=n + 1,
                    name=f"run {n}",
                    status=RunStatus.COMPLETED.code,
                    submitter=user,
                    created=now - (runs - n) * 60_000,
                    updated=now - (runs - n) * 60_000,
                )
                for n in numbers
            ]
        )
        rows = [
            _log(run, _text(chance, pieces, size, n), now)
            for n, run in zip(numbers, made, strict=True)
        ]
        File.objects.bulk_create(rows)
    return workspace, user


def _piece(chance: random.Random) -> str:
    lines = []
    for _ in range(12):
        step = chance.randrange(100_000)
        if chance.random() < 0.7:
            lines.append(
                f"2026-11-24 09:{step % 60:02}:{step % 59:02},{step % 1000:03} INFO "
                f"train.py:{step % 300} step {step} loss={chance.random():.4f} "
                f"lr={chance.random():.2e} {' '.join(chance.choices(WORDS, k=4))}\n"
            )
        else:
            bar = "█" * (step % 10)
            lines.append(f"\r{step % 100}%|{bar}| {step}/100000 [{step % 60}s]\n")
    return "".join(lines)


def _text(chance: random.Random, pieces: list[str], size: int, number: int) -> str:
    found, total = [f"run {uuid.UUID(int=chance.getrandbits(128))}\n"], 0
    while total < size:
        piece = chance.choice(pieces)
        found.append(piece)
        total += len(piece.encode())
    if number % RARE_EVERY == 0:
        found.append(RARE)
    return "".join(found)


def _log(run: Run, text: str, now: int) -> File:
    """A stored log, written without the sync of each file."""
    name, data = uuid.uuid4().hex, text.encode()
    path = files.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    folder, file = PATH
    key = path_key(f"{folder}/{file}")
    more: Any = {"folder": folder, "name": file, "path_key": key, "blob": name}
    return File(run=run, size=len(data), sha256="", created=now, **more)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def _say(name: str, **figures: float | int | str) -> None:
    print(json.dumps([name, figures]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
