"""Static files under names that change with their content, imports of modules too."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also rewrites `import … from "./other.js"`, so that no old module is kept."""

    support_js_module_import_aggregation = True
