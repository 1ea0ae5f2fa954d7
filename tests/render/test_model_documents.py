"""Files of models from clients: what they say, and what they can't do."""

from __future__ import annotations

import json

import pytest

from runs.render.registry import (
    SignatureColumn,
    compare_dependencies,
    parse_conda,
    parse_model_description,
    parse_requirements,
    signature_text,
)

MLMODEL = """
artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.10
  sklearn:
    pickled_model: model.pkl
    sklearn_version: 1.10
mlflow_version: 2.9.2
signature:
  inputs: '[{"type": "double", "name": "x", "required": false},
    {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3, 32]}}]'
  outputs: '[{"type": "array", "items": {"type": "long"}, "name": "y"}]'
  params: '[{"name": "t", "dtype": "float", "default": 0.5, "shape": null}]'
"""


def test_versions_keep_their_digits() -> None:
    found = parse_model_description(MLMODEL)
    [flavor] = found.flavors
    assert (flavor.name, flavor.version) == ("sklearn", "1.10")
    assert (found.python_version, found.mlflow_version) == ("3.10", "2.9.2")


def test_a_signature_is_read_by_its_parts() -> None:
    found = parse_model_description(MLMODEL)
    assert signature_text(found.inputs) == "x: double, float32 [-1, 3, 32]"
    assert signature_text(found.outputs) == "y: array(long)"
    assert found.params == (SignatureColumn("t", "float", default="0.5"),)
    assert found.inputs[0].is_optional
    assert found.has_signature


def test_a_model_that_only_python_can_load_has_that_flavor() -> None:
    text = "flavors: {python_function: {loader_module: m}}"
    assert [each.name for each in parse_model_description(text).flavors] == [
        "python_function"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: [*x, *x]",
        "[" * 100_000,
        "!!python/object/apply:os.system ['true']",
        "- a list",
        "a: 'no end",
        "\x00",
        "? [1]\n: 2",
    ],
)
def test_what_is_no_plain_yaml_is_a_problem(text: str) -> None:
    found = parse_model_description(text)
    assert found.problem
    assert not found.flavors
    assert parse_conda(text) == {}


@pytest.mark.parametrize(
    "signature",
    [
        "'[['",
        "null",
        "'{}'",
        "[1, [2]]",
        "'" + json.dumps([{"type": "object", "properties": 3}]) + "'",
        "'[" * 500,
    ],
)
def test_a_signature_can_be_anything(signature: str) -> None:
    text = f"flavors: 1\nsignature: {{inputs: {signature}, outputs: 7}}"
    assert not parse_model_description(text).outputs


def test_requirements_without_options_and_comments() -> None:
    text = (
        "mlflow==2.9.2\r\n# a comment\n-r other.txt\n--index-url https://x\n"
        "Scikit_Learn[a,b] >=1, <2 ; python_version > '3'\nnumpy\n"
        "torch==2.5.0 \\\n  --hash=sha256:1\nlocal @ file:///x\n"
    )
    assert parse_requirements(text) == {
        "mlflow": "2.9.2",
        "scikit-learn": ">=1, <2",
        "numpy": "",
        "torch": "2.5.0",
        "local": "@ file:///x",
    }


def test_a_conda_file_has_packages_of_both_kinds() -> None:
    text = "dependencies:\n- python=3.10.1=0\n- pip<23\n- pip:\n  - a==2.5.0\n- 3\n"
    assert parse_conda(text) == {"python": "3.10.1", "a": "2.5.0", "3": ""}


def test_different_packages_come_first() -> None:
    rows = compare_dependencies({"b": "1", "c": "1"}, {"a": "", "b": "1", "c": "2"})
    assert [(row.name, row.before, row.after) for row in rows] == [
        ("a", None, ""),
        ("c", "1", "2"),
        ("b", "1", "1"),
    ]
