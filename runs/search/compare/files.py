"""Files, sources and environments of runs that lie side by side."""

from __future__ import annotations

import zipfile
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runs.models import File, RunSnapshot
from runs.search.compare.compare import ComparedRow, Comparison, rows_sorted_by_name
from runs.storage.files import ArchiveMember, list_members, open_member
from runs.storage.files import files as file_store
from studio.core.errors import NotFound
from studio.core.packages import FILE_NAMES, read_packages

#: More files than this, of all runs together, are not compared.
MAX_FILES = 20_000
#: A longer file that names packages is cut.
MAX_ENVIRONMENT_BYTES = 256 * 1024

#: What sources are known by, and the names under which clients say it.
SOURCE_KEYS = (
    ("branch", ("mlflow.source.git.branch", "azureml.git.branch")),
    ("repository", ("mlflow.source.git.repoURL", "azureml.git.repository_uri")),
    ("dirty", ("azureml.git.dirty", "mlflow.source.git.dirty")),
    ("source", ("mlflow.source.name",)),
    ("snapshot", ("ContentSnapshotId",)),
)


@dataclass(frozen=True)
class ComparedFile:
    """A file of a run: `version` differs whenever its bytes do, and shows in order."""

    path: str
    size: int
    version: str
    blob: str
    member: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComparedFile) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)


@dataclass(frozen=True)
class ComparedFiles:
    """Rows of files; the rows of the environment and of the source are text."""

    files: tuple[ComparedRow, ...]
    source: tuple[ComparedRow, ...]
    source_files: tuple[ComparedRow, ...]
    environment: tuple[ComparedRow, ...]
    is_whole: bool


def compare_files(compared: Comparison) -> ComparedFiles:
    """Three queries, whatever there is; archives and small files are read once."""
    keys = [run.pk for run in compared.runs]
    own, is_whole = _files_by_path(keys)
    sources = _snapshot_files_by_path(keys)
    return ComparedFiles(
        rows_sorted_by_name(own, keys),
        _source_rows(compared),
        rows_sorted_by_name(sources, keys),
        rows_sorted_by_name(_package_rows(keys, own, sources), keys),
        is_whole,
    )


def _files_by_path(keys: Sequence[int]) -> tuple[dict[str, dict[int, object]], bool]:
    rows = File.objects.filter(run__in=keys, replaced__isnull=True)
    found = rows.order_by("folder", "name", "run").values_list(
        "run_id", "folder", "name", "size", "sha256", "blob"
    )[: MAX_FILES + 1]
    by_path: dict[str, dict[int, object]] = defaultdict(dict)
    count = 0
    for run, folder, name, size, digest, blob in found:
        count += 1
        if count > MAX_FILES:
            break
        path = f"{folder}/{name}" if folder else name
        # A log has no hash while it grows.
        version = digest or f"{blob}-{size}"
        by_path[path][run] = ComparedFile(path, size, version, blob)
    return by_path, count <= MAX_FILES


def _snapshot_files_by_path(keys: Sequence[int]) -> dict[str, dict[int, object]]:
    links = RunSnapshot.objects.filter(run__in=keys)
    by_path: dict[str, dict[int, object]] = defaultdict(dict)
    for run, blob in links.values_list("run_id", "snapshot__blob"):
        for one in _archive_members(blob):
            kept = ComparedFile(one.path, one.size, one.version, blob, one.path)
            by_path[one.path][run] = kept
    return by_path


def _source_rows(compared: Comparison) -> tuple[ComparedRow, ...]:
    known = {
        row.key: row.values for row in (*compared.bookkeeping, *compared.properties)
    }
    rows: list[ComparedRow] = []
    for name, keys in SOURCE_KEYS:
        columns = [known[key] for key in keys if key in known]
        if columns:
            # A run has the value under the name that its client uses.
            values = [next(filter(None, each), None) for each in zip(*columns)]  # noqa: B905
            rows += rows_sorted_by_name(
                {name: dict(enumerate(values))}, range(len(values))
            )
    return tuple(rows)


def _package_rows(
    keys: Sequence[int],
    own: Mapping[str, Mapping[int, object]],
    sources: Mapping[str, Mapping[int, object]],
) -> dict[str, dict[int, object]]:
    """By package; what a run kept as a file counts more than what its source says."""
    found: dict[str, dict[int, object]] = defaultdict(dict)
    models: dict[str, dict[int, object]] = defaultdict(dict)
    rows = File.objects.filter(
        model__source_run__in=keys, replaced__isnull=True, name__in=FILE_NAMES
    )
    for run, name, size, digest, blob in rows.order_by("pk").values_list(
        "model__source_run_id", "name", "size", "sha256", "blob"
    ):
        models[name][run] = ComparedFile(name, size, digest or blob, blob)
    for level in (sources, models, own):
        for path, by_run in level.items():
            if path.rpartition("/")[2] not in FILE_NAMES:
                continue
            for run, kept in by_run.items():
                assert isinstance(kept, ComparedFile)
                for package, version in _read_package_list(
                    kept.blob, kept.member, path
                ).items():
                    found[package][run] = version
    return found


def _archive_members(blob: str) -> Sequence[ArchiveMember]:
    """None where the archive is gone or cannot be read."""
    try:
        return _cached_members(blob)
    except (OSError, NotFound, ValueError):
        return ()


# An archive never changes, so what was read from it stays true.
@lru_cache(maxsize=512)
def _cached_members(blob: str) -> Sequence[ArchiveMember]:
    return list_members(blob)


@lru_cache(maxsize=1024)
def _read_package_list(blob: str, member: str, path: str) -> Mapping[str, str]:
    data = read_file_start(blob, member, MAX_ENVIRONMENT_BYTES)
    return (
        {} if data is None else read_packages(data.decode(errors="replace"), name=path)
    )


def read_file_start(blob: str, member: str, limit: int, size: int = 0) -> bytes | None:
    """The first bytes of a file, or of one in an archive; None where it is gone.

    A file that has fewer than `size` bytes is gone, too.
    """
    try:
        source = open_member(blob, member) if member else file_store.open(blob, size)
        with source as handle:
            return handle.read(limit)
    except (OSError, NotFound, zipfile.BadZipFile, zlib.error, EOFError, ValueError):
        return None
