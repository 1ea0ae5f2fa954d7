"""The nouns, with their constraints (docs/data-model.md)."""

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
from runs.models.conclusions import Conclusion
from runs.models.delivery import LogStream, RunSnapshot, RunWriter, Snapshot
from runs.models.experiments import Experiment, ExperimentStar, ExperimentTag
from runs.models.files import BlobRemoval, File
from runs.models.history_exports import HistoryExport
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
from runs.models.rollups import RunCount
from runs.models.root_metrics import RootMetric
from runs.models.runs import (
    CANCEL_ACKNOWLEDGED,
    HEARD_AGAIN,
    Launcher,
    Run,
    RunEvent,
    RunStar,
)
from runs.models.search_text import SearchIndex, SearchText
from runs.models.selections import Selection
from runs.models.texts import Key, Kind, RunParam, RunProperty, RunTag
from runs.models.views import (
    ShareLink,
    View,
    ViewDefault,
    ViewRevision,
    ViewStar,
)

__all__ = [
    "CANCEL_ACKNOWLEDGED",
    "HEARD_AGAIN",
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
    "File",
    "HistoryExport",
    "IngestBatch",
    "Invitation",
    "Key",
    "Kind",
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
    "ViewRevision",
    "ViewStar",
    "Workspace",
]
