"""The parts of the code that a mutation run covers, each with its own tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Sources as patterns below the project's root, and the tests that prove them."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def source_paths(self, root: Path) -> Iterator[str]:
        """Yield the source files, relative to `root`, in a fixed order."""
        yield from _paths(root, self.sources)

    def find_tests(self, root: Path) -> list[str]:
        """Return the tests in the order in which they run: the fastest first."""
        found = [list(_paths(root, (pattern,))) for pattern in self.tests]
        return list(dict.fromkeys(path for some in found for path in some))


def _paths(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    found: set[Path] = set()
    for pattern in patterns:
        matches = list(root.glob(pattern))
        if not matches:
            raise FileNotFoundError(f"No file fits {pattern!r} any more.")
        found.update(matches)
    for path in sorted(found):
        yield str(path.relative_to(root))


PARTS = {
    "filters": Part(
        (
            "studio/core/filters/*.py",
            "runs/search/fields/*.py",
            "runs/search/query/run_query.py",
            "runs/search/sql/conditions.py",
            "runs/search/sql/expressions.py",
        ),
        (
            "tests/core/test_filter_text.py",
            "tests/core/test_filters_[!r]*.py",
            "tests/search/test_field_halves.py",
            "tests/search/test_every_field.py",
            "tests/search/test_compile.py",
            "tests/search/test_words.py",
            "tests/search/test_order.py",
            "tests/search/test_facets.py",
            "tests/search/test_query_plan.py",
            "tests/search/test_bounds.py",
            "tests/pages/filters",
            "tests/pages/run_list/test_export.py",
            "tests/api/mlflow/test_mlflow_search.py",
            "tests/core/test_filters_roundtrip.py",
        ),
    ),
    "views": Part(
        (
            "studio/core/view*.py",
            "runs/actions/views/*.py",
            "runs/search/views/*.py",
        ),
        (
            "tests/core/test_view*.py",
            "tests/actions/views",
            "tests/access/test_private_views.py",
            "tests/pages/views",
            "tests/pages/charts/test_chart_parts.py",
            "tests/api/v1/test_v1_view_files.py",
            "tests/api/v1/test_v1_views.py",
        ),
    ),
    "delivery": Part(
        (
            "studio/sdk/delivery/*.py",
            "runs/actions/ingest/delivered_rows.py",
            "runs/actions/ingest/writers.py",
            "runs/actions/ingest/log_files.py",
        ),
        (
            "tests/delivery/test_rows.py",
            "tests/delivery/test_sender_rules.py",
            "tests/delivery/test_records.py",
            "tests/delivery/test_retry_policy.py",
            "tests/delivery/test_spool.py",
            "tests/delivery/test_log_appends.py",
            "tests/actions/ingest",
            "tests/delivery/test_losses.py",
            "tests/delivery/test_writers.py",
            "tests/delivery/test_log_pieces.py",
            "tests/delivery/test_staged_files.py",
            "tests/delivery/test_staged_snapshots.py",
            "tests/delivery/test_unexpected_responses.py",
            "tests/delivery/test_stored_spools.py",
        ),
    ),
    "storage": Part(
        ("runs/storage/**/*.py",),
        (
            "tests/storage",
            "tests/actions/files",
            "tests/actions/ingest/test_ingest.py",
        ),
    ),
    "undo": Part(
        (
            "runs/actions/undo/*.py",
            "runs/actions/*/undo.py",
            "runs/actions/changes/*.py",
            "runs/actions/compare/*.py",
            "runs/actions/run/run_edits.py",
        ),
        (
            "tests/actions/undo",
            "tests/actions/views",
            "tests/actions/experiments",
            "tests/actions/run/test_run_edits.py",
            "tests/actions/run/test_search_text.py",
            "tests/pages/undo",
            "tests/pages/compare/test_conclusion.py",
        ),
    ),
}
