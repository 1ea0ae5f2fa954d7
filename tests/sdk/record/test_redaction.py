"""A record shows no secrets, and only variables that results depend on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from studio.sdk.run_record import RunRecord, attempt_path, probe_python, this_python
from studio.sdk.run_record.packages import list_packages
from studio.sdk.run_record.redaction import recorded_variables, without_secrets


def test_variables_are_recorded_by_an_allow_list() -> None:
    given = {
        "OMP_NUM_THREADS": "4",
        "CUDA_VISIBLE_DEVICES": "0",
        "HOME": "/home/ada",
        "AWS_SECRET_ACCESS_KEY": "x",
        "STUDIO_TOKEN": "rs_1",
        "TF_CONFIG": "https://ada:secret@host/x",
    }
    assert recorded_variables(given) == {
        "CUDA_VISIBLE_DEVICES": "0",
        "OMP_NUM_THREADS": "4",
        "TF_CONFIG": "https://***@host/x",
    }


def test_more_variables_can_be_named_but_their_secrets_stay_hidden() -> None:
    given = {"STUDIO_RECORD_VARIABLES": "DATA_*, MODE", "DATA_KEY": "x", "MODE": "a"}
    assert recorded_variables(given) == {"DATA_KEY": "***", "MODE": "a"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--api-key", "x", "--lr", "1"], ["--api-key", "***", "--lr", "1"]),
        (["--hf_token=x"], ["--hf_token=***"]),
        (["--password", "--lr", "1"], ["--password", "--lr", "1"]),
        (["--tokens", "10B", "--sort-key=x"], ["--tokens", "10B", "--sort-key=x"]),
        (["s3://a:b@host/x"], ["s3://***@host/x"]),
    ],
)
def test_commands_are_shown_without_secrets(words: list[str], shown: list[str]) -> None:
    assert without_secrets(words) == shown


def test_secrets_are_hidden_in_the_file_as_they_are(tmp_path: Path) -> None:
    secret = 'hush "1"\nhush 2'
    record = RunRecord.collect([secret], tmp_path, {"OMP_X": secret}, this_python())
    text = record.to_json(lambda part: part.replace(secret, "***"))
    assert "hush" not in text


def test_any_bytes_of_a_command_can_be_recorded(tmp_path: Path) -> None:
    record = RunRecord.collect(["a\udcff"], tmp_path, {"OMP_X": "\udcff"}, None)
    assert record.properties()["studio.command"] == "'a?'"
    assert '"OMP_X": "?"' in record.to_json()


def test_packages_are_read_from_the_names_of_folders(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (
        first / "run_studio-1.2.dist-info",
        first / "zope.interface-5.4.0-py3.9.egg-info",
        second / "Run_Studio-0.1.dist-info",
        second / "old-name-2.0rc1.dist-info",
        second / "plain",
    ):
        folder.mkdir(parents=True)
    assert list_packages([str(tmp_path / "gone"), str(first), str(second)]) == [
        "old-name==2.0rc1",
        "run-studio==1.2",
        "zope-interface==5.4.0",
    ]


def test_each_attempt_has_a_file_of_its_own() -> None:
    assert attempt_path(1) == "system_logs/environment.json"
    assert attempt_path(2) == "system_logs/environment_attempt_2.json"


def test_the_python_of_a_script_is_that_of_its_first_line(tmp_path: Path) -> None:
    path = {"PATH": os.environ["PATH"]}
    for first, is_python in (
        (f"#!{sys.executable} -I", True),
        (f"#!{sys.executable}", True),
        ("#!/usr/bin/env python3", True),
        ("#!/bin/sh", False),
        ("print(1)", False),
    ):
        script = tmp_path / "launcher"
        script.write_text(f"{first}\n")
        facts = probe_python(str(script), path, tmp_path)
        assert (facts is not None) == is_python, first


def test_long_words_of_a_command_do_not_delay_its_run() -> None:
    words = ["x" * 1_000_000, "-" * 1_000_000, "http:" * 200_000]
    assert without_secrets(words) == words
