"""What goes wrong is said in one sentence that tells what to do; training goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts.server import Server
from tests.sdk.user import BEGIN, User, begun

TRY = """
try:
    {}
except Exception as error:
    print(type(error).__name__ + ": " + str(error))
"""


@pytest.mark.parametrize(
    ("env", "name", "words"),
    [
        ({"STUDIO_TOKEN": "rs_wrong"}, "SignInRequired", "studio env"),
        ({"STUDIO_TOKEN": "a b"}, "InvalidValue", "studio env"),
        ({"STUDIO_TOKEN": ""}, "UserErrorException", "studio env"),
        ({"STUDIO_WORKSPACE": "nosuch"}, "NotFound", "STUDIO_WORKSPACE"),
        ({"STUDIO_URL": "localhost:8000"}, "InvalidValue", "STUDIO_URL"),
        (
            {"STUDIO_URL": "http://127.0.0.1:9", "STUDIO_MODE": "online"},
            "Unreachable",
            "STUDIO_URL",
        ),
        ({"STUDIO_MODE": "onlin"}, "UserErrorException", "STUDIO_MODE"),
    ],
)
def test_an_invalid_response_is_explained(
    user: User, env: dict[str, str], name: str, words: str
) -> None:
    code = "from azureml.core import Workspace, Experiment\n"
    code += TRY.format('Experiment(Workspace.from_config(), "x")')
    said = user.said(code, env=env)
    assert said.startswith(f"{name}: "), said
    assert words in said
    assert "\n" not in said


def test_another_service_at_the_address_is_reported(user: User, server: Server) -> None:
    code = "from azureml.core import Workspace, Experiment\n"
    code += TRY.format('Experiment(Workspace.from_config(), "x")')
    said = user.said(code, env={"STUDIO_URL": f"{server.url}/static"})
    assert said.startswith("WrongServer: ")
    assert "STUDIO_URL" in said


WRONG_CALLS = {
    "run.log('m', [1, 2])": "run.log does not support list type. Use run.log_list",
    "run.log('m', range(3))": "run.log does not support range type. Use run.log_list",
    "run.log('m', [])": "run.log does not support list type. Use run.log_list",
    "run.log('m', print)": "Use run.log_list instead",
    "run.log('m', __import__('pandas').DataFrame({'a': [1, 2]}))": "Use run.log_table",
    "run.log('m', 1, step='a')": "step of a metric must be a whole number",
    "run.log_list('m', 5)": "Use run.log instead",
    "run.log_list('m', print)": "Use run.log instead",
    "run.log_list('m', __import__('numpy').array(3))": "Use run.log instead",
    "run.log_row('m', x=[1])": (
        "Rows cannot contain list values, column x contains a list."
    ),
    "run.log_table('m', {'a': [1, 2], 'b': [1]})": (
        "Columns must have the same length, column a had length 2, however, column b "
        "had length 1."
    ),
    "run.log_table('m', [1])": "dict of columns",
    "run.log_table('m', __import__('pandas').DataFrame([[1, 2]], columns=[0, '0']))": (
        "The table has two columns '0': rename one of them."
    ),
    "run.log_image('m')": "either a path or a plot",
    "run.log_image('m', 5)": "the path of an image, not int",
    "run.log_image('m', [[1]])": "the path of an image, not list",
    "run.log_image('m', __import__('numpy').zeros((3, 8, 9)))": (
        "not 3×8×9: move the channels to the end, such as value.transpose(1, 2, 0)."
    ),
    "run.log_image('m', __import__('numpy').zeros((2, 8, 9, 3)))": (
        "log each image of a batch by its own call"
    ),
    "run.log_image('m', __import__('numpy').zeros((0, 9)))": "not 0×9",
    "run.log_image('m', __import__('numpy').zeros((2, 2), complex))": (
        "an array of numbers, not of complex128"
    ),
    "run.log_image('m', __import__('pandas').DataFrame({'a': [1]}))": (
        "log it by log_table"
    ),
    "run.log_image('m', path='nosuch.png')": "There is no image file 'nosuch.png'",
    "run.log_image('m', path='text.txt')": "is no image",
    "run.log_confusion_matrix('m', '{')": "Invalid JSON provided",
    "run.log_residuals('m', {(1, 2): 3})": "Invalid JSON provided: keys must be str",
    "run.log_predictions(None, {})": "name of a metric must be text, not None",
    "run.upload_file('x', 'nosuch.txt')": "There is no file 'nosuch.txt'",
    "run.upload_file('x', None)": "an open file is to be uploaded, not None",
    "run.upload_file('../x', 'text.txt')": "must be a relative path",
    "run.upload_files(['a', 'b'], ['text.txt'])": "must have the same length",
    "run.upload_folder('x', 'nosuch')": "There is no folder 'nosuch'",
    "run.download_file('nosuch')": (
        "File with path nosuch was not found, available files include: "
    ),
    "run.fail(5)": "error_details must be text or an exception",
    "run.create_children()": "Either count or tag_key and tag_values must be set",
    "run.create_children(2, tag_key='a', tag_values=['b'])": "Either count or",
    "run.create_children(101)": "can not create more than 100 runs",
    "run.create_children('3')": "count must be a whole number, not '3'",
    "run.create_children(-1)": "count must be a whole number, not -1",
    "run.create_children(tag_key='a', tag_values='bc')": "a list of texts, not 'bc'",
    "run.set_tags(['a'])": "tags must be a dict, not ['a']",
    "run.remove_tags(None)": "tags must be a list of keys, not None",
    "run.add_properties(None)": "properties must be a dict, not None",
    "run.log_params('a')": "params must be a dict, not 'a'",
    "run.take_snapshot('nosuch')": "There is no file or folder 'nosuch'",
    "Run(exp, 'nosuch')": "NotFound: The run 'nosuch' doesn't exist",
    "Run(exp, 'no such?')": "There is no run 'no such?'",
    "Run.get(ws, '../runs')": "There is no run '../runs'",
    "Run(exp, run.id).tag('k' * 300)": "The limit is 255",
    "exp.start_logging(tags={'k' * 300: 'v'})": "The limit is 255",
    "exp.start_logging(properties=['a'])": "properties must be a dict, not ['a']",
    "Experiment(ws, '')": "must not be empty",
    "list(exp.get_runs(tags=5))": "tags must be a dict",
    "exp.submit(None)": "Submit a ScriptRunConfig, not NoneType.",
    "run.submit_child(None)": "Submit a ScriptRunConfig, not NoneType.",
    "run.register_model('m')": "has no file or folder 'm'",
    "run.get_secret('s')": "os.environ",
    "run.get_secrets(['s'])": "os.environ",
    "exp.reactivate('other')": "leave new_name out",
    "Run.add_type_provider('azureml.scriptrun', None)": "registered already",
}


@pytest.fixture(scope="module")
def refused(user: User) -> list[str]:
    (user.folder / "text.txt").write_text("text")
    code = begun("\n".join(map(TRY.format, WRONG_CALLS)) + "\nrun.complete()\n")
    lines = user.said(code).splitlines()
    return [line for line in lines if ": " in line]


@pytest.mark.parametrize("number", range(len(WRONG_CALLS)), ids=list(WRONG_CALLS))
def test_a_wrong_log_call_suggests_the_correct_one(
    refused: list[str], number: int
) -> None:
    assert len(refused) == len(WRONG_CALLS)
    assert list(WRONG_CALLS.values())[number] in refused[number]


def test_invalid_points_are_skipped_and_training_continues(user: User) -> None:
    code = begun(
        """
run.log("n" * 300, 1)
run.log("text", "x" * 70_000)
run.log("huge", 1 << 5000)
run.log("late", 1, step=2**70)
run.log("complex", 1 + 2j)
run.log_residuals("n" * 300, {"data": {}})
for _ in range(3):
    run.log("mixed", 1.5)
run.log_row("mixed", a=1)
run.log("good", 1)
run.complete()
print(sorted(run.get_metrics()), run.get_metrics("complex"), run.get_file_names())
"""
    )
    done = user.run(code)
    metrics = "['complex', 'good', 'mixed'] {'complex': '(1+2j)'}"
    assert done.stdout.strip() == f"{metrics} ['system_logs/environment.json']"
    bounds = ("255", "65536", "4096 bits", "step of 'late' must fit into 64 bits")
    for words in (*bounds, "is logged as text", "use two names"):
        assert words in done.stderr


def test_invalid_tags_and_properties_are_skipped_and_training_continues(
    user: User,
) -> None:
    code = begun(
        """
run.set_tags({"k" * 300: "v", "good": "kept", "half": "\\ud800"})
run.add_properties({"p": "x" * 70_000, "author": "kept"})
run.log_params({"": 1, "depth": 3})
run.display_name = None
run.description = "d" * 70_000
run.display_name = "named"
run.complete()
again = Run(exp, run.id)
own = {k: v for k, v in again.get_properties().items() if not k.startswith("studio.")}
print(again.get_tags(), own, again.display_name, again.description)
"""
    )
    done = user.run(code)
    said = "{'good': 'kept'} {'author': 'kept'} named None"
    assert done.stdout.strip() == said
    assert done.stderr.count("Not logged: ") == 6
    for words in ("255", "valid Unicode", "65536", "empty", "must be text"):
        assert words in done.stderr


@pytest.mark.parametrize("call", ['run.log("n" * 300, 1)', 'run.tag("n" * 300)'])
def test_strict_mode_raises_errors(user: User, call: str) -> None:
    code = begun(TRY.format(call))
    assert user.said(code, env={"STUDIO_STRICT": "1"}).startswith("InvalidValue: ")


def test_a_file_is_not_replaced_unless_asked(user: User) -> None:
    (user.folder / "text.txt").write_text("text")
    code = begun(
        """
import io
run.upload_file("a.txt", "text.txt")
run.upload_file("a.txt", "text.txt")
run.upload_file("a.txt", io.BytesIO(b"text"))
open("text.txt", "w").write("more")
"""
        + TRY.format('run.upload_file("a.txt", "text.txt")')
        + """
run.complete()
Run(exp, run.id).upload_file("a.txt", io.BytesIO(b"text"))
open("text.txt", "w").write("other")
"""
        + TRY.format('Run(exp, run.id).upload_file("a.txt", "text.txt")')
        + """
again = Run(exp, run.id)
again.log("m", 1)
"""
        + TRY.format('again.upload_file("a.txt", "text.txt")')
        + """
again.complete()
Run(exp, run.id).upload_file("a.txt", "text.txt", overwrite=True)
Run(exp, run.id).download_file("a.txt", "back/b.txt")
print(open("back/b.txt").read())
"""
    )
    first, second, logged, third = user.said(code).splitlines()
    assert first == second == logged
    assert first.startswith("AlreadyExists: Resource Conflict: the run has a file")
    assert third == "other"


def test_a_large_file_is_compared_with_what_the_server_has(user: User) -> None:
    code = begun(
        """
import io
from studio.sdk.run import file_marks
file_marks.MAX_HASHED_BYTES = 3
run.upload_file("large.bin", io.BytesIO(b"12345"))
run.upload_file("large.bin", io.BytesIO(b"12345"))
"""
        + TRY.format('run.upload_file("large.bin", io.BytesIO(b"54321"))')
        + "run.complete()\nprint(run.receipt.files.sent)"
    )
    refused, files = user.said(code).splitlines()
    assert refused.startswith("AlreadyExists: Resource Conflict")
    # The other one is the record of the environment.
    assert files == "2"


def test_names_of_255_characters_and_nested_parameters_are_kept(user: User) -> None:
    said = user.said(
        begun(
            """
name = "n" * 255
run.log(name, [0.5])
run.log_row("row", **{name: 1})
run.tag(name, "tag")
run.add_properties({name: "property"})
run.log_params({name: 1, "model": {"depth": 3}})
run.log_params({str(number): number for number in range(1001)})
run.complete()
again = Run(exp, run.id)
print(again.get_metrics() == {name: 0.5, "row": {name: 1}})
print(again.tags == {name: "tag"}, again.properties[name] == "property")
params = again._state.read("params")["params"]
print(params[name], params["model.depth"], len(params))
"""
        )
    )
    assert said.splitlines() == ["True", "True True", "1 3 1003"]


def test_a_download_to_an_unwritable_folder_is_an_error(
    user: User, tmp_path: Path
) -> None:
    (tmp_path / ".azureml").write_text("a file where the folder should be")
    (tmp_path / "outputs").write_text("a file where the folder should be")
    code = (
        BEGIN
        + TRY.format("ws.write_config()")
        + "run = exp.start_logging()\nrun.log('m', 1)\nrun.complete()\n"
        + TRY.format("run.restore_snapshot(path='outputs/x')")
        + "print(run.get_metrics())"
    )
    done = user.run(code, folder=tmp_path)
    config, snapshot, metrics = done.stdout.strip().splitlines()
    assert "cannot be written" in config
    assert "cannot be written" in snapshot
    assert metrics == "{'m': 1}"
    assert "pass outputs=False" in done.stderr


def test_missing_sources_are_reported_and_the_run_continues(user: User) -> None:
    done = user.run(
        BEGIN
        + """
run = exp.start_logging(snapshot_directory="nosuch", outputs=False)
run.complete()
print(run.get_snapshot_id(), run.get_status())
"""
    )
    assert done.stdout == "None Completed\n"
    assert "No snapshot is kept: there is no folder 'nosuch'" in done.stderr


def test_too_many_sources_are_reported_and_the_run_continues(user: User) -> None:
    folder = user.folder / "many"
    folder.mkdir()
    for number in range(2001):
        (folder / f"{number}.txt").touch()
    done = user.run(
        """
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "many").start_logging(outputs=False)
        run.log("loss", 1)
        run.complete()
        print(run.get_snapshot_id(), run.get_status(), run.get_metrics())
        """,
        folder=folder,
    )
    assert done.stdout == "None Completed {'loss': 1}\n"
    assert done.stderr.count("No snapshot is kept: ") == 1
    assert "name what is no source in .amlignore" in done.stderr
