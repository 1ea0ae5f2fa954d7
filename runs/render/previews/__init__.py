"""Contents of files as previews show them: parsed within limits, never trusted."""

from runs.render.previews.tables import PreviewTable, csv_table, json_table
from runs.render.previews.trees import pretty_json

__all__ = ["PreviewTable", "csv_table", "json_table", "pretty_json"]
