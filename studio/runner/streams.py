"""A command's standard output and error: passed through unchanged, and kept."""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import re
import termios
import threading
from collections.abc import Callable

from studio.core.readiness import wait_readable

CHUNK_BYTES = 64 * 1024
#: The start of a line waits for its end, up to this length and time.
MAX_LINE_BYTES, IDLE_SECONDS = 8 * 1024, 0.5
#: The end of standard error becomes part of a failure's message.
MAX_TAIL_BYTES, MAX_TAIL_LINES = 16 * 1024, 30
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)"
)
_TRACEBACK = "Traceback (most recent call last)"


class OutputStream:
    """One stream: the end that the command writes to, and a thread that passes it on.

    A command whose output goes to a terminal writes to a terminal here, too, so it
    prints colors and progress bars as usual.
    """

    def __init__(self, target: int, keep: Callable[[bytes], None]) -> None:
        self._target, self._keep = target, keep
        self.is_terminal = _is_terminal(target)
        self._source, self.command_end = open_channel(target, self.is_terminal)
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._tail, self._line = bytearray(), bytearray()
        self._is_passing = True
        #: Grows with each chunk, so a reader sees whether more arrives.
        self.chunks = 0
        #: Whether the reader of this process's output has not taken a chunk yet.
        self.is_writing = False

    def start(self) -> None:
        """Called once the command has its end."""
        os.close(self.command_end)
        self._thread.start()

    def cancel(self) -> None:
        """The command was not started."""
        os.close(self.command_end)
        os.close(self._source)

    def join(self, seconds: float) -> bool:
        """Wait for the stream's end; whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def resize(self) -> None:
        """Give the command's terminal the size of the real one."""
        if self.is_terminal:
            copy_terminal_size(self._target, self._source)

    def tail(self) -> str:
        """The last lines, without colors and overwritten progress bars."""
        return last_lines(self._tail.decode("utf-8", "replace"))

    def _pass_on(self) -> None:
        while chunk := self._read():
            self.chunks += 1
            self._tail += chunk
            del self._tail[:-MAX_TAIL_BYTES]
            self._keep_lines(chunk)
            if self._is_passing and not self._write(chunk):
                break
        self._keep_rest()
        # The command gets SIGPIPE with its next output, as without `studio run`.
        os.close(self._source)

    def _keep_lines(self, chunk: bytes) -> None:
        """Keep whole lines, so that those of the two streams do not mix."""
        self._line += chunk
        # Progress bars end their lines with a carriage return.
        end = max(self._line.rfind(b"\n"), self._line.rfind(b"\r")) + 1
        if len(self._line) - end > MAX_LINE_BYTES:
            end = len(self._line)
        if end:
            self._keep(bytes(self._line[:end]))
            del self._line[:end]

    def _keep_rest(self) -> None:
        if self._line:
            self._keep(bytes(self._line))
            self._line.clear()

    def _read(self) -> bytes:
        try:
            # A prompt has no line end: it is kept when nothing follows it.
            if self._line and not wait_readable(self._source, IDLE_SECONDS):
                self._keep_rest()
            return os.read(self._source, CHUNK_BYTES)
        except OSError as error:
            # How Linux reports the end of a terminal.
            if error.errno == errno.EIO:
                return b""
            raise

    def _write(self, chunk: bytes) -> bool:
        """Whether the command should go on writing."""
        rest = memoryview(chunk)
        self.is_writing = True
        try:
            while rest:
                rest = rest[os.write(self._target, rest) :]
        except BrokenPipeError:
            return False
        except OSError:
            # The terminal was closed, or the disk is full: the log goes on.
            self._is_passing = False
        finally:
            self.is_writing = False
        return True


def open_streams(keep: Callable[[bytes], None]) -> list[OutputStream]:
    """Streams for standard output and error; one if both go to the same place.

    Two streams there could overtake each other.
    """
    output, errors = 1, 2
    if is_same_place(output, errors):
        return [OutputStream(output, keep)]
    return [OutputStream(output, keep), OutputStream(errors, keep)]


def is_same_place(one: int, other: int) -> bool:
    try:
        return os.path.sameopenfile(one, other)
    except OSError:
        return False


def _is_terminal(target: int) -> bool:
    try:
        return os.isatty(target)
    except OSError:
        return False


def open_channel(target: int, is_terminal: bool) -> tuple[int, int]:
    if is_terminal:
        # No terminal is left: a pipe does.
        with contextlib.suppress(OSError, termios.error):
            source, command_end = pty.openpty()
            _make_transparent(command_end)
            copy_terminal_size(target, source)
            return source, command_end
    return os.pipe()


def _make_transparent(terminal: int) -> None:
    """Let bytes pass as they are: the real terminal translates line ends and echoes."""
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def copy_terminal_size(real: int, other: int) -> None:
    import fcntl

    with contextlib.suppress(OSError):
        size = fcntl.ioctl(real, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(other, termios.TIOCSWINSZ, size)


def last_lines(text: str) -> str:
    """The last lines of an output; more if a traceback begins before them."""
    plain = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n")
    lines = [line.rpartition("\r")[2].rstrip() for line in plain.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    first = max(0, len(lines) - MAX_TAIL_LINES)
    starts = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    if starts:
        first = min(first, starts[-1])
    return "\n".join(lines[first:]).strip("\n")
