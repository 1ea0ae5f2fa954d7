"""Which scripts and style sheets each kind of page loads.

Every page loads `site`. A page loads its own bundle next to it. A module that a script
imports is in the same bundle, unless `site` has it. A module that is loaded later, by
`import("…")`, is a bundle of its own.
"""

from __future__ import annotations

#: Defines `studioModules`, which runs the modules of all bundles.
REGISTRY = "js/site/modules.js"
HTMX = "django_htmx/htmx-2.min.js"

SCRIPTS: dict[str, tuple[str, ...]] = {
    "site": (
        "js/site/app.js",
        "js/site/boost.js",
        "js/site/broken-images.js",
        "js/site/keys.js",
        "js/notify/inbox.js",
    ),
    "run-list": (
        "js/run_list/run-list.js",
        "js/run_list/live-list.js",
        "js/filters/completion.js",
        "js/filters/pills.js",
        "js/run_list/columns.js",
        "js/run_list/selection.js",
        "js/bulk/bulk.js",
        "js/site/clocks.js",
        "js/views/views.js",
        "js/run/row-edit.js",
    ),
    "experiments": (
        "js/experiments/experiments.js",
        "js/experiments/selection.js",
        "js/bulk/bulk.js",
        "js/run/row-edit.js",
    ),
    "experiment-head": ("js/experiments/experiment-head.js",),
    "run": ("js/run/run.js", "js/site/clocks.js"),
    "run-head": ("js/run/run-head.js",),
    "editing": (
        "js/run/run-edit.js",
        "js/descriptions/describe.js",
        "js/descriptions/describe-links.js",
        "js/descriptions/describe-pictures.js",
    ),
    "metrics": ("js/metrics/metric-charts.js",),
    "media": (
        "js/media/media.js",
        "js/media/large-picture.js",
        "js/previews/figure.js",
    ),
    "compare": (
        "js/compare/compare.js",
        "js/compare/compare-media.js",
        "js/media/large-picture.js",
        "js/previews/figure.js",
        "js/charts/chart-row.js",
    ),
    "chart-row": ("js/charts/chart-row.js",),
    "shared-charts": ("js/public/shared-charts.js",),
    "files": ("js/files/file-tabs.js", "js/logs/log-viewer.js"),
    "lines": ("js/logs/lines.js",),
    "log-comparison": ("js/log_comparison/log-pair.js",),
    "previews-image": ("js/previews/image.js",),
    "previews-figure": ("js/previews/figure.js",),
    "tables": ("js/tables/table-grid.js",),
    "background-tasks": ("js/background_tasks/background-tasks.js",),
    "activity": ("js/activity/activity.js",),
    "activity-filters": ("js/filters/pills.js",),
    "compute": ("js/compute/compute.js", "js/site/clocks.js"),
    "submit": ("js/submit/submit.js",),
    "models": ("js/registry/models.js",),
    "model": ("js/registry/versions.js",),
}

STYLES: dict[str, tuple[str, ...]] = {
    "activity-filters": ("css/filters/filter.css",),
    "site": (
        "css/site/tokens.css",
        "css/site/base.css",
        "css/site/frame.css",
        "css/site/controls.css",
        "css/site/parts.css",
        "css/site/overlays.css",
        "css/run_list/table.css",
        "css/notify/inbox.css",
    ),
    "run-list": (
        "css/run_list/run-list.css",
        "css/run_list/columns.css",
        "css/run_list/selection.css",
        "css/bulk/bulk.css",
        "css/groups/groups.css",
        "css/filters/filter.css",
        "css/views/views.css",
    ),
    "run": (
        "css/run/run.css",
        "css/run/run-tabs.css",
        "css/run/cancel-progress.css",
        "css/undo/history.css",
        "css/site/prose.css",
        "css/descriptions/describe.css",
        "css/run/run-edit.css",
    ),
    "files": (
        "css/files/files.css",
        "css/logs/lines.css",
        "css/logs/log-view.css",
    ),
    "tables": ("css/tables/table-grid.css",),
    "background-tasks": ("css/background_tasks/background-tasks.css",),
    "usage": ("css/usage/usage.css",),
    "snapshots": ("css/compare/diff.css", "css/snapshots/snapshots.css"),
    "run-head": ("css/run/run.css", "css/run/run-tabs.css", "css/run/run-edit.css"),
    "experiment-editors": (
        "css/run/run-edit.css",
        "css/undo/history.css",
        "css/experiments/experiment-head.css",
    ),
    "comments": ("css/comments/comments.css",),
    "descriptions": ("css/site/prose.css", "css/descriptions/describe.css"),
    "compare": (
        "css/media/media.css",
        "css/tables/table-grid.css",
        "css/compare/compare.css",
        "css/compare/diff.css",
        "css/site/prose.css",
        "css/charts/chart-row.css",
        "css/descriptions/describe.css",
    ),
    "experiments": (
        "css/run_list/run-list.css",
        "css/run_list/selection.css",
        "css/bulk/bulk.css",
        "css/experiments/experiments.css",
    ),
    "models": (
        "css/run_list/run-list.css",
        "css/registry/models.css",
    ),
    "logged-models": (
        "css/run_list/run-list.css",
        "css/logged_models/logged-models.css",
    ),
    "log-comparison": (
        "css/logs/lines.css",
        "css/logs/log-view.css",
        "css/compare/compare.css",
        "css/log_comparison/log-comparison.css",
    ),
    "activity": (
        "css/undo/history.css",
        "css/filters/filter.css",
        "css/activity/activity.css",
    ),
    "log-search": ("css/log_search/log-search.css",),
    "previews": ("css/previews/previews.css",),
    "lineage": ("css/lineage/lineage.css",),
    "media": ("css/media/media.css",),
    "model": (
        "css/run/run.css",
        "css/undo/history.css",
        "css/run_list/run-list.css",
        "css/site/prose.css",
        "css/descriptions/describe.css",
        "css/lineage/lineage.css",
        "css/registry/model.css",
    ),
    "alerts": ("css/filters/filter.css", "css/notify/alerts.css"),
    "views": ("css/site/prose.css", "css/views/views.css", "css/views/view-pages.css"),
}
