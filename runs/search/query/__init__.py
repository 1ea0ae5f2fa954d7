"""From a filter to the matching runs: conditions, plan, order, pages and counts."""
