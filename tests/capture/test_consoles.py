"""What a process prints: in the logs of its runs, and where it went before."""

from __future__ import annotations

import re
import signal

import pytest

from tests.capture.captured import Script
from tests.parts.waiting import becomes


def run(script: Script, code: str, *runs: str) -> str:
    printed, _ = script.capture(code, *runs).communicate(timeout=60)
    return without_notices(printed)


def without_notices(printed: str) -> str:
    """A slow server: the delivery is announced after two seconds."""
    return re.sub(r"Run Studio: (?!Some output).*\n", "", printed)


def test_each_run_gets_the_output_from_its_start_to_its_end(script: Script) -> None:
    outer, inner, later = [script.new_run() for _ in range(3)]
    code = """
    print("before")
    start(first); print("outer")
    start(second); subprocess.run(["echo", "of a program"]); consoles.end_run(second)
    os.write(2, b"descriptor"); consoles.end_run(first)
    print("between")
    start(third); print("later"); consoles.end_run(third)
    """
    printed = run(script, code, outer, inner, later)
    assert printed == "before\nouter\nof a program\ndescriptorbetween\nlater\n"
    assert script.log(outer) == "outer\nof a program\ndescriptor"
    assert script.log(inner) == "of a program\n"
    assert script.log(later) == "later\n"


def test_what_a_killed_script_printed_is_kept_to_the_middle_of_a_line(
    script: Script,
) -> None:
    run_id = script.new_run()
    code = """
    start(first)
    for number in range(2000): print("line", number)
    print("half", end="", flush=True)
    os.kill(os.getpid(), 9)
    """
    printed = run(script, code, run_id)
    lines = "".join(f"line {number}\n" for number in range(2000))
    assert printed == f"{lines}half"
    assert script.has_log(run_id, printed)
    assert becomes(lambda: script.run_info(run_id)["status"] == "Failed")
    assert script.run_info(run_id)["error"] == (
        "The process ended without ending its run."
    )


@pytest.mark.sample(3, group="captured consoles")
def test_a_killed_script_does_not_end_a_run_that_it_resumed(script: Script) -> None:
    run_id = script.new_run()
    code = "start(first, is_new=False); print('x', flush=True); os._exit(1)"
    run(script, code, run_id)
    assert script.has_log(run_id, "x\n")
    assert script.run_info(run_id)["status"] == "Running"


@pytest.mark.sample(3, group="captured consoles")
def test_forked_processes_print_to_the_run_and_capture_their_own(
    script: Script,
) -> None:
    parent, child = script.new_run(), script.new_run()
    code = """
    start(first); print("parent", flush=True)
    if not os.fork():
        start(second); print("child", flush=True); consoles.end_run(second)
        consoles.close()
        os._exit(0)
    os.wait(); print("after"); consoles.end_run(first)
    """
    run(script, code, parent, child)
    # What keeps the child's output prints to where the child printed.
    assert without_notices(script.log(parent)) == "parent\nchild\nafter\n"
    assert script.log(child) == "child\n"


@pytest.mark.sample(3, group="captured consoles")
def test_a_terminal_stays_a_terminal(script: Script) -> None:
    run_id = script.new_run()
    code = """
    start(first)
    print(sys.stdout.isatty(), os.isatty(2))
    print("1%", end="\\r"); print("\\033[31mred\\033[0m"); consoles.end_run(first)
    """
    shown = script.in_terminal(code, run_id)
    assert shown == "True True\r\n1%\r\x1b[31mred\x1b[0m\r\n"
    lines = shown.replace("\r\n", "\n")
    assert becomes(lambda: script.log(run_id).replace("\r\n", "\n") == lines)


@pytest.mark.sample(3, group="captured consoles")
def test_a_reader_that_stops_reading_ends_the_script_as_usual(script: Script) -> None:
    run_id = script.new_run()
    code = "start(first)\nwhile True: print('x' * 1000)"
    process = script.capture(code, run_id, stderr=None)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) != 0


@pytest.mark.sample(3, group="captured consoles")
def test_ctrl_c_interrupts_only_the_script(script: Script) -> None:
    run_id = script.new_run()
    code = """
    start(first); print("started", flush=True)
    try: Path("ready").touch(); time.sleep(60)
    except KeyboardInterrupt: print("interrupted")
    consoles.end_run(first)
    """
    process = script.capture(code, run_id, start_new_session=True)
    assert becomes((script.folder / "ready").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert script.has_log(run_id, "started\ninterrupted\n")


@pytest.mark.sample(3, group="captured consoles")
def test_output_goes_on_when_the_process_that_keeps_it_is_killed(
    script: Script,
) -> None:
    run_id = script.new_run()
    code = """
    start(first); print("kept", flush=True)
    os.kill(consoles._console._keeper.pid, 9)
    for _ in range(5000): print("x" * 100)
    print("end"); consoles.end_run(first)
    """
    process = script.capture(code, run_id)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert printed.endswith("end\n")


@pytest.mark.sample(3, group="captured consoles")
def test_a_program_that_outlives_the_script_does_not_delay_its_end(
    script: Script,
) -> None:
    run_id = script.new_run()
    code = """
    start(first); print("x"); consoles.end_run(first)
    Path("pid").write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
    """
    process = script.capture(code, run_id, stdout=None, stderr=None)
    try:
        assert process.wait(30) == 0
        assert script.has_log(run_id, "x\n")
    finally:
        script.end_process("pid")
