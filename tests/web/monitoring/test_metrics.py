"""The metrics of a real server with several processes, read by Prometheus' parser."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from urllib.request import Request, urlopen

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.parts.server import Server, running
from tests.parts.waiting import becomes
from tests.parts.wire import Connection

TOKEN = "scrape-scrape-scrape"
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"STUDIO_PROCESSES": "3", "STUDIO_METRICS_TOKEN": TOKEN}
    with running(tmp_path_factory.mktemp("monitored"), env=env) as started:
        yield started


def scrape(server: Server) -> Values:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urlopen(Request(f"{server.url}/metrics", headers=headers)) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(values: Values, name: str, **labels: str) -> float:
    return values[name, frozenset(labels.items())]


def test_requests_of_all_processes_are_counted(monitored: Server) -> None:
    name, labels = "studio_http_requests_total", {"kind": "static", "status": "2xx"}
    before = value(scrape(monitored), name, **labels)
    # Each on a connection of its own, so that any process can take it.
    for _time in range(60):
        urlopen(f"{monitored.url}/dist/").close()
    # A process counts a request just after its end.
    assert becomes(lambda: value(scrape(monitored), name, **labels) == before + 60, 60)
    after, seconds = scrape(monitored), "studio_http_request_seconds"
    everything = value(after, f"{seconds}_count", kind="static")
    assert everything == before + 60
    assert value(after, f"{seconds}_bucket", kind="static", le="+Inf") == everything
    assert value(after, f"{seconds}_sum", kind="static") > 0
    assert becomes(lambda: in_progress(monitored) == 1, 60)


def in_progress(server: Server) -> float:
    """The scrape itself is one."""
    return value(scrape(server), "studio_http_requests_in_progress")


def test_ingest_files_and_storage(monitored: Server) -> None:
    before = scrape(monitored)
    wire = Connection(monitored)
    body = {"experiment_id": "0", "start_time": 1_700_000_000_000}
    run_id = wire.call("POST", "/runs/create", body)["run"]["info"]["run_id"]
    points = [
        {"key": "loss", "value": 1 / n, "timestamp": n, "step": n} for n in range(1, 8)
    ]
    batch = {
        "run_id": run_id,
        "metrics": points,
        "params": [{"key": "lr", "value": "0.1"}],
    }
    for _time in range(2):
        wire.call("POST", "/runs/log-batch", batch)
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/out.bin"
    wire.ask("PUT", path, bytes(300_000))
    after = scrape(monitored)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    # A repeated point is no new one.
    assert more("studio_ingested_points_total") == 7
    assert more("studio_ingested_file_bytes_total") == 300_000
    assert more("studio_storage_bytes", kind="files") == 300_000
    requests = "studio_http_requests_total"
    assert more(requests, kind="mlflow", status="2xx") >= 3
    assert becomes(lambda: value(scrape(monitored), "studio_spool_files") == 0, 60)
    assert becomes(lambda: value(scrape(monitored), "studio_spool_bytes") == 0, 60)
    assert value(after, "studio_storage_bytes", kind="database") > 100_000
    assert value(after, "studio_disk_free_bytes") > 0


def test_the_worker_is_seen(monitored: Server) -> None:
    assert becomes(lambda: "studio_worker_seen_seconds" in str(scrape(monitored)), 60)
    found = scrape(monitored)
    assert value(found, "studio_worker_seen_seconds") < 120
    for work in ("deliveries", "background tasks", "status changes"):
        assert value(found, "studio_worker_lag_seconds", work=work) >= 0


def test_counters_outlive_a_killed_process(monitored: Server) -> None:
    labels = {"kind": "monitoring", "status": "2xx"}
    before = value(scrape(monitored), "studio_http_requests_total", **labels)
    for process in web_processes(monitored):
        os.kill(process.pid, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return value(scrape(monitored), "studio_http_requests_total", **labels) > 0
        except OSError:
            return False

    assert becomes(is_back, 60)
    assert value(scrape(monitored), "studio_http_requests_total", **labels) > before
    assert becomes(lambda: in_progress(monitored) == 1, 60)


def web_processes(server: Server) -> list[psutil.Process]:
    main = psutil.Process(server.process.pid)
    return [
        child
        for process in main.children()
        if "runs.management.web" in process.cmdline()
        for child in process.children()
    ]
