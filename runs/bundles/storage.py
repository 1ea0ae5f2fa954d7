"""Static files under names that change with their content, and the bundles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from runs.bundles.joined import build_bundles
from runs.bundles.modules import ModuleGraph

BUNDLE_FOLDER = "bundles"


class BundledFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """`collectstatic` also writes the bundles, which then get hashed names as well."""

    # Hashes the names in `import("./other.js")`.
    support_js_module_import_aggregation = True
    has_bundles = True

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        if not dry_run:
            paths = self._with_bundles(paths)
        yield from super().post_process(paths, dry_run, **options)

    def _with_bundles(self, paths: dict[str, Any]) -> dict[str, Any]:
        """Write the bundles; they take the place of their modules."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as source:
                return bytes(source.read()).decode()

        graph = ModuleGraph(read)
        bundles = {}
        for file_name, text in build_bundles(graph).items():
            name = f"{BUNDLE_FOLDER}/{file_name}"
            self.delete(name)
            self._save(name, ContentFile(text.encode()))
            bundles[name] = (self, name)
        # A module of a bundle would run twice if a page also loaded its own file.
        others = {name: paths[name] for name in paths if name not in graph.modules}
        return {**others, **bundles}
