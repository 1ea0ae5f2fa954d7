"""Index the texts of logs: find new logs, index blocks, merge segments, switch off."""

from runs.actions.log_index.index_lock import mark_logs_deleted
from runs.actions.log_index.indexing import LogIndexer
from runs.actions.log_index.switch import switch_log_index

__all__ = ["LogIndexer", "mark_logs_deleted", "switch_log_index"]
