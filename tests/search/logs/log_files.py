"""Logs for tests, stored without a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runs.search.logs import LogSource
from runs.storage.files import files


@pytest.fixture(scope="module")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_root", tmp_path_factory.mktemp("files"))
        yield


def store_log(data: bytes, started: int | None = None) -> LogSource:
    blob = files.write([data], len(data))
    files.keep(blob.name)
    return LogSource("log.txt", blob.name, blob.size, blob.sha256, started)


def append(source: LogSource, data: bytes) -> LogSource:
    with files.open_to_append(source.blob) as write_at:
        write_at(source.size, data)
    size = source.size + len(data)
    return LogSource(source.path, source.blob, size, str(size), source.started)
