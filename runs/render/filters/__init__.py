"""A filter as people read it: pills, operators, bars of a facet."""
