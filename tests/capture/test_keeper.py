"""The process that keeps what a script prints, without a script."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

from studio.capture.keeper import Keeper, Stream
from tests.parts.clients import ROOT


def test_a_message_comes_with_the_end_of_the_output() -> None:
    ours, its = socket.socketpair()
    source, end = os.pipe()
    shown, target = os.pipe()
    os.write(end, b"the last line\n")
    os.close(end)
    ours.sendall(b'{"do": "end", "run": ""}\n')
    ours.shutdown(socket.SHUT_WR)
    with ours, its, open(source, "rb"), open(target, "wb"), open(shown, "rb") as reader:
        Keeper(its, [Stream(source, target)]).run()
        assert os.read(reader.fileno(), 100) == b"the last line\n"
        assert ours.recv(10) == b".."


def test_output_that_a_message_took_is_not_waited_for_again() -> None:
    ours, its = socket.socketpair()
    source, end = os.pipe()
    shown, target = os.pipe()
    # Both can be read when it begins: the message takes the output.
    os.write(end, b"printed\n")
    ours.sendall(b'{"do": "end", "run": ""}\n{"do": "end", "run": ""')
    run = Keeper(its, [Stream(source, target)]).run
    keeper = threading.Thread(target=run, daemon=True)
    keeper.start()
    with ours, its, open(source, "rb"), open(target, "wb"), open(shown, "rb"):
        ours.settimeout(60)
        answers = [ours.recv(1), ours.recv(1)]
        ours.sendall(b"}\n")
        answers.append(ours.recv(1))
        os.close(end)
        ours.shutdown(socket.SHUT_WR)
        keeper.join(60)
        assert answers == [b"."] * 3


def test_a_failure_is_one_line_without_a_traceback() -> None:
    code = "from studio.capture.keeper import main; main(['no descriptor'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "Run Studio: Some output may be missing in the log (ValueError).\n"
    )
