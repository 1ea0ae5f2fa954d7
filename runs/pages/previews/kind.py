"""A kind of preview: the files that it shows, how, and how much it reads of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise

from runs.pages.previews.reader import PreviewReader


@dataclass(frozen=True)
class Shown:
    """What a template gets as `preview.shown`; `summary` stands next to the size.

    `template` and `head` replace the kind's template and the usual head of the viewer.
    """

    content: object
    summary: str = ""
    template: str = ""
    head: str = ""


@dataclass(frozen=True)
class PreviewKind:
    """One way to show files; its template is `templates/previews/_<name>.html`.

    `matches` gets the file's name and first bytes; `build` returns None if the content
    is not what it seemed to be, and then the next kind that matches is shown. `view` is
    the word in the address. `label` is the text of the button: what it opens.
    """

    name: str
    label: str | Promise
    matches: Callable[[str, bytes], bool]
    build: Callable[[PreviewReader], Shown | None]
    #: Bytes that `build` can read, and the seconds that reading can take.
    max_bytes: int = 1 << 20
    max_seconds: float = 5.0
    view: str = ""
    icon: str = "file"
    #: Shown only after a click on its button.
    on_request: bool = False
    #: Whether the button of this kind is offered, where its name and head don't tell.
    can_show: Callable[[PreviewReader], bool] | None = None
    #: A template with the controls of the viewer's head.
    tools: str = ""
    #: The name of a template that several kinds share.
    shared_template: str = ""
    #: Answers `?as=<name>` at the address of the file's bytes.
    respond: Callable[[HttpRequest, PreviewReader], HttpResponseBase] | None = None

    @property
    def template(self) -> str:
        return f"previews/_{self.shared_template or self.name}.html"

    @property
    def view_name(self) -> str:
        return self.view or self.name
