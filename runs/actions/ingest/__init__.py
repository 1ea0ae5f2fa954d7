"""Write what runs log: metrics, parameters, log files, models and datasets."""

from __future__ import annotations

from runs.actions.ingest.delivered_rows import MetricRow, apply_rows
from runs.actions.ingest.log_files import append_log
from runs.actions.ingest.logged_models import (
    MODEL_PENDING,
    DatasetUse,
    add_model_params,
    create_logged_model,
    log_metrics_of_models,
    log_run_inputs,
    log_run_outputs,
    remove_model_tag,
    set_model_status,
    set_model_tags,
    trash_logged_model,
)
from runs.actions.ingest.points_and_params import Point, log_metrics, log_params
from runs.actions.ingest.writers import (
    DeliveryCount,
    DeliveryReport,
    close_writer,
    read_delivery_report,
)

__all__ = [
    "MODEL_PENDING",
    "DatasetUse",
    "DeliveryCount",
    "DeliveryReport",
    "MetricRow",
    "Point",
    "add_model_params",
    "append_log",
    "apply_rows",
    "close_writer",
    "create_logged_model",
    "log_metrics",
    "log_metrics_of_models",
    "log_params",
    "log_run_inputs",
    "log_run_outputs",
    "read_delivery_report",
    "remove_model_tag",
    "set_model_status",
    "set_model_tags",
    "trash_logged_model",
]
