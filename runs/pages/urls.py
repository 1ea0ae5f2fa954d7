"""The addresses that people open."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from runs.pages import chart_urls, view_urls
from runs.pages.account import account, invitation, members, sign_in
from runs.pages.compare import add_run as compare_add
from runs.pages.compare import compare
from runs.pages.compare import conclusion as compare_conclusion
from runs.pages.description_urls import notes
from runs.pages.experiments import experiments
from runs.pages.files import files as run_files
from runs.pages.files import snapshot as run_snapshot
from runs.pages.filters import completion as filter_complete
from runs.pages.filters import facets
from runs.pages.filters import term_editor as filter_editor
from runs.pages.groups import group_choice
from runs.pages.groups import group_formats as group_texts
from runs.pages.help import help_pages
from runs.pages.metrics import export as metric_export
from runs.pages.metrics import metrics as run_metrics
from runs.pages.metrics import points as metric_points
from runs.pages.run import cancel as run_cancel
from runs.pages.run import children as run_children
from runs.pages.run import details as run_detail
from runs.pages.run import history as run_history
from runs.pages.run import images as run_images
from runs.pages.run import name as run_name
from runs.pages.run import tags as run_tags
from runs.pages.run import tools as run_tools
from runs.pages.run_list import column_menu as column_head
from runs.pages.run_list import columns_dialog, history_export, run_list, stars
from runs.pages.run_list import differences as what_differs
from runs.pages.run_list import selection_form as selecting
from runs.pages.site import azureml_redirects as portal
from runs.pages.site import health, home
from runs.pages.site import styleguide as parts
from runs.pages.undo import run_undo, undo

RUN = "w/<str:workspace>/runs/<str:run_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    *notes,
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("parts/", parts.show_styleguide, name="parts"),
    path("help/", help_pages.help_index, name="help"),
    path("help/<slug:slug>/", help_pages.help_page, name="help-page"),
    path("help/pictures/<str:name>", help_pages.help_picture, name="help-picture"),
    path("runs/<str:run_id>", portal.redirect_to_run, name="portal-run"),
    path(
        "experiments/id/<int:number>",
        portal.redirect_to_experiment,
        name="portal-experiment",
    ),
    path("w/<str:workspace>/", home.workspace_home, name="workspace"),
    path(
        "w/<str:workspace>/experiments/",
        experiments.experiments_page,
        name="experiments",
    ),
    path(
        "w/<str:workspace>/experiments/<str:slug>/",
        run_list.experiment_runs,
        name="experiment",
    ),
    path("w/<str:workspace>/runs/", run_list.all_runs, name="run-list"),
    path(
        "w/<str:workspace>/experiments/<str:slug>/star/",
        stars.star_this_experiment,
        name="experiment-star",
    ),
    path(
        "w/<str:workspace>/list/complete/",
        filter_complete.complete_filter,
        name="list-complete",
    ),
    path(
        "w/<str:workspace>/list/filter/", filter_editor.edit_filter, name="list-filter"
    ),
    path("w/<str:workspace>/list/facets/", facets.facets_panel, name="list-facets"),
    path(
        "w/<str:workspace>/list/facets/range/",
        facets.facet_range,
        name="list-facets-range",
    ),
    path(
        "w/<str:workspace>/list/columns/",
        columns_dialog.edit_columns,
        name="list-columns",
    ),
    path("w/<str:workspace>/list/select/", selecting.select_runs, name="list-select"),
    path("w/<str:workspace>/list/group/", group_choice.choose_group, name="list-group"),
    path(
        "w/<str:workspace>/list/differs/",
        what_differs.explain_differences,
        name="list-differs",
    ),
    path("w/<str:workspace>/list/groups/", group_texts.copy_groups, name="list-groups"),
    path(
        "w/<str:workspace>/list/head/", column_head.show_column_menu, name="list-head"
    ),
    path("w/<str:workspace>/undo/", undo.undo_latest, name="undo"),
    path("w/<str:workspace>/undo/<int:number>/", undo.undo_one, name="undo-change"),
    path("w/<str:workspace>/list/goal/", column_head.metric_goal, name="list-goal"),
    path(
        "w/<str:workspace>/exports/",
        history_export.request_histories,
        name="history-exports",
    ),
    path(
        "w/<str:workspace>/exports/<int:number>/",
        history_export.show_progress,
        name="history-export",
    ),
    path(
        "w/<str:workspace>/exports/<int:number>/histories.parquet",
        history_export.download_histories,
        name="history-file",
    ),
    path("w/<str:workspace>/compare/", compare.compare_page, name="compare"),
    path(
        "w/<str:workspace>/compare/conclusion/",
        compare_conclusion.edit_conclusion,
        name="compare-conclusion",
    ),
    path(
        "w/<str:workspace>/compare/runs/",
        compare_add.suggest_runs,
        name="compare-offer",
    ),
    path("w/<str:workspace>/runs/<str:run_id>/", run_detail.details_tab, name="run"),
    path(f"{RUN}metrics/", run_metrics.metrics_tab, name="run-metrics"),
    path(
        f"{RUN}metrics/chart.json", metric_points.metric_figure_json, name="run-chart"
    ),
    path(f"{RUN}metrics/values.csv", metric_export.export_values, name="run-values"),
    path(f"{RUN}children/", run_children.children_tab, name="run-children"),
    path(f"{RUN}images/", run_images.images_tab, name="run-images"),
    path(
        "w/<str:workspace>/runs/<str:run_id>/files/",
        run_files.files_tab,
        name="run-files",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/files/all.zip",
        run_files.download_files,
        name="run-archive",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/files/raw/<path:path>",
        run_files.raw_file,
        name="run-file",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/models/<str:model_id>/<path:path>",
        run_files.raw_model_file,
        name="run-model-file",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/snapshot/",
        run_snapshot.snapshot_tab,
        name="run-snapshot",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/snapshot/all.zip",
        run_snapshot.download_snapshot,
        name="run-snapshot-archive",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/snapshot/raw/<path:path>",
        run_snapshot.raw_source,
        name="run-snapshot-file",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/cancel/",
        run_cancel.cancel_run,
        name="run-cancel",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/force/",
        run_cancel.force_cancel_run,
        name="run-force",
    ),
    path(f"{RUN}finish/", run_tools.finish_run, name="run-finish"),
    path(f"{RUN}archive/", run_tools.archive_run_page, name="run-set-archived"),
    path(f"{RUN}lock/", run_tools.lock_run_page, name="run-lock"),
    path(
        "w/<str:workspace>/runs/<str:run_id>/trash/",
        run_cancel.move_run_to_trash,
        name="run-trash",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/restore/",
        run_cancel.restore_run_from_trash,
        name="run-restore",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/name/",
        run_name.edit_name,
        name="run-name",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/tags/",
        run_tags.edit_tags,
        name="run-tags",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/tags/known/",
        run_tags.known_tags,
        name="run-tags-known",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/history/",
        run_history.history_tab,
        name="run-history",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/undo/",
        run_undo.undo_last,
        name="run-undo",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/undo/<int:number>/",
        run_undo.undo_change,
        name="run-undo-change",
    ),
    path(
        "w/<str:workspace>/runs/<str:run_id>/star/",
        stars.star_this_run,
        name="run-star",
    ),
    *view_urls.urlpatterns,
    path("sign-in/", sign_in.sign_in_page, name="sign-in"),
    path("sign-in/link/", sign_in.open_pasted_link, name="sign-in-open-link"),
    path("sign-in/link/<str:secret>/", sign_in.sign_in_link_page, name="sign-in-link"),
    path("sign-out/", sign_in.sign_out_page, name="sign-out"),
    path("invitation/<str:secret>/", invitation.invitation_page, name="invitation"),
    path("account/", account.account_page, name="account"),
    path("account/profile/", account.set_profile, name="account-profile"),
    path("account/password/", account.set_password, name="account-password"),
    path("account/theme/", account.set_theme, name="account-theme"),
    path("account/language/", account.set_language, name="account-language"),
    path("account/tokens/", account.add_token, name="account-tokens"),
    path(
        "account/tokens/<int:number>/", account.revoke_own_token, name="account-token"
    ),
    path("account/sessions/", account.end_all_other_sessions, name="account-sessions"),
    path(
        "account/sessions/<str:number>/",
        account.end_one_session,
        name="account-session",
    ),
    path("w/<str:workspace>/members/", members.members_page, name="members"),
    path(
        "w/<str:workspace>/members/<int:number>/role/",
        members.set_role,
        name="member-role",
    ),
    path(
        "w/<str:workspace>/members/<int:number>/remove/",
        members.remove_member,
        name="member-remove",
    ),
    path("w/<str:workspace>/invitations/", members.invite_member, name="invitations"),
    path(
        "w/<str:workspace>/invitations/<int:number>/revoke/",
        members.revoke_invitation_page,
        name="invitation-revoke",
    ),
    *chart_urls.urlpatterns,
]
