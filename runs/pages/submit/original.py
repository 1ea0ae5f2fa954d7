"""The run that is submitted again, and what a form keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from runs.actions.run import read_definition
from runs.models import Run, RunSnapshot, RunTag
from runs.pages.submit.draft import Draft, Tag, tag_line
from runs.search.compute import find_sweep
from studio.core.sweeps import argument_name, tags_after_change


@dataclass(frozen=True)
class Original:
    """The run that is submitted again."""

    run: Run

    @cached_property
    def definition(self) -> dict[str, Any]:
        return read_definition(self.run)

    @cached_property
    def tag_lines(self) -> dict[str, Tag]:
        """The tags, by the lines that the form shows for them."""
        rows = RunTag.objects.filter(run=self.run).order_by("key__name")
        tags = rows.values_list("key__name", "value")
        return {tag_line(tag): tag for tag in tags}

    @cached_property
    def draft(self) -> Draft:
        """What the form shows before anything is changed."""
        run = self.run
        link = RunSnapshot.objects.select_related("snapshot").filter(run=run).first()
        sweep = find_sweep(run)
        draft = Draft.from_definition(self.definition)
        return replace(
            draft.with_sweep(sweep) if sweep else draft,
            source=link.snapshot.digest if link else "",
            target=run.target,
            experiment=run.experiment.name,
            name=run.name,
            tags="\n".join(self.tag_lines),
        )

    def kept_tags(
        self, draft: Draft, definition: Mapping[str, Any]
    ) -> dict[str, str | None]:
        """Return the tags that a resubmission has without a change to them."""
        tags = dict(self.tag_lines.values())
        return _after_change(tags, self, draft, definition)


def tags_to_submit(
    draft: Draft, original: Original | None, definition: Mapping[str, Any]
) -> dict[str, str | None]:
    """Return the tags; those that repeat an argument's value follow the argument."""
    if original is None:
        return draft.tag_map()
    tags = draft.tag_map(original.tag_lines)
    return _after_change(tags, original, draft, definition)


def _after_change(
    tags: Mapping[str, str | None],
    original: Original,
    draft: Draft,
    definition: Mapping[str, Any],
) -> dict[str, str | None]:
    swept = map(argument_name, dict(draft.sweep))
    return tags_after_change(tags, original.definition, definition, swept)
