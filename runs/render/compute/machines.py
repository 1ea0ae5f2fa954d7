"""What a machine has, as its agent reported it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import ngettext

#: Makers' names, which are no part of what people call a device.
_MAKERS = ("NVIDIA ", "GeForce ", "Quadro ", "Tesla ")


def describe_machine(host: Mapping[str, Any]) -> str:
    """Return `4 × RTX 4090`, or `8 CPUs` without GPUs; empty if nothing is known."""
    gpus = host.get("gpus")
    names = Counter(
        _short_name(str(gpu.get("name", "GPU")))
        for gpu in (gpus if isinstance(gpus, list) else ())
        if isinstance(gpu, dict)
    )
    if names:
        return ", ".join(f"{count} × {name}" for name, count in names.items())
    cpus = host.get("cpus")
    if not isinstance(cpus, int) or isinstance(cpus, bool) or cpus < 1:
        return ""
    return ngettext("%(n)s CPU", "%(n)s CPUs", cpus) % {"n": cpus}


def _short_name(name: str) -> str:
    for maker in _MAKERS:
        name = name.removeprefix(maker)
    return name[:60]
