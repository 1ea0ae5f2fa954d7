"""`studio run logs|monitor-logs|download-logs`: what a run printed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from studio.cli.output import Output, output_options
from studio.cli.target import Target, run_path, target_options
from studio.cli.transfers import TransferBar, download_to_file
from studio.cli.words import run_option, take_query, take_run, words_argument
from studio.core.errors import NotFound, StudioError
from studio.core.statuses import FINAL
from studio.sdk.responses import WrongServer, is_temporary
from studio.sdk.run import find_current_log

FINAL_VALUES = frozenset(status.value for status in FINAL)
LOG_FOLDERS = ("logs", "azureml-logs", "user_logs", "system_logs")
#: How often a log that is followed is read.
POLL_SECONDS = 1.0


@click.command(epilog="Example: studio run logs -f RUN")
@output_options
@target_options
@run_option
@click.option("-f", "--follow", is_flag=True, help="Continue until the run ends.")
@click.option("--file", "file", default="", metavar="FILE", help="Another log file.")
@click.option(
    "--tail", type=click.IntRange(1, 2000), metavar="LINES", help="The last lines only."
)
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only lines with a text.",
)
@click.option(
    "--regex", is_flag=True, help="The text of --search is a regular expression (RE2)."
)
@words_argument("[RUN]")
def logs(
    target: Target,
    output: Output,
    run_id: str,
    follow: bool,
    file: str,
    tail: int | None,
    search: str,
    regex: bool,
    words: tuple[str, ...],
) -> None:
    """Print a run's log."""
    if follow + bool(tail) + bool(search) > 1:
        raise click.UsageError("Use only one of --follow, --tail and --search.")
    if regex and not search:
        raise click.UsageError("--regex needs --search.")
    run_id, _ = take_run(target, words, run_id)
    run = target.find_run(run_id)
    if search:
        query = {"path": file, "q": search, "regex": int(regex)}
        _print_hits(target, run_id, query)
        return
    if tail:
        _print_last_lines(target, run_id, file, tail)
        return
    reader = LogReader(target, run_id, file)
    if follow:
        _follow(target, output, run, reader)
    else:
        reader.print_new()
    reader.finish()
    if not reader.path:
        names = ", ".join(list_logs(target, run_id)) or "none"
        if file:
            raise NotFound(f"{run_id} has no log {file!r}. Its logs: {names}.")
        output.note(f"{run_id} has no log of its output. Its log files: {names}.")


@click.command("monitor-logs", epilog="Example: az ml run monitor-logs -r RUN")
@output_options
@target_options
@run_option
@words_argument("[RUN]")
def monitor_logs(
    target: Target, output: Output, run_id: str, words: tuple[str, ...]
) -> None:
    """Follow a run's log until the run ends, then print a summary."""
    run_id, _ = take_run(target, words, run_id)
    run = target.find_run(run_id)
    link = f"Web View: {target.page_url(run_id)}"
    click.echo(f"RunId: {run_id}\n{link}\n")
    reader = LogReader(target, run_id, with_titles=True)
    run = _follow(target, output, run, reader)
    reader.finish()
    click.echo(f"\nExecution Summary\n=================\nRunId: {run_id}\n{link}\n")
    if run["error"]:
        error = {"error": {"code": "UserError", "message": run["error"]}}
        click.echo(f"Error:\n{json.dumps(error, indent=4, ensure_ascii=False)}\n")


@click.command(
    "download-logs", epilog="Example: az ml run download-logs -r RUN -d logs-of-run"
)
@output_options
@target_options
@run_option
@click.option(
    "-d", "--output-dir", required=True, metavar="FOLDER", help="Created if needed."
)
@words_argument("[RUN]")
def download_logs(
    target: Target,
    output: Output,
    run_id: str,
    output_dir: str,
    words: tuple[str, ...],
) -> None:
    """Download all log files of a run."""
    run_id, _ = take_run(target, take_query(words, output), run_id)
    target.find_run(run_id)
    sizes = list_logs(target, run_id)
    folder = Path(output_dir)
    written = []
    with TransferBar(sum(sizes.values()), "Downloading") as bar:
        for path in sizes:
            # The server refuses paths with `..`, a foreign one might not.
            if ".." in Path(path).parts or Path(path).is_absolute():
                raise click.ClickException(f"{path!r} is not a path inside a run.")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            place = run_path(run_id, f"files/{quote(path)}")
            download_to_file(target.client, place, folder / path, bar)
            written.append(str(folder / path))
    count = f"{len(written)} log file{'' if len(written) == 1 else 's'}"
    output.emit(written, summary=f"Downloaded {count} to {folder}.")


def list_logs(target: Target, run_id: str) -> dict[str, int]:
    """The sizes of the run's log files by path."""
    found: dict[str, int] = {}
    # By folder: a run can have many thousands of other files.
    for folder in LOG_FOLDERS:
        found.update(list_files(target, run_id, folder))
    return found


def list_files(target: Target, run_id: str, folder: str) -> dict[str, int]:
    """The sizes of the files in a folder of the run, by path."""
    found: dict[str, int] = {}
    after: str | None = None
    while after != "":
        page = target.client.get(
            run_path(run_id, "files"), folder=folder, after=after, limit=5000
        )
        found.update({file["path"]: file["size"] for file in page["files"]})
        after = page["after"]
    return found


class LogReader:
    """Prints what a log has more than at the last call, byte by byte."""

    def __init__(
        self, target: Target, run_id: str, path: str = "", *, with_titles: bool = False
    ) -> None:
        self.target, self.run_id = target, run_id
        self.wanted, self.path, self.printed = path, "", 0
        self.with_titles = with_titles
        self.ends_line = True

    def print_new(self) -> bool:
        """Print what is new; whether there was anything."""
        sizes = list_logs(self.target, self.run_id)
        if self.wanted and self.wanted not in sizes:
            folder = self.wanted.rpartition("/")[0]
            sizes.update(list_files(self.target, self.run_id, folder))
        path = self.wanted if self.wanted in sizes else ""
        if not self.wanted:
            path = find_current_log(list(sizes)) or next(iter(sizes), "")
        if not path:
            return False
        if path != self.path:
            self._begin(path)
        if sizes[path] <= self.printed:
            return False
        place = run_path(self.run_id, f"files/{quote(path)}")
        # Bytes, so that a character that two readings split is whole.
        output = _StandardOutput()
        try:
            self.target.client.download(place, output, offset=self.printed)  # type: ignore[arg-type]
        finally:
            self.printed += output.tell()
            self.ends_line = output.ends_line
        return True

    def _begin(self, path: str) -> None:
        self.finish()
        self.path, self.printed = path, 0
        if self.with_titles:
            title = f"Streaming {path}"
            click.echo(f"{title}\n{'=' * len(title)}\n")

    def finish(self) -> None:
        """End a last line that was cut, before something else is printed."""
        if not self.ends_line and (self.with_titles or sys.stdout.isatty()):
            click.echo()
        self.ends_line = True


class _StandardOutput:
    """The standard output as the target of a download, which begins only once."""

    def __init__(self) -> None:
        self._written = 0
        self.ends_line = True

    def tell(self) -> int:
        return self._written

    def seek(self, position: int) -> int:
        if position != self._written:
            raise WrongServer("The log changed while it was read. Try again.")
        return position

    def truncate(self) -> None:
        """Nothing was written before the first byte."""

    def writelines(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            self._written += len(chunk)
            self.ends_line = chunk.endswith(b"\n")


def _print_last_lines(target: Target, run_id: str, file: str, count: int) -> None:
    """Print the last lines as a terminal would show them, without colors."""
    place = run_path(run_id, "logs")
    found = target.client.json(
        "GET", place, query={"path": file, "end": 1, "count": count}
    )
    for line in found["lines"]:
        click.echo(line["text"])


def _print_hits(target: Target, run_id: str, query: dict[str, Any]) -> None:
    """Print matching lines as they are found; the server searches a part at a time."""
    place, after = run_path(run_id, "logs/search"), "0"
    while after:
        found = target.client.json("GET", place, query={**query, "after": after})
        for hit in found["hits"]:
            click.echo(f"{hit['line']}: {hit['text']}")
        after = found["next"]


def _follow(
    target: Target, output: Output, run: dict[str, Any], reader: LogReader
) -> dict[str, Any]:
    """Print the log until the run has ended; returns the run."""
    while True:
        try:
            # The status before the log: what is logged until the end is printed.
            run = target.client.get(run_path(run["id"]))
            reader.print_new()
        except StudioError as error:
            if not is_temporary(error):
                raise
            output.warn(f"{error.message} Trying again until it answers.")
        else:
            if run["status"] in FINAL_VALUES:
                return run
        time.sleep(POLL_SECONDS)
