"""For scripts that use Ray: the results of Ray Tune as child runs.

Needs `pip install 'ray[tune]'`.
"""

from studio.sdk.ray.tune_callback import TuneCallback

__all__ = ["TuneCallback"]
