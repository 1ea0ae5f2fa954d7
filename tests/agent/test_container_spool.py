"""What a container's script left to deliver can't reach what is outside of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.agent.job_folder import JobFolder
from studio.agent.leftovers import deliver_leftovers, has_leftovers
from studio.core.job_files import CONTAINER_SPOOL
from studio.sdk.client import Client
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import StagedFile, pack_file
from studio.sdk.delivery.writer_queues import WriterQueues
from tests.parts.server import Server

RUN = "of-a-container"


@pytest.fixture
def client(server: Server) -> Client:
    client = Client(server.url, server.token, "default")
    client.post("runs", {"id": RUN, "experiment": "leftovers"})
    return client


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    (tmp_path / "job" / "code").mkdir(parents=True)
    (tmp_path / "job" / "code" / "own.txt").write_text("own")
    (tmp_path / "secret.txt").write_text("of the machine")
    return JobFolder(tmp_path / "job")


def write_spool(job: JobFolder, client: Client) -> Path:
    """As a script can write it: with files that it could not read itself."""
    root = job.path / CONTAINER_SPOOL
    root.mkdir(exist_ok=True)
    folder = SpoolFolder.create(client.url, "default", "", RUN, root)
    (folder.path / "held" / "copy").write_text("copied")
    queues = WriterQueues(folder, is_live=True)
    secret = job.path.parent / "secret.txt"
    for path, held, source in (
        ("own.txt", "", str(job.code / "own.txt")),
        ("copy.txt", "copy", ""),
        ("by-source.txt", "", str(secret)),
        ("by-link.txt", "", str(job.code / "link.txt")),
        ("by-name.txt", str(secret), ""),
        ("by-steps.txt", "../../../../secret.txt", ""),
    ):
        queues.files.append(pack_file(StagedFile(path, held, source, 1, 1)))
    (job.code / "link.txt").symlink_to(secret)
    folder.unlock()
    return folder.path


def deliver(job: JobFolder, client: Client) -> list[str]:
    deliver_leftovers(job.spool, client, RUN, is_lost=True, seconds=30)
    return [one["path"] for one in client.get(f"runs/{RUN}/files")["files"]]


def test_only_files_of_the_run_are_delivered(job: JobFolder, client: Client) -> None:
    spool = write_spool(job, client)
    # A folder with a link is not read at all, and nothing is written through it.
    target = job.path.parent / "target"
    target.write_text("as it was")
    linked = spool.with_name("abc")
    linked.symlink_to(spool)
    bad = write_spool_with_link(job, client, target)
    assert has_leftovers(job.spool)
    found = deliver(job, client)
    assert sorted(found) == ["copy.txt", "own.txt"]
    assert not spool.exists()
    assert bad.exists()
    assert target.read_text() == "as it was"
    # It is not tried again.
    assert has_leftovers(job.spool)
    place = job.close_spool()
    assert not has_leftovers(job.spool)
    assert json.loads((place / CONTAINER_SPOOL / bad.name / "owner.json").read_text())


def write_spool_with_link(job: JobFolder, client: Client, target: Path) -> Path:
    (job.code / "link.txt").unlink(missing_ok=True)
    spool = write_spool(job, client)
    (spool / ".done.json").symlink_to(target)
    return spool
