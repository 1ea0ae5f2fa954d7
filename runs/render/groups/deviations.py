"""A mean with its deviation, as papers write it: `0.8042 ± 0.0061`."""

from __future__ import annotations

import math

from django.utils.formats import number_format

from runs.render import formats


def with_deviation(mean: float, std: float) -> tuple[str, str]:
    """Both with the decimals that the deviation's two first digits need.

    The deviation is empty where there is none, as of one number.
    """
    if not math.isfinite(std):
        return formats.number(mean), ""
    if not _is_plain(mean, std):
        return formats.number(mean), formats.number(std)
    decimals = max(0, 1 - math.floor(math.log10(std)))
    return _rounded(mean, decimals), _rounded(std, decimals)


def _is_plain(mean: float, std: float) -> bool:
    if not math.isfinite(mean) or std == 0:
        return False
    return abs(mean) < formats.LARGEST and 1e-6 <= std < formats.LARGEST


def _rounded(value: float, decimals: int) -> str:
    return number_format(f"{value:.{decimals}f}", force_grouping=True)
