"""The definition of a run: what is accepted, and which words are started."""

from __future__ import annotations

from typing import Any

import pytest

from studio.core.errors import InvalidValue
from studio.core.run_definition import (
    check_definition,
    command_line,
    command_words,
    environment_variables,
)


def test_a_script_is_started_with_its_arguments() -> None:
    definition = check_definition(
        {"script": "src/train.py", "arguments": ["--lr", 0.1, "two words\n'"]}
    )
    assert command_words(definition, "/venv/bin/python") == [
        "/venv/bin/python",
        "src/train.py",
        "--lr",
        "0.1",
        "two words\n'",
    ]
    assert command_line(definition).startswith("python src/train.py --lr 0.1 'two")


def test_a_command_as_text_is_for_a_shell() -> None:
    definition = check_definition(
        {"command": "cd src && ./train", "arguments": ["a b"]}
    )
    assert command_words(definition, "python")[1:] == ["-c", "cd src && ./train 'a b'"]
    assert command_line(definition) == "cd src && ./train 'a b'"


def test_the_words_of_a_command_stay_apart() -> None:
    definition = check_definition({"command": ["sh", "-c", "echo hello"]})
    assert command_words(definition, "python") == ["sh", "-c", "echo hello"]
    assert command_line(definition) == "sh -c 'echo hello'"


def test_unknown_keys_are_kept() -> None:
    content = {"script": "train.py", "spark": {"configuration": {}}, "nodeCount": 1}
    assert check_definition(content) == content


def test_variables_of_the_run_come_before_those_of_the_environment() -> None:
    definition = check_definition(
        {
            "script": "train.py",
            "environment": {"environmentVariables": {"A": 1, "B": "x"}},
            "environmentVariables": {"B": "y", "C": None},
        }
    )
    assert environment_variables(definition) == {"A": "1", "B": "y"}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"script": None}, "either a script or a command"),
        ({"command": "ls"}, "either a script or a command"),
        ({"script": "../train.py"}, "must be a relative path"),
        ({"script": "/etc/passwd"}, "must be a relative path"),
        ({"arguments": "--lr 1"}, "definition.arguments must be a list"),
        ({"arguments": [["a"]]}, r"definition.arguments\[0\] must be text or a number"),
        ({"arguments": ["a\x00b"]}, "NUL"),
        ({"environmentVariables": {"A B": "1"}}, "'A B' must start with a letter"),
        ({"environment": "sklearn"}, "definition.environment must be an object"),
        ({"maxRunDurationSeconds": "1h"}, "must be a number of seconds"),
        ({"maxRunDurationSeconds": float("inf")}, "must consist of JSON values"),
        ({"maxAttempts": 0}, "from 1 to 100"),
        ({"nodeCount": "many"}, "definition.nodeCount .* from 1 to 1024"),
        ({"framework": "PyTorch", "pytorch": {"processCount": -1}}, "from 1 to 1024"),
        ({"communicator": "Mpi", "mpi": {"processCountPerNode": 0}}, "from 1 to 1024"),
        ({"secrets": ["no-dashes"]}, "'no-dashes' must start with a letter"),
        ({"terminateAfterSeconds": 9, "killAfterSeconds": 3}, "must not be less"),
        ({"notes": "x" * 300_000}, "The limit is 262144"),
        ({"notes": {1, 2}}, "must consist of JSON values"),
    ],
)
def test_what_cannot_be_started_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidValue, match=text):
        check_definition({"script": "train.py", **changes})


def test_only_an_object_is_a_definition() -> None:
    with pytest.raises(InvalidValue, match="must be an object"):
        check_definition(["python", "train.py"])


@pytest.mark.parametrize("priority", ["5", 1.5, True, 1001, -1001])
def test_a_priority_is_a_whole_number_with_bounds(priority: object) -> None:
    assert check_definition({"command": "a", "priority": -1000})["priority"] == -1000
    with pytest.raises(InvalidValue, match=r"definition\.priority must be a whole"):
        check_definition({"command": "a", "priority": priority})
