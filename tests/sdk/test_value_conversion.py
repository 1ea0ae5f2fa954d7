"""What is kept of what scripts log: Python's own types, of whatever they have."""

from __future__ import annotations

import enum
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from studio.sdk.errors import UserErrorException
from studio.sdk.tags_and_properties import flatten_params
from studio.sdk.value_conversion import (
    from_wire,
    is_listlike,
    to_scalar,
    to_step,
    to_wire,
    unify_number_types,
    unwrap_single,
)
from tests.sdk.user import User


class Color(str, enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.int64(3), 3),
        (np.uint64(2**63), 2**63),
        (np.int8(-1), -1),
        (np.float16(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(7), 7),
        (Fraction(1, 4), 0.25),
        (Color.RED, "red"),
        (None, None),
        (True, True),
        (Decimal("0.5"), "Decimal('0.5')"),
    ],
)
@pytest.mark.filterwarnings("ignore::studio.sdk.warnings.StudioWarning")
def test_library_scalars_become_python_values(value: Any, kept: Any) -> None:
    found = to_scalar(value, "Metric 'm'")
    assert (type(found), found) == (type(kept), kept)


@pytest.mark.parametrize(
    "value", [[1], (1,), range(2), {1: 2}, np.arange(3), print, {1}]
)
def test_lists_and_functions_are_not_scalars(value: Any) -> None:
    assert is_listlike(value)


@pytest.mark.parametrize(
    "value", [1, "text", b"bytes", np.float64(1), np.array(1), None]
)
def test_scalars_are_not_lists(value: Any) -> None:
    assert not is_listlike(value)


class TensorFlowTensor:
    """As TensorFlow has them: only its numpy array has `item`."""

    shape = (1,)

    def numpy(self) -> Any:
        return np.array([0.5], np.float32)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ([0.5], 0.5),
        ((7,), 7),
        ([[True]], True),
        (["text"], "text"),
        (np.array([[3]]), 3),
        (np.array([0.5], np.float32), 0.5),
        ([np.float64(0.25)], 0.25),
        (TensorFlowTensor(), 0.5),
    ],
)
def test_one_element_is_its_value(value: Any, kept: Any) -> None:
    found = unwrap_single(value)
    assert (type(found), found) == (type(kept), kept)


@pytest.mark.parametrize(
    "value", [[], [1, 2], np.array([1, 2]), np.array([]), {"a": 1}]
)
def test_other_lists_stay_lists(value: Any) -> None:
    assert is_listlike(unwrap_single(value))


@pytest.mark.filterwarnings("ignore::studio.sdk.warnings.StudioWarning")
def test_nested_parameters_get_keys_with_dots() -> None:
    params: dict[str, Any] = {
        "lr": 0.1,
        "model": {"depth": 3, "layers": [1, 2], "empty": {}, 5: {"x": None}},
    }
    assert flatten_params(params) == {
        "lr": "0.1",
        "model.depth": "3",
        "model.layers": "[1, 2]",
        "model.empty": "{}",
        "model.5.x": "None",
    }
    assert flatten_params({"a.b": 1, "a": {"b": 2}}) == {"a.b": "1"}


def test_parameters_that_contain_themselves_end() -> None:
    params: dict[str, Any] = {"a": 1}
    params["self"] = params
    found = flatten_params(params)
    assert found["self.self.a"] == "1"
    assert len(found) < 50


def test_steps_are_whole_numbers() -> None:
    assert [to_step(step) for step in (np.int64(2), 3.0, np.array(4), True)] == [
        2,
        3,
        4,
        1,
    ]
    for step in ("1", 1.5, None):
        with pytest.raises(UserErrorException):
            to_step(step)


def test_whole_numbers_among_fractions_become_fractions() -> None:
    assert list(map(type, unify_number_types([1, np.float32(0.5)], "l"))) == [
        float,
        float,
    ]
    assert list(map(type, unify_number_types([1, 2], "l"))) == [int, int]


def test_nan_and_infinity_round_trip_by_name() -> None:
    value = {"a": [float("inf"), 1], "b": {"c": float("-inf")}, "d": "text"}
    assert to_wire(value) == {
        "a": ["Infinity", 1],
        "b": {"c": "-Infinity"},
        "d": "text",
    }
    assert from_wire(to_wire(value)) == value


def test_a_with_block_sets_the_final_status(user: User) -> None:
    said = user.said(
        """
        import sys
        from azureml.core import Experiment, Workspace
        exp = Experiment(Workspace.from_config(), "blocks")

        def end_of(block):
            run = exp.start_logging(snapshot_directory=None, outputs=False)
            try:
                with run:
                    block()
            except BaseException as error:
                print(type(error).__name__, end=" ")
            print(run.get_status(), (run.get_details().get("error") or {}).get("error"))

        def boom():
            raise ValueError("boom")

        for block in (lambda: 0, lambda: sys.exit(0), lambda: sys.exit(3), boom):
            end_of(block)
        """
    )
    whole_lines = [line for line in said.splitlines() if line]
    assert whole_lines[0] == "Completed None"
    assert whole_lines[1] == "SystemExit Completed None"
    assert whole_lines[2].startswith("SystemExit Failed {'code': 'UserError'")
    assert "User program failed with ValueError: boom" in whole_lines[3]


def test_a_run_can_be_pickled_and_copied(user: User) -> None:
    (user.folder / "work.py").write_text(
        """
def work(run, number):
    for step in range(20):
        run.log(f"process {number}", step)
    run.tag(f"process {number}", run.experiment.workspace.name)
"""
    )
    said = user.said(
        """
        from copy import deepcopy
        from multiprocessing import get_context
        from work import work
        from azureml.core import Experiment, Workspace
        exp = Experiment(Workspace.from_config(), "spawns")
        run = exp.start_logging(snapshot_directory=None, outputs=False)
        with get_context("spawn").Pool(2) as pool:
            pool.starmap(work, [(run, 1), (run, 2)])
            pool.close()
            pool.join()
        deepcopy(run).log("copied", 1)
        run.complete()
        metrics = run.get_metrics()
        print(metrics.pop("copied"), run.get_tags(), run.get_status())
        print(sorted(metrics), all(v == list(range(20)) for v in metrics.values()))
        """
    )
    assert said.splitlines() == [
        "1 {'process 1': 'default', 'process 2': 'default'} Completed",
        "['process 1', 'process 2'] True",
    ]


def test_a_run_logs_on_after_its_end_and_from_forked_processes(user: User) -> None:
    said = user.said(
        """
        from multiprocessing import get_context
        from azureml.core import Experiment, Run, Workspace
        exp = Experiment(Workspace.from_config(), "forks")
        run = exp.start_logging(snapshot_directory=None, outputs=False)

        def work(number):
            for step in range(50):
                run.log(f"process {number}", step)

        fork = get_context("fork")
        processes = [fork.Process(target=work, args=(n,)) for n in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        run.complete()
        run.log("after", 1)
        metrics = Run(exp, run.id).get_metrics()
        print(metrics.pop("after"), run.get_status())
        print(sorted(metrics), all(v == list(range(50)) for v in metrics.values()))
        """
    )
    first, second = said.splitlines()
    assert first == "1 Completed"
    assert second == "['process 0', 'process 1', 'process 2'] True"
