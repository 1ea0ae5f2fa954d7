"""The addresses of custom views with who may do what there."""

from __future__ import annotations

from tests.access.entries import CONTRIBUTOR, OWNER, READER, Row, form, page, row

SPACE = "workspaces/<str:workspace>"
VIEW = f"{SPACE}/views/<str:slug>"

#: Below `w/<str:workspace>/`.
VIEW_PAGES: dict[str, Row] = {
    "share/": row(404, GET=OWNER, POST=OWNER),
    "share/<int:number>/revoke/": form(OWNER, number="{share}"),
    "views/": page(READER),
    "views/menu/": page(READER),
    "views/new/": row(422, GET=READER, POST=READER),
    "views/default/": form(READER),
    **{
        f"views/<str:slug>/{part}/": row(422, parts={"slug": "{view}"}, **needs)
        for part, needs in {
            "save": {"POST": CONTRIBUTOR},
            "edit": {"GET": READER, "POST": CONTRIBUTOR},
            "share": {"POST": CONTRIBUTOR},
            "delete": {"POST": CONTRIBUTOR},
            "star": {"POST": READER},
            "follow": {"POST": READER},
            "history": {"GET": READER},
            "comments": {"GET": READER, "POST": CONTRIBUTOR},
            "comments/known": {"GET": CONTRIBUTOR},
        }.items()
    },
    "views/<str:slug>/restore/": row(404, parts={"slug": "{view}"}, POST=READER),
    "views/<str:slug>/history/<int:number>/restore/": row(
        parts={"slug": "{view}", "number": "1"}, POST=CONTRIBUTOR
    ),
}


def view(*also: int, **needs: str) -> Row:
    """A shared view of an owner's, which a reader may look at."""
    return row(*also, parts={"slug": "{view}", "number": "1"}, **needs)


#: Below `api/v1/`.
VIEW_REST: dict[str, Row] = {
    f"{SPACE}/views": row(GET=READER, POST=READER),
    f"{SPACE}/views/export": row(GET=READER),
    f"{SPACE}/views/apply": row(POST=READER),
    f"{SPACE}/views/default": row(GET=READER, PUT=READER),
    VIEW: view(GET=READER, PATCH=CONTRIBUTOR, DELETE=CONTRIBUTOR),
    f"{VIEW}/restore": view(404, POST=READER),
    f"{VIEW}/star": view(PUT=READER, DELETE=READER),
    f"{VIEW}/clone": view(404, POST=READER),
    f"{VIEW}/comments": view(GET=READER, POST=CONTRIBUTOR),
    f"{VIEW}/diff": view(GET=READER),
    f"{VIEW}/revisions": view(GET=READER),
    f"{VIEW}/revisions/<int:number>": view(GET=READER),
    f"{VIEW}/revisions/<int:number>/restore": view(POST=CONTRIBUTOR),
}
