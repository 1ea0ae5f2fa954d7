"""The run page: details, child runs, images, history, and its editors."""
