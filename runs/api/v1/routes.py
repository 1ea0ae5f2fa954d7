"""The route table of the REST API, for its URLs, OpenAPI document and HTML page."""

from __future__ import annotations

from runs.api.v1 import (
    about,
    activity,
    background_tasks,
    changes,
    comments,
    compute,
    delivery,
    experiments,
    files,
    log_search,
    logs,
    media,
    metrics,
    notify,
    params_and_tags,
    registry,
    retention,
    run_list,
    runs,
    sharing,
    tokens,
    trash,
    uploads,
    usage,
    view_files,
    view_revisions,
    views,
)
from runs.api.v1.endpoints import View

_WORKSPACE = "workspaces/<str:workspace>"
_EXPERIMENT = f"{_WORKSPACE}/experiments/<int:number>"
_RUN = f"{_WORKSPACE}/runs/<str:run_id>"
_UPLOAD = f"{_RUN}/uploads/<str:upload>"
_AGENT = f"{_WORKSPACE}/agents/<int:agent>"
_ENVIRONMENT = f"{_WORKSPACE}/environments/<str:name>"
_MODEL = f"{_WORKSPACE}/models/<str:name>"
_VERSION = f"{_MODEL}/versions/<int:version>"
_VIEW = f"{_WORKSPACE}/views/<str:slug>"

#: By subject: each path with one view per method.
ROUTES: dict[str, dict[str, tuple[View, ...]]] = {
    "Experiments": {
        f"{_WORKSPACE}/experiments": (
            experiments.list_experiments,
            experiments.create_experiment,
        ),
        _EXPERIMENT: (
            experiments.get_experiment,
            experiments.change_experiment,
            experiments.delete_experiment,
        ),
        f"{_EXPERIMENT}/restore": (experiments.restore_experiment,),
        f"{_EXPERIMENT}/tags": (experiments.edit_experiment_tags,),
        f"{_EXPERIMENT}/star": (
            experiments.star_experiment,
            experiments.unstar_experiment,
        ),
        f"{_EXPERIMENT}/goals": (experiments.set_metric_goal,),
    },
    "Runs": {
        f"{_WORKSPACE}/runs": (runs.list_runs, runs.create_run),
        f"{_WORKSPACE}/columns": (runs.list_columns,),
        f"{_WORKSPACE}/history-exports": (run_list.create_history_export,),
        f"{_WORKSPACE}/history-exports/<int:number>": (run_list.get_history_export,),
        f"{_WORKSPACE}/history-exports/<int:number>/file": (
            run_list.download_history_export,
        ),
        f"{_WORKSPACE}/groups": (log_search.list_run_groups,),
        _RUN: (runs.get_run, runs.change_run, runs.delete_run),
        f"{_RUN}/restore": (runs.restore_run,),
        f"{_RUN}/purge": (runs.purge_run,),
        f"{_RUN}/status": (runs.change_status,),
        f"{_RUN}/cancel": (runs.cancel_run,),
        f"{_RUN}/star": (runs.star_run, runs.unstar_run),
        f"{_RUN}/events": (runs.list_events,),
        f"{_RUN}/children": (runs.create_children,),
    },
    "Many runs, undo": {
        f"{_WORKSPACE}/bulk": (changes.change_runs,),
        f"{_WORKSPACE}/experiments/bulk": (changes.change_many_experiments,),
        f"{_WORKSPACE}/undo": (changes.undo_latest,),
        f"{_WORKSPACE}/undo/since": (activity.undo_token_changes,),
        f"{_WORKSPACE}/changes/<int:number>/undo": (changes.undo_change,),
        f"{_WORKSPACE}/changes/<int:number>": (activity.get_change,),
        f"{_WORKSPACE}/activity": (activity.list_activity,),
    },
    "Background tasks": {
        f"{_WORKSPACE}/tasks": (background_tasks.list_tasks,),
        f"{_WORKSPACE}/tasks/<int:number>": (background_tasks.get_task,),
        f"{_WORKSPACE}/tasks/<int:number>/stop": (background_tasks.stop_task,),
    },
    "Comments": {
        f"{_RUN}/comments": (comments.list_run_comments, comments.add_run_comment),
        f"{_VIEW}/comments": (comments.list_view_comments, comments.add_view_comment),
        f"{_WORKSPACE}/comments/<int:number>": (
            comments.change_comment,
            comments.delete_comment,
        ),
    },
    "Notifications": {
        f"{_RUN}/follow": (notify.follow_run, notify.unfollow_run),
        f"{_EXPERIMENT}/follow": (
            notify.follow_experiment,
            notify.unfollow_experiment,
        ),
        f"{_VIEW}/follow": (notify.follow_view, notify.unfollow_view),
        f"{_WORKSPACE}/follow": (notify.follow_own_runs, notify.unfollow_own_runs),
        f"{_WORKSPACE}/notifications": (notify.list_notifications,),
        f"{_WORKSPACE}/notifications/read": (notify.read_notifications,),
    },
    "Alerts": {
        f"{_WORKSPACE}/alert-channels": (
            notify.list_alert_channels,
            notify.add_alert_channel,
        ),
        f"{_WORKSPACE}/alert-channels/<int:number>": (
            notify.edit_alert_channel,
            notify.remove_alert_channel,
        ),
        f"{_WORKSPACE}/alert-channels/<int:number>/restore": (
            notify.undelete_alert_channel,
        ),
        f"{_WORKSPACE}/alert-channels/<int:number>/test": (notify.test_alert_channel,),
        f"{_WORKSPACE}/alert-deliveries": (notify.list_alert_deliveries,),
        f"{_WORKSPACE}/alert-deliveries/<int:number>/send": (
            notify.send_delivery_again,
        ),
        f"{_WORKSPACE}/alert-rules": (notify.list_alert_rules, notify.add_alert_rule),
        f"{_WORKSPACE}/alert-rules/<int:number>": (
            notify.get_alert_rule,
            notify.replace_alert_rule,
            notify.switch_alert_rule,
            notify.remove_alert_rule,
        ),
        f"{_WORKSPACE}/alert-rules/<int:number>/restore": (notify.undelete_alert_rule,),
        f"{_WORKSPACE}/alert-rules/<int:number>/test": (notify.test_alert_rule,),
        f"{_WORKSPACE}/alerts": (notify.list_alerts,),
        f"{_WORKSPACE}/alerts/<int:number>/acknowledge": (
            notify.acknowledge_one_alert,
        ),
    },
    "Parameters, properties, tags": {
        f"{_RUN}/params": (params_and_tags.get_params, params_and_tags.log_params),
        f"{_RUN}/properties": (
            params_and_tags.get_properties,
            params_and_tags.add_properties,
        ),
        f"{_RUN}/tags": (params_and_tags.get_tags, params_and_tags.edit_tags),
    },
    "Metrics": {
        f"{_RUN}/metrics": (metrics.list_metrics, metrics.log_metrics),
        f"{_RUN}/values": (metrics.list_values,),
        f"{_RUN}/metrics/<path:key>": (metrics.get_metric,),
    },
    "Files": {
        f"{_RUN}/files": (files.list_files,),
        f"{_RUN}/files/<path:path>": (
            files.upload_file,
            delivery.append_file,
            files.download_file,
            files.remove_file,
        ),
        f"{_RUN}/uploads": (uploads.open_upload,),
        _UPLOAD: (uploads.get_upload, uploads.abort_upload),
        f"{_UPLOAD}/pieces/<int:offset>": (uploads.upload_piece,),
        f"{_UPLOAD}/complete": (uploads.complete_upload,),
    },
    "Media": {f"{_RUN}/media": (media.list_run_media,)},
    "Logs": {
        f"{_RUN}/logs": (logs.get_log_lines,),
        f"{_RUN}/logs/search": (logs.search_log_lines,),
        f"{_RUN}/logs/outline": (logs.get_log_outline,),
        f"{_WORKSPACE}/logs": (log_search.search_logs,),
        f"{_WORKSPACE}/log-index": (
            log_search.get_log_index,
            log_search.change_log_index,
        ),
    },
    "Delivery": {
        f"{_RUN}/writers/<str:writer>": (delivery.close_writer,),
        f"{_RUN}/writers/<str:writer>/rows": (delivery.deliver_rows,),
        f"{_RUN}/receipt": (delivery.get_receipt,),
        f"{_RUN}/heartbeat": (delivery.beat,),
        f"{_RUN}/cancel/signals": (delivery.report_cancel_signal,),
        f"{_RUN}/snapshot": (
            files.keep_snapshot,
            files.download_snapshot,
        ),
        f"{_RUN}/snapshot/known": (files.link_known_snapshot,),
    },
    "Model registry": {
        f"{_WORKSPACE}/models": (registry.list_models, registry.create_model),
        _MODEL: (
            registry.get_model,
            registry.change_model,
            registry.delete_model,
        ),
        f"{_MODEL}/tags": (registry.edit_model_tags,),
        f"{_MODEL}/star": (registry.star_model, registry.unstar_model),
        f"{_MODEL}/aliases/<str:alias>": (
            registry.move_model_alias,
            registry.remove_model_alias,
        ),
        f"{_WORKSPACE}/model-versions": (registry.list_all_versions,),
        f"{_MODEL}/versions": (registry.list_versions, registry.register_version),
        _VERSION: (
            registry.get_version,
            registry.change_version,
            registry.delete_version,
        ),
        f"{_VERSION}/tags": (registry.edit_version_tags,),
        f"{_VERSION}/files": (registry.list_version_files,),
        f"{_VERSION}/files/<path:path>": (registry.download_version_file,),
    },
    "Submitted runs": {
        f"{_RUN}/definition": (compute.get_definition,),
        f"{_RUN}/token": (compute.create_run_token,),
        f"{_RUN}/resubmit": (compute.resubmit_run,),
        f"{_RUN}/sweep": (compute.get_sweep, compute.start_sweep),
        f"{_WORKSPACE}/sweeps": (compute.create_sweep,),
        f"{_RUN}/queue": (compute.queue_run,),
        f"{_RUN}/job": (compute.get_job, compute.change_job),
        f"{_RUN}/waiting": (compute.set_waiting,),
        f"{_WORKSPACE}/jobs": (compute.list_jobs,),
    },
    "Environments": {
        f"{_WORKSPACE}/environments": (compute.list_environments,),
        _ENVIRONMENT: (
            compute.get_environment,
            compute.register_environment,
            compute.delete_environment,
        ),
        f"{_ENVIRONMENT}/versions/<int:version>": (compute.get_environment_version,),
    },
    "Compute": {
        f"{_WORKSPACE}/compute": (
            compute.list_compute_targets,
            compute.create_compute_target,
        ),
        f"{_WORKSPACE}/compute/<str:target>": (
            compute.change_compute_target,
            compute.remove_compute_target,
        ),
        f"{_WORKSPACE}/compute/<str:target>/agent-tokens": (
            compute.create_agent_token,
        ),
        f"{_WORKSPACE}/compute/<str:target>/tests": (compute.start_target_test,),
        f"{_WORKSPACE}/compute/<str:target>/tests/<str:run_id>": (
            compute.get_target_test,
        ),
        f"{_WORKSPACE}/secrets": (compute.list_secrets,),
        f"{_WORKSPACE}/secrets/<str:name>": (
            compute.set_secret,
            compute.delete_secret,
        ),
    },
    "Storage": {
        f"{_WORKSPACE}/storage": (usage.get_storage,),
        f"{_WORKSPACE}/storage/quota": (usage.set_storage_quota,),
        f"{_WORKSPACE}/storage/count": (usage.count_storage_again,),
        f"{_WORKSPACE}/retention-rules": (
            retention.list_retention_rules,
            retention.add_retention_rule,
        ),
        f"{_WORKSPACE}/retention-rules/try": (retention.try_retention_rule,),
        f"{_WORKSPACE}/retention-rules/<int:number>": (
            retention.get_retention_rule,
            retention.replace_retention_rule,
            retention.switch_retention_rule,
            retention.remove_retention_rule,
        ),
        f"{_WORKSPACE}/retention-rules/<int:number>/restore": (
            retention.undelete_retention_rule,
        ),
        f"{_WORKSPACE}/storage/trash": (trash.list_trash_items,),
        f"{_WORKSPACE}/storage/trash/restore": (trash.restore_items,),
        f"{_WORKSPACE}/storage/trash/purge": (trash.purge_items,),
    },
    "Agents": {
        f"{_WORKSPACE}/agents": (compute.register_agent,),
        _AGENT: (compute.change_agent, compute.remove_agent),
        f"{_AGENT}/heartbeat": (compute.receive_agent_heartbeat,),
        f"{_AGENT}/take": (compute.take_runs,),
        f"{_AGENT}/jobs/<str:run_id>/end": (compute.end_attempt,),
    },
    "Views": {
        f"{_WORKSPACE}/views": (views.list_views, views.create_view),
        # These come before `<slug>`, which would match them.
        f"{_WORKSPACE}/views/default": (
            view_revisions.get_default_view,
            view_revisions.set_default_view,
        ),
        f"{_WORKSPACE}/views/export": (view_files.export_views,),
        f"{_WORKSPACE}/views/apply": (view_files.apply_views,),
        _VIEW: (views.get_view, views.change_view, views.delete_view),
        f"{_VIEW}/restore": (views.restore_view,),
        f"{_VIEW}/star": (views.star_view, views.unstar_view),
        f"{_VIEW}/clone": (views.clone_view,),
        f"{_VIEW}/diff": (view_revisions.diff_view,),
        f"{_VIEW}/revisions": (view_revisions.list_revisions,),
        f"{_VIEW}/revisions/<int:number>": (view_revisions.get_revision,),
        f"{_VIEW}/revisions/<int:number>/restore": (view_revisions.restore_revision,),
    },
    "Members and sharing": {
        f"{_WORKSPACE}/members": (sharing.list_members,),
        f"{_WORKSPACE}/members/<int:number>": (
            sharing.change_member,
            sharing.remove_member,
        ),
        f"{_WORKSPACE}/invitations": (
            sharing.list_invitations,
            sharing.create_invitation,
        ),
        f"{_WORKSPACE}/invitations/<int:number>": (sharing.revoke_invitation,),
        f"{_WORKSPACE}/public-links": (
            sharing.list_public_links,
            sharing.create_public_link,
        ),
        f"{_WORKSPACE}/public-links/<int:number>": (sharing.revoke_public_link,),
        f"{_WORKSPACE}/conclusion": (sharing.get_conclusion, sharing.set_conclusion),
    },
    "Tokens": {
        "tokens": (tokens.list_tokens, tokens.create_token),
        "tokens/<int:number>": (tokens.revoke_token,),
    },
    "About": {
        "workspaces": (about.list_workspaces,),
        "fields": (about.list_fields,),
    },
}
