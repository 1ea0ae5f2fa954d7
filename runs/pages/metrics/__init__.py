"""The run page's metrics: choice, panels, points and exports."""
