"""What others have read of a view, from its history of changes."""

from __future__ import annotations

from runs.models import Change, View


def was_all_read(view: View) -> bool:
    """Whether a private view was shared before, and nothing was saved since then.

    Its readers then know all that stands there already: taking it from them hides
    nothing, and would lose them what they saved.
    """
    changes = Change.objects.filter(view=view).order_by("-pk")
    closed = changes.filter(field="shared").first()
    if closed is None or closed.after:
        return False
    return not changes.filter(field="revision", pk__gt=closed.pk).exists()
