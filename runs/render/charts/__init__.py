"""Charts as plain JSON for Plotly, sparklines, and smoothing."""
