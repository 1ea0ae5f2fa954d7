"""What a notebook reads of a run: parameters, metrics, files, its snapshot."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, overload

from studio.sdk.changes import move_run
from studio.sdk.comments import Comment, comment_of, read_comments
from studio.sdk.media import LoggedMedia, read_media
from studio.sdk.metric_history import HistoryReader, MetricHistory
from studio.sdk.run.log_search import LogMatch, search_log
from studio.sdk.run.metric_reading import MetricReader
from studio.sdk.run.script_api import ScriptApi
from studio.sdk.run.state import RunState


class ReadApi(ScriptApi):
    """The reading half of `Run`."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state)
        self._reader = MetricReader(state)
        self._history = HistoryReader(state)

    @property
    def params(self) -> dict[str, str]:
        """The parameters as they are now, by name: texts, as they are stored.

        While the server is away, those that this process logged. Not in the v1 SDK.
        """
        return self._texts.get_params()

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """The metrics by name: a value that was logged once, else the list of values.

        A table is a dict of columns. `recursive` returns `{run id: {name: …}}` for this
        run and all runs below it that have metrics, `run_type` only those of that type.
        `populate` replaces an artifact's address by its content: a dict, or an image's
        bytes. For an unknown name the result is `{}`.
        """
        return self._reader.get_metrics(name, recursive, run_type, populate)

    @overload
    def history(self, name: str, /) -> MetricHistory: ...

    @overload
    def history(self, *names: str) -> dict[str, MetricHistory]: ...

    def history(self, *names: str) -> MetricHistory | dict[str, MetricHistory]:
        """All points of a metric, unsampled: arrays of steps, times and values.

        With several `names` a dict of histories by name, without names one of all
        numeric metrics. Times are seconds since 1970. Raises UserErrorException for a
        metric that the run does not have. Not in the v1 SDK.
        """
        if len(names) == 1:
            return self._history.read(names[0])
        return self._history.read_many(names)

    def get_file_names(self) -> list[str]:
        """The paths of all files of the run: outputs, logs, images."""
        return self._files.get_names()

    def download_file(
        self,
        name: str,
        output_file_path: str | os.PathLike[str] | None = None,
        _validate_checksum: bool = False,
    ) -> None:
        """Download a file, by default into the working folder.

        `output_file_path` is a file, or an existing folder. Raises UserErrorException
        if the run has no such file.
        """
        self._files.download(name, output_file_path)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | os.PathLike[str] | None = None,
        output_paths: str | Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Download all files whose path starts with `prefix`, below `output_directory`.

        `append_prefix=False` removes the prefix from the local paths. `output_paths`
        lists the local paths.
        """
        self._files.download_many(
            prefix or "", output_directory, output_paths, append_prefix=append_prefix
        )

    def get_all_logs(
        self, destination: str | os.PathLike[str] | None = None
    ) -> list[str]:
        """Download all logs into `destination`; returns their local paths.

        The default is `./assets/<run id>`.
        """
        return self._files.download_logs(destination)

    def search_log(
        self,
        text: str,
        regex: bool = False,
        path: str | None = None,
        match_case: bool = False,
    ) -> Iterator[LogMatch]:
        """The lines of the log that have `text`, in order, as the server finds them.

        With `regex`, `text` is a regular expression in RE2's syntax. `path` is a file
        of the run, by default its main log. Case counts only with `match_case`. Raises
        UserErrorException for a wrong expression, and if the run has no such file. Not
        in the v1 SDK.
        """
        query = {"q": text, "regex": int(regex), "case": int(match_case), "path": path}
        return search_log(self._state, query)

    def list_media(
        self, name: str | None = None, step: int | None = None
    ) -> list[LoggedMedia]:
        """What was logged over steps: images, sounds, videos, tables, texts and others.

        With `name`, only that medium, with all its steps and the items of its last step
        up to `step`; by default the newest. Without it, the newest 1,000 steps of each.
        Raises UserErrorException for a name that the run does not have. Not in the v1
        SDK.
        """
        # What this process logged can still be in the spool.
        self._state.flush()
        place = self._state.path("media")
        return read_media(self._state.connection.get, place, name, step)

    def get_comments(self) -> list[Comment]:
        """The comments on the run, the oldest first. Not in the v1 SDK."""
        state = self._state
        return read_comments(state.connection.get, state.path("comments"))

    def add_comment(self, text: str) -> Comment:
        """Comment on the run, in Markdown; `@name` mentions a member.

        Raises StudioError if the server refuses it or can't be reached. Not in the v1
        SDK.
        """
        path = self._state.path("comments")
        return comment_of(self._state.write_now("POST", path, {"text": text}))

    @property
    def locked(self) -> bool:
        """Whether the run is read-only. Not in the v1 SDK."""
        return bool(self._state.info.get("locked"))

    @property
    def color(self) -> int | None:
        """The color that a member gave the run, from 1 to 10. Not in the v1 SDK."""
        return self._state.info.get("color")

    def set_color(self, color: int | None) -> None:
        """Give the run one of ten colors in every list and chart; None removes it.

        `studio.undo` takes it back. Not in the v1 SDK.
        """
        state = self._state
        state.set_info(state.write_now("PATCH", state.path(), {"color": color}))

    def lock(self) -> None:
        """Make the run read-only until you or an owner unlock it.

        What its own script logs is kept until the script ends. Not in the v1 SDK.
        """
        self._set_lock(True)

    def unlock(self) -> None:
        """Remove the lock. Raises PermissionDenied if someone else locked the run,
        unless you are an owner. Not in the v1 SDK.
        """
        self._set_lock(False)

    def _set_lock(self, on: bool) -> None:
        state = self._state
        state.set_info(state.write_now("PATCH", state.path(), {"locked": on}))

    def move(self, experiment: str) -> None:
        """Move the run with all runs of its tree to the experiment of that name.

        It is created if needed. Raises UserErrorException for a child run, which moves
        only with its root, and for a locked tree. A tree of more than 1,000 runs moves
        in the background, and this waits for it. Not in the v1 SDK.
        """
        state = self._state
        move_run(state.connection.get, state.write_now, state.id, experiment)
        state.refresh()
        self._state.experiment = self._state.experiment.workspace._experiment_of(
            self._state.info
        )

    def get_snapshot_id(self) -> str | None:
        """The snapshot's id; None without one."""
        return self._snapshot.get_id()

    def restore_snapshot(
        self,
        snapshot_id: str | None = None,
        path: str | os.PathLike[str] | None = None,
    ) -> str:
        """Download the archive into the folder `path`; returns its local path.

        Creates the folder. Raises SnapshotException if the run has no snapshot, and
        UserErrorException if the folder cannot be written to.
        """
        return self._snapshot.restore(snapshot_id, path)

    def figure(self, *metrics: str, **more: Any) -> Any:
        """Metrics of this run as a plotly figure (`pip install plotly`)."""
        from studio.sdk.figures import run_figure

        return run_figure(self, *metrics, **more)
