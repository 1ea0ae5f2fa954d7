"""Two logs side by side: of two runs, or two files of one run."""

from runs.pages.log_comparison.state import log_comparison_href
from runs.pages.log_comparison.urls import urlpatterns

__all__ = ["log_comparison_href", "urlpatterns"]
