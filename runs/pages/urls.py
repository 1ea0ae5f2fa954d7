"""The addresses that people open."""

from __future__ import annotations

from django.urls import URLPattern

from runs.pages.account import urlpatterns as account_urls
from runs.pages.activity import urlpatterns as activity_urls
from runs.pages.background_tasks import urlpatterns as background_tasks_urls
from runs.pages.bulk import urlpatterns as bulk_urls
from runs.pages.charts import urlpatterns as charts_urls
from runs.pages.comments import urlpatterns as comments_urls
from runs.pages.compare import urlpatterns as compare_urls
from runs.pages.compute import urlpatterns as compute_urls
from runs.pages.datasets import urlpatterns as datasets_urls
from runs.pages.descriptions import urlpatterns as descriptions_urls
from runs.pages.experiments import urlpatterns as experiments_urls
from runs.pages.files import urlpatterns as files_urls
from runs.pages.filters import urlpatterns as filters_urls
from runs.pages.groups import urlpatterns as groups_urls
from runs.pages.help import urlpatterns as help_urls
from runs.pages.log_comparison import urlpatterns as log_comparison_urls
from runs.pages.log_search import urlpatterns as log_search_urls
from runs.pages.logged_models import urlpatterns as logged_models_urls
from runs.pages.logs import urlpatterns as logs_urls
from runs.pages.media import urlpatterns as media_urls
from runs.pages.metrics import urlpatterns as metrics_urls
from runs.pages.notify import urlpatterns as notify_urls
from runs.pages.public import urlpatterns as public_urls
from runs.pages.registry import urlpatterns as registry_urls
from runs.pages.retention import urlpatterns as retention_urls
from runs.pages.run import urlpatterns as run_urls
from runs.pages.run_list import urlpatterns as run_list_urls
from runs.pages.site import urlpatterns as site_urls
from runs.pages.snapshots import urlpatterns as snapshots_urls
from runs.pages.submit import urlpatterns as submit_urls
from runs.pages.trash import urlpatterns as trash_urls
from runs.pages.undo import urlpatterns as undo_urls
from runs.pages.usage import urlpatterns as usage_urls
from runs.pages.views import urlpatterns as views_urls

urlpatterns: list[URLPattern] = [
    *site_urls,
    *account_urls,
    *experiments_urls,
    *run_list_urls,
    *bulk_urls,
    *background_tasks_urls,
    *usage_urls,
    *trash_urls,
    *retention_urls,
    *filters_urls,
    *groups_urls,
    *charts_urls,
    *views_urls,
    *public_urls,
    *comments_urls,
    *compare_urls,
    *compute_urls,
    *submit_urls,
    *run_urls,
    *media_urls,
    *metrics_urls,
    *files_urls,
    *logs_urls,
    *snapshots_urls,
    *registry_urls,
    *logged_models_urls,
    *datasets_urls,
    *log_comparison_urls,
    *log_search_urls,
    *descriptions_urls,
    *activity_urls,
    *notify_urls,
    *undo_urls,
    *help_urls,
]
