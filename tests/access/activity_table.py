"""The addresses of the activity and of notifications with who may do what there."""

from __future__ import annotations

from tests.access.entries import (
    CONTRIBUTOR,
    IN_PERSON,
    OWNER,
    PUBLIC,
    READER,
    Row,
    form,
    page,
    row,
)

ACTIVITY_PAGES: dict[str, Row] = {
    "activity/": page(READER),
    "activity/news/": page(READER),
    "activity/feed.atom": page(READER),
    "activity/<int:number>/": page(READER, 404),
    "activity/tokens/<int:number>/undo/": row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
}

SPACE = "workspaces/<str:workspace>"
ACTIVITY_REST: dict[str, Row] = {
    f"{SPACE}/activity": row(GET=READER),
    f"{SPACE}/changes/<int:number>": row(404, GET=READER),
    f"{SPACE}/undo/since": form(CONTRIBUTOR, 404),
    f"{SPACE}/members": row(GET=READER),
    f"{SPACE}/members/<int:number>": row(404, PATCH=OWNER, DELETE=OWNER),
    f"{SPACE}/invitations": row(201, GET=OWNER, POST=OWNER),
    f"{SPACE}/invitations/<int:number>": row(404, DELETE=OWNER),
    f"{SPACE}/public-links": row(GET=OWNER, POST=OWNER),
    f"{SPACE}/public-links/<int:number>": row(404, DELETE=OWNER),
    f"{SPACE}/conclusion": row(404, GET=READER, PUT=CONTRIBUTOR),
    f"{SPACE}/experiments/<int:number>/star": row(404, PUT=READER, DELETE=READER),
    f"{SPACE}/experiments/<int:number>/goals": row(404, PUT=CONTRIBUTOR),
    f"{SPACE}/experiments/<int:number>/follow": row(404, PUT=READER, DELETE=READER),
    f"{SPACE}/runs/<str:run_id>/follow": row(404, PUT=READER, DELETE=READER),
    f"{SPACE}/views/<str:slug>/follow": row(
        parts={"slug": "{view}"}, PUT=READER, DELETE=READER
    ),
    f"{SPACE}/follow": row(PUT=READER, DELETE=READER),
    f"{SPACE}/notifications": row(GET=READER),
    f"{SPACE}/notifications/read": row(POST=READER),
    f"{SPACE}/alert-channels": row(400, GET=READER, POST=OWNER),
    f"{SPACE}/alert-channels/<int:number>": row(404, PATCH=OWNER, DELETE=OWNER),
    f"{SPACE}/alert-channels/<int:number>/restore": form(OWNER, 404),
    f"{SPACE}/alert-channels/<int:number>/test": form(OWNER, 404),
    f"{SPACE}/alert-deliveries": row(GET=READER),
    f"{SPACE}/alert-deliveries/<int:number>/send": form(OWNER, 404),
    f"{SPACE}/alert-rules": row(400, GET=READER, POST=CONTRIBUTOR),
    f"{SPACE}/alert-rules/<int:number>": row(
        404, GET=READER, PUT=CONTRIBUTOR, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR
    ),
    f"{SPACE}/alert-rules/<int:number>/restore": form(CONTRIBUTOR, 404),
    f"{SPACE}/alert-rules/<int:number>/test": form(CONTRIBUTOR, 404),
    f"{SPACE}/alerts": row(GET=READER),
    f"{SPACE}/alerts/<int:number>/acknowledge": form(CONTRIBUTOR, 404),
    f"{SPACE}/models/<str:name>/star": row(404, PUT=READER, DELETE=READER),
}

NOTIFY_ACCOUNT_PAGES: dict[str, Row] = {
    "inbox/": page(IN_PERSON),
    "inbox/read/": form(IN_PERSON),
    "inbox/<int:number>/": form(IN_PERSON, 404),
    "account/notifications/": row(GET=IN_PERSON, POST=IN_PERSON),
    "account/notifications/email/": form(IN_PERSON),
    "account/notifications/<int:number>/stop/": form(IN_PERSON, 404),
    # Links of mails: the signed address is the permission.
    "email/confirm/<str:signed>/": row(404, 410, GET=PUBLIC, POST=PUBLIC),
    "email/unsubscribe/<str:signed>/": row(404, GET=PUBLIC, POST=PUBLIC),
    "email/mute/<str:signed>/": row(404, GET=PUBLIC, POST=PUBLIC),
}

#: Below `w/<str:workspace>/`.
NOTIFY_PAGES: dict[str, Row] = {
    "runs/<str:run_id>/follow/": form(READER),
    "experiments/<str:slug>/follow/": form(READER),
    "alerts/": page(READER),
    "alerts/fired/": page(READER),
    "alerts/fired/<int:number>/acknowledge/": form(CONTRIBUTOR, 404),
    "alerts/deliveries/": page(READER),
    "alerts/deliveries/<int:number>/again/": form(OWNER, 404),
    "alerts/events/": page(READER),
    "alerts/channels/": page(READER),
    "alerts/channels/new/": row(422, GET=OWNER, POST=OWNER),
    "alerts/channels/<int:number>/": row(404, GET=OWNER, POST=OWNER),
    **{
        f"alerts/channels/<int:number>/{part}/": form(OWNER, 404)
        for part in ("enable", "delete", "restore", "test")
    },
    "alerts/rules/new/": row(422, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    "alerts/rules/<int:number>/": row(404, GET=CONTRIBUTOR, POST=CONTRIBUTOR),
    **{
        f"alerts/rules/<int:number>/{part}/": form(CONTRIBUTOR, 404)
        for part in ("copy", "enable", "delete", "restore", "test")
    },
}
