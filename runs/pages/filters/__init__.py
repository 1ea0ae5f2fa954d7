"""The search box: completion, editors of terms, and the facets panel."""
