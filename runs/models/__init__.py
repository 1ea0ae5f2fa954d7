"""The database's tables, constraints and QuerySets (docs/data-model.md)."""

from runs.models.accounts import (
    ApiToken,
    BrowserSession,
    Invitation,
    Member,
    Role,
    SignInFailure,
    SignInLink,
    Theme,
    User,
    Workspace,
)
from runs.models.change_counts import ChangeCount
from runs.models.changes import Change, ChangeSet
from runs.models.delivery import LogStream, RunSnapshot, RunWriter, Snapshot
from runs.models.experiments import Experiment, ExperimentStar, ExperimentTag
from runs.models.files import BlobRemoval, File, path_key
from runs.models.history_exports import ExportState, HistoryExport
from runs.models.identity import StudioIdentity
from runs.models.logged import (
    Dataset,
    Direction,
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    RunDataset,
    RunModel,
)
from runs.models.metrics import (
    IngestBatch,
    Metric,
    MetricChunk,
    MetricGoal,
    MetricKind,
)
from runs.models.rollups import RunCount, merge_run_counts
from runs.models.root_metrics import (
    RootMetric,
    holds_min_or_max_of_root,
    rebuild_root_metrics,
)
from runs.models.run_sets import (
    STORED_SELECTION_PREFIX,
    Conclusion,
    Selection,
    conclusion_key,
    pack_keys,
)
from runs.models.runs import (
    CANCEL_ACKNOWLEDGED,
    HEARTBEATS_RESUMED,
    Launcher,
    Run,
    RunEvent,
    RunQuerySet,
    RunStar,
    now_ms,
)
from runs.models.search_text import SearchIndex, SearchText
from runs.models.texts import Key, KeyKind, RunParam, RunProperty, RunTag, parse_number
from runs.models.views import (
    ShareLink,
    View,
    ViewDefault,
    ViewQuerySet,
    ViewRevision,
    ViewStar,
    can_edit_view,
    view_list_name,
)

__all__ = [
    "CANCEL_ACKNOWLEDGED",
    "HEARTBEATS_RESUMED",
    "STORED_SELECTION_PREFIX",
    "ApiToken",
    "BlobRemoval",
    "BrowserSession",
    "Change",
    "ChangeCount",
    "ChangeSet",
    "Conclusion",
    "Dataset",
    "Direction",
    "Experiment",
    "ExperimentStar",
    "ExperimentTag",
    "ExportState",
    "File",
    "HistoryExport",
    "IngestBatch",
    "Invitation",
    "Key",
    "KeyKind",
    "Launcher",
    "LogStream",
    "LoggedModel",
    "LoggedModelMetric",
    "LoggedModelParam",
    "LoggedModelTag",
    "Member",
    "Metric",
    "MetricChunk",
    "MetricGoal",
    "MetricKind",
    "Role",
    "RootMetric",
    "Run",
    "RunCount",
    "RunDataset",
    "RunEvent",
    "RunModel",
    "RunParam",
    "RunProperty",
    "RunQuerySet",
    "RunSnapshot",
    "RunStar",
    "RunTag",
    "RunWriter",
    "SearchIndex",
    "SearchText",
    "Selection",
    "ShareLink",
    "SignInFailure",
    "SignInLink",
    "Snapshot",
    "StudioIdentity",
    "Theme",
    "User",
    "View",
    "ViewDefault",
    "ViewQuerySet",
    "ViewRevision",
    "ViewStar",
    "Workspace",
    "can_edit_view",
    "conclusion_key",
    "holds_min_or_max_of_root",
    "merge_run_counts",
    "now_ms",
    "pack_keys",
    "parse_number",
    "path_key",
    "rebuild_root_metrics",
    "view_list_name",
]
