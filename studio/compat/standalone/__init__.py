"""A folder for `sys.path` that contains only `studio`.

The folder of the package itself can be the site-packages of another interpreter, whose
other packages must not be found.
"""
