"""Legal names and limits: the one table of both.

Where Azure ML, MLflow and Run Studio differ, the largest limit holds. What is over a
limit is refused, never truncated. Lengths count characters unless a name says bytes.
"""

from __future__ import annotations

import posixpath
import re

from studio.core.errors import InvalidName, InvalidValue
from studio.core.messages import Message, message

MAX_RUN_ID = 256
MAX_DISPLAY_NAME = 500
MAX_EXPERIMENT_NAME = 500
MAX_WORKSPACE_NAME = 63
MAX_KEY = 255
MAX_VALUE_BYTES = 64 * 1024
#: How the names of metrics begin that a machine logs about itself.
SYSTEM_METRIC_PREFIX = "system/"
MAX_DESCRIPTION_BYTES = 64 * 1024
MAX_ERROR = 64 * 1024
MAX_PATH = 5000
#: A folder in a folder …: deeper trees are mistakes, and pages draw them by recursion.
MAX_PATH_PARTS = 64
MAX_USER_NAME = 150
MAX_TOKEN_NAME = 100
#: Number of colors that runs can have; then they repeat.
SERIES_COLORS = 10
MAX_TARGET_NAME = 64
MAX_AGENT_NAME = 64
MAX_ENVIRONMENT_NAME = 255
MAX_SECRET_NAME = 128
MAX_SECRET_BYTES = 64 * 1024
#: Logs hide no shorter texts: some, such as the braces of JSON, are in every log.
MIN_SECRET_CHARS = 4
MAX_MODEL_NAME = 500
MAX_REGISTERED_MODEL_NAME = 256
MAX_MODEL_ALIAS = 255
#: Of registered models and their versions: MLflow's limit, which is larger than ours.
MAX_REGISTRY_TAG_VALUE = 100_000
MAX_MODEL_SOURCE = 6000
MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36
MAX_DATASET_SOURCE = 65_535
MAX_DATASET_SCHEMA = 1_048_575
MAX_DATASET_PROFILE = 16_777_215
MAX_INPUT_TAG_KEY = 255
MAX_INPUT_TAG_VALUE = 500
MAX_BATCH_POINTS = 10_000
#: Different names of metrics in one run: series are drawn one by one, so a name that
#: counts is a mistake.
MAX_METRIC_NAMES = 100_000
#: A row of a table, a confusion matrix: one value of a metric that is no scalar.
MAX_ITEM_BYTES = 1024 * 1024
#: What a process that logs to a run is known by.
MAX_WRITER = 64
MAX_CREATE_CHILDREN = 100
#: Tags, parameters, properties that one request may bring or remove, of each kind.
MAX_ITEMS = 1000
#: MLflow's own limits of one `runs/log-batch`; its clients split by them.
MLFLOW_BATCH_METRICS = 1000
MLFLOW_BATCH_PARAMS = 100
MLFLOW_BATCH_TAGS = 100
MLFLOW_BATCH_TOTAL = 1000
#: Of one search; clients that search everywhere name every experiment.
MLFLOW_SEARCH_EXPERIMENTS = 10_000
MLFLOW_SEARCH_ORDERS = 100

MIN_INT64 = -(2**63)
MAX_INT64 = 2**63 - 1
#: Times are milliseconds; later than the year 9999 nothing can be shown.
MAX_TIME = 253_402_300_799_999


#: Tags that clients write for themselves; those of the source code tell a run apart.
HOUSEKEEPING_PREFIXES, SOURCE_CODE_PREFIX = (
    ("mlflow.", "datetime_"),
    "mlflow.source.git.",
)
#: Metrics that say how far a training is, and nothing about its result.
COUNTER_METRICS = frozenset(
    ("epoch", "epochs", "step", "steps", "global_step", "iteration", "iterations")
)


def is_system_metric(name: str) -> bool:
    """Whether a machine logs a metric of this name about itself."""
    return name.startswith(SYSTEM_METRIC_PREFIX)


def is_housekeeping_tag(name: str) -> bool:
    """Whether a client writes a tag of this name for itself, such as a run's name."""
    return name.startswith(HOUSEKEEPING_PREFIXES) and not name.startswith(
        SOURCE_CODE_PREFIX
    )


def is_counter_metric(name: str) -> bool:
    """Whether a metric of this name only counts how far a training is."""
    return name.rpartition("/")[2].lower() in COUNTER_METRICS


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key to sort by: `layer2` comes before `layer10`, and case doesn't count."""
    parts = re.split(r"([0-9]{1,18})", name.lower())
    return [(int(part), "") if at % 2 else (-1, part) for at, part in enumerate(parts)]


def check_count(count: int, field: str, limit: int = MAX_ITEMS) -> int:
    """How many items a list or object has, which the caller may split."""
    if count > limit:
        raise InvalidValue(
            message(
                "%(field)s has %(count)s items. One request accepts up to %(limit)s.",
                field=field,
                count=count,
                limit=limit,
            ),
            field=field,
            limit=limit,
        )
    return count


_RUN_ID = re.compile(r"[A-Za-z0-9][\w-]{0,255}", re.ASCII)
_WORKSPACE = re.compile(r"[a-z0-9-]{1,63}")
_USER = re.compile(r"[\w.@+-]{1,150}")
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def check_text(value: object, field: str, *, limit: int, empty: bool = True) -> str:
    """`value` as text of at most `limit` characters, without NUL; else InvalidValue."""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise InvalidValue(
            message("%(field)s must be text, not %(kind)s", field=field, kind=kind),
            field=field,
        )
    if not empty and not value.strip():
        raise InvalidValue(
            message("%(field)s must not be empty", field=field), field=field
        )
    check_characters(value, field)
    if len(value) > limit:
        raise InvalidValue(
            message(
                "%(field)s has %(count)s characters. The limit is %(limit)s.",
                field=field,
                count=len(value),
                limit=limit,
            ),
            field=field,
            limit=limit,
        )
    return value


def check_characters(text: str, field: str) -> str:
    """Text that databases and files can hold: no NUL, no half of a character."""
    if "\x00" in text:
        raise InvalidValue(
            message("%(field)s must not contain a NUL character", field=field),
            field=field,
        )
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidValue(
            message("%(field)s is not valid Unicode text", field=field), field=field
        )
    return text


def check_value(value: object, field: str) -> str:
    """A tag's, parameter's or property's value: text of at most 64 KiB in UTF-8."""
    text = check_text(value, field, limit=MAX_VALUE_BYTES)
    size = len(text.encode())
    if size > MAX_VALUE_BYTES:
        raise InvalidValue(
            message(
                "%(field)s has %(size)s bytes. The limit is %(limit)s.",
                field=field,
                size=size,
                limit=MAX_VALUE_BYTES,
            ),
            field=field,
            limit=MAX_VALUE_BYTES,
        )
    return text


def check_description(value: object, field: str = "description") -> str:
    """Markdown of at most 64 KiB in UTF-8."""
    return check_value(value, field)


def check_key(key: object, field: str) -> str:
    """A tag's, parameter's, property's or metric's name: 1 to 255 characters.

    Any printable character may stand in it, for v1 scripts use spaces, brackets and
    signs freely; the MLflow endpoint adds its protocol's rule (`check_mlflow_key`).
    """
    text = check_text(key, field, limit=MAX_KEY, empty=False)
    if not text.isprintable():
        raise InvalidName(
            message(
                "%(field)s %(text)r contains a control character",
                field=field,
                text=text,
            ),
            field=field,
        )
    return text


_MLFLOW_KEY = re.compile(r"[/\w.\- :]*")


def check_mlflow_key(key: object, field: str) -> str:
    """A key as MLflow's protocol allows it; the texts are those its clients know."""
    text = check_key(key, field)
    if not _MLFLOW_KEY.fullmatch(text):
        raise InvalidName(
            f'Invalid value "{text}" for parameter {field!r} supplied: Names may only '
            "contain alphanumerics, underscores (_), dashes (-), periods (.), "
            "spaces ( ), colon(:) and slashes (/).",
            field=field,
        )
    normal = posixpath.normpath(text)
    if normal != text or text.startswith(("/", "..")) or text == ".":
        raise InvalidName(
            f'Invalid value "{text}" for parameter {field!r} supplied: Names may be '
            "treated as files in certain cases, and must not resolve to other names "
            f"when treated as such. This name would resolve to {normal!r}",
            field=field,
        )
    return text


def _check_pattern(
    value: object, field: str, pattern: re.Pattern[str], limit: int, rule: Message
) -> str:
    text = check_text(value, field, limit=limit, empty=False)
    if not pattern.fullmatch(text):
        described = Message(rule.template, {"field": field, "text": text})
        raise InvalidName(described, field=field)
    return text


def check_run_id(value: object, field: str = "run_id") -> str:
    """A run's id: a letter or digit, then letters, digits, `_` and `-`; up to 256."""
    rule = message(
        "%(field)s %(text)r must start with a letter or digit and contain "
        "only letters, digits, '_' and '-'"
    )
    return _check_pattern(value, field, _RUN_ID, MAX_RUN_ID, rule)


def check_workspace_name(value: object, field: str = "workspace") -> str:
    """Lower-case letters, digits and dashes, 1 to 63."""
    rule = message(
        "%(field)s %(text)r must be 1 to 63 lowercase letters, digits and hyphens"
    )
    return _check_pattern(value, field, _WORKSPACE, MAX_WORKSPACE_NAME, rule)


def check_user_name(value: object, field: str = "name") -> str:
    """Letters, digits and `@ . + - _`, 1 to 150."""
    rule = message("%(field)s %(text)r can contain only letters, digits and @ . + - _")
    return _check_pattern(value, field, _USER, MAX_USER_NAME, rule)


def check_target_name(value: object, field: str = "name") -> str:
    """A compute target: a letter or digit, then letters, digits, `_`, `-`; up to 64."""
    rule = message(
        "%(field)s %(text)r must start with a letter or digit and contain "
        "only letters, digits, '_' and '-'"
    )
    return _check_pattern(value, field, _TARGET, MAX_TARGET_NAME, rule)


def check_agent_name(value: object, field: str = "name") -> str:
    """An agent: like a target's name, and dots, because it is often a host's name."""
    rule = message(
        "%(field)s %(text)r must start with a letter or digit and contain "
        "only letters, digits, '.', '_' and '-'"
    )
    return _check_pattern(value, field, _AGENT, MAX_AGENT_NAME, rule)


def check_environment_name(value: object, field: str = "name") -> str:
    """A registered environment: as an agent's name; up to 255."""
    rule = message(
        "%(field)s %(text)r must start with a letter or digit and contain "
        "only letters, digits, '.', '_' and '-'"
    )
    return _check_pattern(value, field, _ENVIRONMENT, MAX_ENVIRONMENT_NAME, rule)


def is_environment_name(value: object) -> bool:
    return isinstance(value, str) and _ENVIRONMENT.fullmatch(value) is not None


def check_secret_name(value: object, field: str = "name") -> str:
    """A secret of a workspace: the name of an environment variable, up to 128."""
    rule = message(
        "%(field)s %(text)r must start with a letter or '_' and contain only "
        "letters, digits and '_'"
    )
    return _check_pattern(value, field, _SECRET, MAX_SECRET_NAME, rule)


def check_experiment_name(value: object, field: str = "name") -> str:
    """1 to 500 printable characters; slashes and spaces are legal, as `/Shared/v8`."""
    text = check_text(value, field, limit=MAX_EXPERIMENT_NAME, empty=False)
    if not text.isprintable():
        raise InvalidName(
            message("%(field)s contains a control character", field=field),
            field=field,
        )
    return text


def check_registered_model_name(value: object, field: str = "name") -> str:
    """1 to 256 printable characters without `/` and `:`, not `.` and not `..…`.

    MLflow's rule: addresses such as `models:/name/1` name the model.
    """
    text = check_text(value, field, limit=MAX_REGISTERED_MODEL_NAME, empty=False)
    if "/" in text or ":" in text:
        raise InvalidName(
            message(
                "Invalid model name %(text)r. Names cannot contain '/' or ':'.",
                text=text,
            ),
            field=field,
        )
    # Two dots at the start: MLflow's clients refuse a name that could be a folder.
    if not text.isprintable() or text == "." or text.startswith(".."):
        raise InvalidName(
            message(
                "Invalid model name %(text)r. Names cannot contain control "
                "characters, be '.', or start with '..'.",
                text=text,
            ),
            field=field,
        )
    return text


_ALIAS = re.compile(r"[\w-]+")
#: `models:/name/latest` and `models:/name/3` mean something else.
_RESERVED_ALIAS = re.compile(r"latest|[vV]?\d+", re.IGNORECASE)


def check_model_alias(value: object, field: str = "alias") -> str:
    """An alias of a model version: letters, digits, `_` and `-`; up to 255.

    Not `latest`, and not like a version: `3` or `v3`.
    """
    text = check_text(value, field, limit=MAX_MODEL_ALIAS, empty=False)
    if not _ALIAS.fullmatch(text):
        raise InvalidName(
            message(
                "Invalid alias %(text)r. Aliases can contain only letters, digits, "
                "'_' and '-'.",
                text=text,
            ),
            field=field,
        )
    if _RESERVED_ALIAS.fullmatch(text):
        raise InvalidName(
            message(
                "The alias %(text)r is reserved: it would read as a version. "
                "Choose another alias.",
                text=text,
            ),
            field=field,
        )
    return text


def check_registry_tag_value(value: object, field: str) -> str:
    """A tag's value of a registered model or a version."""
    return check_text(value, field, limit=MAX_REGISTRY_TAG_VALUE)


def check_display_name(value: object, field: str = "name") -> str:
    """1 to 500 printable characters."""
    text = check_text(value, field, limit=MAX_DISPLAY_NAME, empty=False)
    if not text.isprintable():
        raise InvalidName(
            message("%(field)s contains a control character", field=field),
            field=field,
        )
    return text


def check_path(value: object, field: str = "path") -> str:
    """A file's path inside a run: relative, `/`-separated, normal, up to 64 parts.

    Refuses empty parts, `.` and `..`, a leading slash, backslashes, drive letters and
    control characters. The caller decodes percent signs once, never twice.
    """
    text = check_text(value, field, limit=MAX_PATH, empty=False)
    parts = text.split("/")
    bad = any(part in ("", ".", "..") for part in parts)
    # On Windows, a backslash divides folders, and `C:` is a drive.
    if bad or "\\" in text or re.match(r"[A-Za-z]:", text) or not text.isprintable():
        raise InvalidName(
            message(
                "%(field)s %(text)r must be a relative path without empty parts, "
                "'.', '..', backslashes or control characters",
                field=field,
                text=text,
            ),
            field=field,
        )
    if len(parts) > MAX_PATH_PARTS:
        raise InvalidName(
            message(
                "%(field)s is a path of %(count)s parts. The limit is %(limit)s.",
                field=field,
                count=len(parts),
                limit=MAX_PATH_PARTS,
            ),
            field=field,
        )
    if any(len(part.encode()) > 1024 for part in parts):
        raise InvalidName(
            message(
                "%(field)s is a path with a part of more than 1,024 bytes", field=field
            ),
            field=field,
        )
    return text


def check_int64(value: object, field: str) -> int:
    """A whole number that fits 64 bits; booleans, fractions and text are refused."""
    # In Python, True is an integer.
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(
            message("%(field)s must be a whole number", field=field), field=field
        )
    if not MIN_INT64 <= value <= MAX_INT64:
        raise InvalidValue(
            message("%(field)s must fit into 64 bits", field=field), field=field
        )
    return value


def check_time(value: object, field: str) -> int:
    """Milliseconds since the epoch, from 1970 to 9999."""
    time = check_int64(value, field)
    if not 0 <= time <= MAX_TIME:
        raise InvalidValue(
            message(
                "%(field)s must be milliseconds since 1970, between 0 and %(limit)s",
                field=field,
                limit=MAX_TIME,
            ),
            field=field,
        )
    return time
