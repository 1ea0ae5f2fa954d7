"""NVIDIA's GPUs, through the library that their driver installs (NVML)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LIBRARIES = ("libnvidia-ml.so.1", "nvml.dll")
SUCCESS = 0
MAX_NAME_BYTES = 96


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


@dataclass(frozen=True)
class GpuReading:
    """Bytes and percent; None for what the device does not report."""

    index: int
    memory_used: int
    memory_total: int
    percent: int | None
    watts: float | None


class Gpus:
    """The devices that the script can use."""

    def __init__(self, library: Any, environment: Mapping[str, str]) -> None:
        self._library = library
        self._handles = dict(self._find_devices(environment))

    @classmethod
    def open(cls, environment: Mapping[str, str] = os.environ) -> Gpus | None:
        """None without a driver. Takes up to a second with one."""
        for name in LIBRARIES:
            try:
                library = ctypes.CDLL(name)
                is_open = library.nvmlInit_v2() == SUCCESS
            except (OSError, AttributeError):
                continue
            return cls(library, environment) if is_open else None
        return None

    def _find_devices(
        self, environment: Mapping[str, str]
    ) -> Iterator[tuple[int, ctypes.c_void_p]]:
        count = ctypes.c_uint()
        if self._library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != SUCCESS:
            return
        visible = environment.get("CUDA_VISIBLE_DEVICES")
        words = (
            None if visible is None else [word.strip() for word in visible.split(",")]
        )
        for index in range(count.value):
            handle = ctypes.c_void_p()
            found = self._library.nvmlDeviceGetHandleByIndex_v2(
                ctypes.c_uint(index), ctypes.byref(handle)
            )
            if found == SUCCESS and self._is_visible(index, handle, words):
                yield index, handle

    def _is_visible(
        self, index: int, handle: ctypes.c_void_p, words: list[str] | None
    ) -> bool:
        if words is None or str(index) in words:
            return True
        # Devices can also be named by the start of their id.
        starts = tuple(word for word in words if word.startswith("GPU-"))
        text = ctypes.create_string_buffer(MAX_NAME_BYTES)
        return bool(
            starts
            and self._library.nvmlDeviceGetUUID(handle, text, MAX_NAME_BYTES) == SUCCESS
            and text.value.decode().startswith(starts)
        )

    def read(self) -> Iterator[GpuReading]:
        library = self._library
        for index, handle in self._handles.items():
            memory, use, power = _Memory(), _Utilization(), ctypes.c_uint()
            if library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) != SUCCESS:
                continue
            used = library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(use))
            drawn = library.nvmlDeviceGetPowerUsage(handle, ctypes.byref(power))
            yield GpuReading(
                index,
                memory.used,
                memory.total,
                use.gpu if used == SUCCESS else None,
                power.value / 1000 if drawn == SUCCESS else None,
            )
