"""Delete a file of a run on its page; the message offers to bring it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access
from runs.actions.files import delete_files
from runs.models import now_ms
from runs.pages.requests import OptionalTextField, PageForm, PageRequest, TextField
from runs.pages.run_shell import find_run_head, run_undo_path
from runs.render.formats import run_path
from runs.search.files import find_file


class FileForm(PageForm):
    """A file by its path; of a model that the run wrote, with the model's id."""

    path = TextField(strip=False)
    model = OptionalTextField()


@access(Permission.ANNOTATE)
@require_POST
def delete_run_file(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    form = FileForm(request.POST).check()
    file = find_file(run, form["path"], form["model"] or "")
    owner = file.model or run
    delete_files(owner, [file.path], actor=request.actor, now=now_ms())
    message = _("Deleted %(name)s. It can be restored for 30 days.")
    undo = run_undo_path(request, run)
    messages.success(request, message % {"name": file.name}, extra_tags=undo)
    return redirect(f"{run_path(request.workspace.name, run.run_id)}files/")
