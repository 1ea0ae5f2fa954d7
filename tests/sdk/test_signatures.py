"""Names, parameters and defaults of the v1 SDK: scripts pass them by place and name."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from studio.sdk import Experiment, Run, ScriptRunConfig, Workspace, get_run
from studio.sdk.script_context import OfflineRun
from studio.sdk.submission import RunConfiguration

SIGNATURES: dict[Any, str] = {
    Run: "experiment, run_id, outputs=None, **",
    Run.get: "workspace, run_id",
    Workspace.get_run: "run_id",
    get_run: "experiment, run_id, rehydrate=True, clean_up=True",
    Run.list: (
        "experiment, type=None, tags=None, properties=None, status=None, "
        "include_children=False"
    ),
    Run.list_by_compute: "compute, type=None, tags=None, properties=None, status=None",
    Run.get_context: "allow_offline=True, used_for_context_manager=False, **",
    Run.get_submitted_run: "**",
    Run.add_type_provider: "runtype, run_factory",
    Run.log: "name, value, description='', step=None",
    Run.log_list: "name, value, description=''",
    Run.log_row: "name, description=None, **",
    Run.log_table: "name, value, description=''",
    Run.log_image: "name, path=None, plot=None, description=''",
    Run.log_confusion_matrix: "name, value, description=''",
    Run.log_accuracy_table: "name, value, description=''",
    Run.log_residuals: "name, value, description=''",
    Run.log_predictions: "name, value, description=''",
    Run.get_metrics: "name=None, recursive=False, run_type=None, populate=False",
    Run.tag: "key, value=None",
    Run.set_tags: "tags",
    Run.remove_tags: "tags",
    Run.get_tags: "",
    Run.get_properties: "",
    Run.add_properties: "properties",
    Run.upload_file: "name, path_or_stream, datastore_name=None",
    Run.upload_files: (
        "names, paths, return_artifacts=False, timeout_seconds=None, "
        "datastore_name=None"
    ),
    Run.upload_folder: "name, path, datastore_name=None",
    Run.get_file_names: "",
    Run.download_file: "name, output_file_path=None, _validate_checksum=False",
    Run.download_files: (
        "prefix=None, output_directory=None, output_paths=None, batch_size=100, "
        "append_prefix=True, timeout_seconds=None"
    ),
    Run.get_all_logs: "destination=None",
    Run.start: "",
    Run.complete: "_set_status=True",
    Run.fail: "error_details=None, error_code=None, _set_status=True",
    Run.cancel: "",
    Run.get_status: "",
    Run.get_detailed_status: "",
    Run.clean: "",
    Run.flush: "timeout_seconds=300",
    Run.wait_for_completion: (
        "show_output=False, wait_post_processing=False, raise_on_error=True"
    ),
    Run.get_details: "",
    Run.get_details_with_logs: "",
    Run.get_portal_url: "",
    Run.child_run: "name=None, run_id=None, outputs=None",
    Run.create_children: "count=None, tag_key=None, tag_values=None",
    Run.submit_child: "config, tags=None, **",
    Run.get_children: (
        "recursive=False, tags=None, properties=None, type=None, status=None"
    ),
    Run.take_snapshot: "file_or_folder_path",
    Run.get_snapshot_id: "",
    Run.restore_snapshot: "snapshot_id=None, path=None",
    Run.register_model: (
        "model_name, model_path=None, tags=None, properties=None, "
        "model_framework=None, model_framework_version=None, description=None, "
        "datasets=None, sample_input_dataset=None, sample_output_dataset=None, "
        "resource_configuration=None, **"
    ),
    Run.get_environment: "",
    Run.get_secret: "name",
    Run.get_secrets: "secrets",
    Experiment: "workspace, name, **",
    Experiment.submit: "config, tags=None, **",
    Experiment.start_logging: (
        "name=None, run_id=None, outputs=None, snapshot_directory='.', **"
    ),
    Experiment.get_runs: (
        "type=None, tags=None, properties=None, include_children=False"
    ),
    Experiment.list: (
        "workspace, experiment_name=None, view_type='ActiveOnly', tags=None"
    ),
    Experiment.reactivate: "new_name=None",
    Experiment.delete: "workspace, experiment_id",
    Workspace.from_config: "path=None, auth=None, _file_name=None",
    Workspace.write_config: "path=None, file_name=None",
    ScriptRunConfig: (
        "source_directory, script=None, arguments=None, run_config=None, "
        "compute_target=None, environment=None, distributed_job_config=None, "
        "resume_from=None, max_run_duration_seconds=2592000, command=None, "
        "docker_runtime_config=None"
    ),
    RunConfiguration: (
        "script=None, arguments=None, framework=None, communicator=None, "
        "conda_dependencies=None, command=None, **"
    ),
    RunConfiguration.save: "path=None, name=None, separate_environment_yaml=False",
    RunConfiguration.load: "path, name=None",
    RunConfiguration.delete: "path, name",
    OfflineRun.fail: "error_details=None, error_code=None, _set_status=True",
}
#: Of v1's own, which it neither documents nor keeps in their places.
HIDDEN = frozenset(
    {
        *("self", "_info", "_tags", "_rehydrate_runs", "_skip_name_validation"),
        *("_logger", "_telemetry_values"),
    }
)


def described(call: Any) -> str:
    parts = []
    for one in inspect.signature(call).parameters.values():
        if one.kind is inspect.Parameter.VAR_KEYWORD:
            parts.append("**")
        elif one.name in HIDDEN or one.kind is inspect.Parameter.KEYWORD_ONLY:
            # By name only are extensions of our own.
            continue
        elif one.default is inspect.Parameter.empty:
            parts.append(one.name)
        else:
            parts.append(f"{one.name}={one.default!r}")
    return ", ".join(parts)


@pytest.mark.parametrize(
    ("call", "expected"),
    SIGNATURES.items(),
    ids=[call.__qualname__ for call in SIGNATURES],
)
def test_calls_accept_the_arguments_of_v1(call: Any, expected: str) -> None:
    assert described(call) == expected
