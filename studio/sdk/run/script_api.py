"""What a training script calls on its run: log, tag, upload, start children, end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from studio.core.statuses import RunStatus
from studio.sdk.media import MediaApi, MediaLogger
from studio.sdk.run.child_runs import ChildRuns
from studio.sdk.run.errors_of_runs import error_message
from studio.sdk.run.files import RunFiles, UploadedFiles, UploadSource
from studio.sdk.run.info import RunInfo
from studio.sdk.run.lifecycle import RunLifecycle
from studio.sdk.run.metric_logging import MetricLogger
from studio.sdk.run.run_queries import Tags
from studio.sdk.run.snapshot import RunSnapshot
from studio.sdk.run.state import RunState
from studio.sdk.run.tags import RunTagsAndParams
from studio.sdk.run.with_block import EndsWithBlock

if TYPE_CHECKING:
    from studio.sdk.delivery import Receipt
    from studio.sdk.hyperdrive import HyperDriveConfig, HyperDriveRun
    from studio.sdk.submission import ScriptRunConfig

Self = TypeVar("Self", bound="ScriptApi")


class ScriptApi(MediaApi, EndsWithBlock):
    """The writing half of `Run`. Each part of the run does one kind of work."""

    _metrics: MetricLogger

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._metrics = MetricLogger(state)
        self._media = MediaLogger(self._metrics.upload_artifact)
        self._texts = RunTagsAndParams(state)
        self._files = RunFiles(state)
        self._info = RunInfo(state, self._texts, self._files)
        self._snapshot = RunSnapshot(state, self._texts)
        self._lifecycle = RunLifecycle(state, self._files, self._snapshot, self._info)
        self._children = ChildRuns(state)

    @property
    def id(self) -> str:
        """The run's id, which is unique in its workspace."""
        return self._state.id

    @property
    def receipt(self) -> Receipt | None:
        """What became of everything that was logged; None before the end."""
        return self._state.receipt

    def log(
        self, name: str, value: object, description: str = "", step: int | None = None
    ) -> None:
        """Append one value to the metric `name`, and return at once.

        `name` has up to 255 characters. `value` is a number, a text (up to 64 KiB), a
        boolean or None; NaN and infinities are values. A scalar of numpy, and a list,
        array or tensor of one element, is that element. Other objects are logged as
        their `repr`, with a warning. `step` is a whole number of 64 bits: without it,
        the values of a name count 0, 1, 2 … The time of the value is now.
        `description` is ignored.

            run.log("loss", 0.5)
            run.log("val/acc", accuracy, step=epoch)

        Raises UserErrorException for a longer list or array, and for a step that is not
        a whole number. A name or text that breaks a rule of the server is not logged,
        with a warning; it is an error with `STUDIO_STRICT=1`. If the server is away,
        the value waits on this machine.
        """
        self._metrics.log(name, value, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Append all values of a list or generator to the metric `name`.

        `value` has values of the types of `log`. Integers become floats if there are
        floats among them. An empty list logs nothing. `description` is ignored.

            run.log_list("accuracies", [0.6, 0.7, 0.87])

        Raises UserErrorException if `value` is not a list, such as a number or a text.
        """
        self._metrics.log_list(name, value)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Append a row to the table `name`: a value for each column, by its name.

            run.log_row("recall", digit=3, recall=0.97)

        Rows can have different columns. Raises UserErrorException for a list as a
        value. `description` is ignored.
        """
        self._metrics.log_row(name, kwargs)

    def log_confusion_matrix(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep a confusion matrix: a dict of v1's schema, or its JSON text.

        `{"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": {…}}`
        with `class_labels` (C) and `matrix` (C lists of C counts, by true label) in
        `data`. Raises UserErrorException for anything but a JSON object, as the
        following methods do.
        """
        self._metrics.log_json_file(name, "confusion_matrix", value)

    def log_accuracy_table(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep an accuracy table (1.0.1), the source of ROC, lift and other charts.

        `class_labels` (C), `probability_tables` and `percentile_tables` (C × M × 4:
        true and false positives, true and false negatives) at `probability_thresholds`
        and `percentile_thresholds` (M, from 0 to 1).
        """
        self._metrics.log_json_file(name, "accuracy_table", value)

    def log_residuals(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep a histogram of residuals (1.0.0).

        `bin_edges` (N + 1, in the unit of the prediction), `bin_counts` (N).
        """
        self._metrics.log_json_file(name, "residuals", value)

    def log_predictions(
        self, name: str, value: Mapping[str, Any] | str, description: str = ""
    ) -> None:
        """Keep predicted against true values, in bins of the true ones (1.0.0).

        `bin_edges` (N + 1); for each of the N bins the mean prediction `bin_averages`,
        half its error bar `bin_errors`, and `bin_counts`.
        """
        self._metrics.log_json_file(name, "predictions", value)

    def flush(self, timeout_seconds: float | None = 300) -> None:
        """Wait until the server has everything that was logged so far.

        `timeout_seconds` is the longest wait; None waits without a limit.
        """
        if self._state.writer is not None:
            self._state.writer.flush(timeout_seconds)

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag, also of a run that has ended.

        `key` has up to 255 characters. `value` becomes a text of up to 64 KiB; None is
        a tag without a value. Raises InvalidName or InvalidValue for what breaks a
        rule; for a run that this process logs it is a warning.
        """
        self._texts.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        """Set tags by their keys, and keep all others; see `tag`.

        A text instead of a dict is a tag without a value.
        """
        self._texts.set_tags(tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys; unknown keys are ignored."""
        self._texts.remove_tags(tags)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write parameters, once each: the inputs of a run, which lists show and sort.

        Nested dicts are flattened: `{"model": {"depth": 3}}` is `model.depth`. Not in
        the v1 SDK. Raises Immutable, and stores nothing, if one has another value.
        """
        self._texts.log_params(params)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Write properties, once each; repeating the same value is allowed.

        Raises Immutable, and stores nothing, if one has another value.
        """
        self._texts.add_properties(properties)

    def upload_file(
        self,
        name: str,
        path_or_stream: UploadSource,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> UploadedFiles:
        """Keep a file of this run as `name`, a path such as `outputs/model.pkl`.

        `path_or_stream` is a local file's path, or a stream of bytes that can be read.
        Uploading the same content again is accepted. Raises AlreadyExists if the run
        has such a file with other content, unless `overwrite`, and UserErrorException
        if there is no such local file.
        """
        return self._files.upload(name, path_or_stream, overwrite=overwrite)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> UploadedFiles | None:
        """Keep the files `paths` as `names`.

        Returns the uploaded files only with `return_artifacts`. Raises TypeError if
        there are more names or paths, and the errors of `upload_file`.
        """
        uploaded = self._files.upload_many(names, paths, overwrite=overwrite)
        return uploaded if return_artifacts else None

    def upload_folder(
        self,
        name: str,
        path: str | os.PathLike[str],
        datastore_name: str | None = None,
        *,
        overwrite: bool = False,
    ) -> UploadedFiles:
        """Keep all files below the folder `path` as `name/<relative path>`.

        Raises the errors of `upload_file`.
        """
        return self._files.upload_folder(name, path, overwrite=overwrite)

    def take_snapshot(self, file_or_folder_path: str | os.PathLike[str]) -> str:
        """Keep a file, or the files below a folder; returns the snapshot's id.

        Raises SnapshotException if the run has a snapshot, or it would be too large.
        """
        return self._snapshot.take(file_or_folder_path)

    def child_run(
        self: Self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | None = None,
    ) -> Self:
        """Start a run below this one; it is a context manager, too.

        `outputs` is a folder that is uploaded at its end. There is none by default,
        since `./outputs` belongs to the parent.
        """
        child: Self = self._children.start(self, name, run_id, outputs)
        return child

    def create_children(
        self: Self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[str] | None = None,
    ) -> list[Self]:
        """Start up to 100 runs below this one by one request.

        Either `count` runs, tagged by their numbers, or one for each of `tag_values`,
        with that value of the tag `tag_key`.
        """
        return self._children.create_many(self, count, tag_key, tag_values)

    def get_children(
        self: Self,
        recursive: bool = False,
        tags: Tags = None,
        properties: Mapping[str, str] | None = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Self]:
        """The runs below this one that meet all conditions, the newest first.

        `recursive` includes all levels.
        """
        return self._children.find(
            recursive=recursive,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
        )

    @property
    def parent(self: Self) -> Self | None:
        """The run above; None for a root, or if the server does not know it yet."""
        parent: Self | None = self._children.get_parent()
        return parent

    @overload
    def submit_child(
        self: Self,
        config: ScriptRunConfig,
        tags: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Self: ...

    @overload
    def submit_child(
        self: Self,
        config: HyperDriveConfig,
        tags: Mapping[str, str] | None = None,
        **more: Any,
    ) -> HyperDriveRun: ...

    def submit_child(
        self: Self,
        config: ScriptRunConfig | HyperDriveConfig,
        tags: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Self | HyperDriveRun:
        """Submit a ScriptRunConfig or a HyperDriveConfig as a run below this one.

        Returns it at once. Raises the errors of `Experiment.submit`.
        """
        child: Self = self._state.experiment.submit(
            config, tags=tags, _parent_run_id=self.id, **more
        )
        return child

    def start(self) -> None:
        """Report that the run is Running. Raises IllegalTransition if it has ended."""
        self._lifecycle.set_status(RunStatus.RUNNING)

    def complete(self, _set_status: bool = True) -> None:
        """Deliver everything that was logged, upload the outputs, end as Completed.

        Can be repeated.
        """
        self._lifecycle.finish(RunStatus.COMPLETED if _set_status else None)

    def fail(
        self,
        error_details: str | BaseException | None = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        """End as Failed. `error_details` is a sentence, or the exception.

        Raises TypeError for anything else.
        """
        message = error_message(error_details, error_code)
        self._lifecycle.finish(RunStatus.FAILED if _set_status else None, message)

    def cancel(self) -> None:
        """End as Canceled at once; what was logged is delivered."""
        self._lifecycle.cancel()

    @property
    def cancel_requested(self) -> bool:
        """Whether the run was canceled, as of the last heartbeat. Not in the v1 SDK.

        A script can end by itself then. It asks as often as it likes: the answer is
        kept here, and is at most five seconds old.
        """
        return self._lifecycle.is_cancel_requested()

    def _end_canceled(self, message: str) -> None:
        self._lifecycle.finish(RunStatus.CANCELED, message)

    def __enter__(self: Self) -> Self:
        self._lifecycle.start_capture()
        return self
