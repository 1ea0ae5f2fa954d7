"""The card *Lineage*, which several pages show."""

from runs.pages.lineage.card import lineage_context

__all__ = ["lineage_context"]
