"""What names and values are legal, and what the refusal says."""

from __future__ import annotations

import pytest

from studio.core import names
from studio.core.errors import InvalidName, InvalidValue

LEGAL = [
    (names.check_key, "metrics", "val/acc [%] (best)"),
    (names.check_key, "tags", "质量"),
    (names.check_key, "tags", "k" * 255),
    (names.check_value, "tags.a", ""),
    (names.check_value, "tags.a", "x" * 65_536),
    (names.check_run_id, "run_id", "a"),
    (names.check_run_id, "run_id", "Run-1_" + "x" * 250),
    (names.check_workspace_name, "workspace", "team-1"),
    (names.check_user_name, "name", "ana@example.org"),
    (names.check_experiment_name, "name", "/Shared/YOLOv8"),
    (names.check_display_name, "name", "resnet 50 训练"),
    (names.check_path, "path", "outputs/model v1/ü.bin"),
    (names.check_path, "path", ".hidden"),
    (names.check_mlflow_key, "key", "val/acc.top-5 é"),
    (names.check_target_name, "name", "gpu-cluster_2"),
    (names.check_agent_name, "name", "node1.example.org"),
    (names.check_secret_name, "name", "_HF_TOKEN"),
    (names.check_int64, "step", -(2**63)),
    (names.check_time, "time", names.MAX_TIME),
]


@pytest.mark.parametrize(("check", "field", "value"), LEGAL)
def test_a_valid_value_is_returned_unchanged(check, field, value):
    assert check(value, field) == value


ILLEGAL = [
    (names.check_target_name, ""),
    (names.check_target_name, "-gpu"),
    (names.check_target_name, "gpu.1"),
    (names.check_target_name, "g" * 65),
    (names.check_target_name, "gpu\n"),
    (names.check_agent_name, ".node"),
    (names.check_agent_name, "node 1"),
    (names.check_secret_name, "1ST"),
    (names.check_secret_name, "HF-TOKEN"),
    (names.check_secret_name, "T" * 129),
    (names.check_key, ""),
    (names.check_key, " "),
    (names.check_key, "k" * 256),
    (names.check_key, "a\nb"),
    (names.check_key, "a\x00b"),
    (names.check_key, 5),
    (names.check_value, "x" * 65_537),
    (names.check_value, "ü" * 40_000),
    (names.check_value, "\ud800"),
    (names.check_value, None),
    (names.check_run_id, "-a"),
    (names.check_run_id, "é"),
    (names.check_run_id, "a" * 257),
    (names.check_run_id, "a/b"),
    (names.check_run_id, "a\n"),
    (names.check_workspace_name, "Team"),
    (names.check_workspace_name, "a" * 64),
    (names.check_user_name, "a b"),
    (names.check_experiment_name, "a\tb"),
    (names.check_display_name, ""),
    (names.check_path, "/etc/passwd"),
    (names.check_path, "a/../b"),
    (names.check_path, "a//b"),
    (names.check_path, "a\\b"),
    (names.check_path, "C:a"),
    (names.check_path, "a/"),
    (names.check_path, "x" * 1025),
    (names.check_path, "d/" * 100 + "x"),
    (names.check_mlflow_key, "a$b"),
    (names.check_mlflow_key, "a/../b"),
    (names.check_mlflow_key, "./a"),
    (names.check_int64, True),
    (names.check_int64, 1.0),
    (names.check_int64, 2**63),
    (names.check_time, -1),
    (names.check_time, names.MAX_TIME + 1),
]


@pytest.mark.parametrize(("check", "value"), ILLEGAL)
def test_an_invalid_value_is_refused_and_named(check, value):
    with pytest.raises(InvalidValue) as caught:
        check(value, "thing[3]")
    assert caught.value.details["field"] == "thing[3]"
    assert "thing[3]" in caught.value.message


def test_mlflow_errors_show_the_normalized_name():
    with pytest.raises(InvalidName, match="This name would resolve to 'b'"):
        names.check_mlflow_key("a/../b", "name")
