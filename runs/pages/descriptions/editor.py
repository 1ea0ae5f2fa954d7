"""The editor of descriptions: Markdown, with the server's own rendering as preview.

Runs, experiments and comparisons share it; `DescriptionEditor` tells what is edited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from runs.actions.changes import is_same_text, version_token
from runs.actions.files import attach_picture
from runs.models import File, Run, now_ms
from runs.pages.descriptions.forms import DescriptionForm, PictureForm
from runs.pages.descriptions.references import render_description
from runs.pages.requests import PageRequest
from runs.pages.run_shell import show_editor
from studio.core.errors import Conflict, InvalidState, InvalidValue, TooLarge
from studio.core.names import MAX_DESCRIPTION_BYTES


@dataclass(frozen=True)
class DescriptionEditor:
    """What is edited; `part` is the id of the element that the editor replaces.

    The editor starts with `stored`, or with `text` if nothing is stored. `write` gets
    the new text and the version token of the text that its writer saw. `saved` builds
    the response from a message, which is empty if nothing changed.
    """

    part: str
    path: str
    back: str
    stored: str
    text: str
    write: Callable[[str, str], object]
    saved: Callable[[str], HttpResponse]
    frame: dict[str, Any]
    page: str
    run: Run | None = None
    #: The address that completes references; by default below `path`.
    links: str = ""
    #: By default *Description*.
    heading: str = ""
    #: The editor is part of the page, and can't be closed.
    is_open: bool = False
    #: `@` offers members.
    mentions: bool = False

    def context(self, text: str, *, seen: str, **more: Any) -> dict[str, Any]:
        """Return the context of `_description_form.html`."""
        return {
            **self.frame,
            "described": self,
            "text": text,
            "seen": seen,
            "title": self.heading or _("Description"),
            # The limit counts bytes, and a Chinese character has three.
            "size": len(text.encode()),
            "limit": MAX_DESCRIPTION_BYTES,
            **more,
        }


def open_description_editor(
    request: PageRequest, editor: DescriptionEditor
) -> HttpResponse:
    text = editor.stored or editor.text
    return _show_editor_form(request, editor, text, seen=version_token(editor.stored))


def save_description(request: PageRequest, editor: DescriptionEditor) -> HttpResponse:
    values = DescriptionForm(request.POST).check()
    text, seen = values["text"], values["seen"]
    if values["preview"]:
        return _show_preview(request, editor, text, seen)
    if values["attach"]:
        return _add_picture_without_script(request, editor, text, seen)
    # Browsers send other line ends than clients log: that alone is no change.
    if is_same_text(text, editor.stored):
        text = editor.stored
    try:
        editor.write(text, seen)
    except (InvalidState, InvalidValue) as error:
        return _show_editor_form(
            request, editor, text, seen=seen, problem=error.message
        )
    except Conflict as error:
        # The form gets the token of the newer text, so that saving again overwrites it.
        theirs = error.details["now"]
        return _show_editor_form(
            request, editor, text, seen=version_token(theirs), theirs=theirs
        )
    return editor.saved(_("Description changed") if text != editor.stored else "")


def _show_preview(
    request: PageRequest, editor: DescriptionEditor, text: str, seen: str
) -> HttpResponse:
    """Show the rendered text; without a script, above the form."""
    preview = render_description(request, text, editor.run)
    if request.htmx:
        return render(
            request, "descriptions/_description_preview.html", {"preview": preview}
        )
    return _show_editor_form(request, editor, text, seen=seen, preview=preview)


def _add_picture_without_script(
    request: PageRequest, editor: DescriptionEditor, text: str, seen: str
) -> HttpResponse:
    """Store the picture, and add it at the end of the text."""
    try:
        file = attach_uploaded_picture(request, editor.run)
    except (Conflict, InvalidState, InvalidValue, TooLarge) as error:
        return _show_editor_form(
            request, editor, text, seen=seen, problem=error.message
        )
    # Without a script, the position of the cursor is unknown.
    text = f"{text.rstrip()}\n\n{picture_markdown(file)}\n".lstrip()
    return _show_editor_form(request, editor, text, seen=seen)


def attach_uploaded_picture(request: PageRequest, run: Run | None) -> File:
    upload = PictureForm(request.POST, request.FILES).check()["picture"]
    # Only a run has files: experiments and comparisons can't store pictures.
    if upload is None or run is None:
        raise InvalidValue(_("Choose a picture first."), field="picture")
    return attach_picture(
        run, upload.name or "", upload.chunks(), actor=request.actor, now=now_ms()
    )


def picture_markdown(file: File) -> str:
    """Return the Markdown that shows the file; stored names need no quoting."""
    return f"![{file.name.rpartition('-')[0]}](file:{file.path})"


def _show_editor_form(
    request: PageRequest,
    editor: DescriptionEditor,
    text: str,
    *,
    seen: str,
    **more: Any,
) -> HttpResponse:
    """Show the form; `theirs` is another member's newer text.

    Saving again overwrites it.
    """
    context = editor.context(text, seen=seen, **more)
    refused = "problem" in more or "theirs" in more
    template = "descriptions/_description_form.html"
    return show_editor(request, template, context, refused=refused, page=editor.page)
