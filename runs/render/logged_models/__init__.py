"""Words of logged models, and what the file MLmodel says about a model."""

from runs.render.logged_models.statuses import model_status_label

__all__ = ["model_status_label"]
