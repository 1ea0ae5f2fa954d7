"""What is read of a machine, from the files of a kernel and from NVIDIA's library."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.sdk.system_metrics import facts, gpus, readings
from studio.sdk.system_metrics.sampler import SystemSampler

STAT = "cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 1 1 1\n"
NETWORK = """Inter-|   Receive          |  Transmit
 face |bytes    packets errs|bytes    packets
    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
  eth0:{received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0
"""
MEMORY = "MemTotal:  4000000 kB\nMemFree: 1 kB\nMemAvailable: 1000000 kB\n"


def write_proc(proc: Path, *, busy: int, idle: int, received: int, sent: int) -> None:
    (proc / "net").mkdir(parents=True, exist_ok=True)
    (proc / "stat").write_text(STAT.format(busy=busy, idle=idle))
    (proc / "net/dev").write_text(NETWORK.format(received=received, sent=sent))
    (proc / "meminfo").write_text(MEMORY)


def test_a_sample_has_differences_and_current_values(tmp_path: Path) -> None:
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    write_proc(proc, busy=100, idle=100, received=5_000_000, sent=0)
    sampler = SystemSampler(tmp_path, {}, proc=proc, cgroup=cgroup)
    write_proc(proc, busy=130, idle=110, received=7_000_000, sent=500_000)
    values = sampler.sample()
    assert values["system/cpu_utilization_percentage"] == 75.0
    assert values["system/network_receive_megabytes"] == 2.0
    assert values["system/network_transmit_megabytes"] == 0.5
    assert values["system/system_memory_usage_percentage"] == 75.0
    assert values["system/system_memory_usage_megabytes"] == 3072.0
    assert 0 < values["system/disk_usage_percentage"] <= 100


def test_the_memory_of_a_container_is_its_limit(tmp_path: Path) -> None:
    write_proc(tmp_path, busy=0, idle=0, received=0, sent=0)
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("600000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 100000000\n")
    assert readings.read_memory(tmp_path, tmp_path) == readings.Memory(
        500_000_000, 1_000_000_000
    )


@pytest.mark.parametrize("text", ["", "cpu\n", "cpu a b c d e f g h\n"])
def test_what_cannot_be_read_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "stat").write_text(text)
    (tmp_path / "meminfo").write_text(text)
    values = SystemSampler(tmp_path / "gone", {}, proc=tmp_path).sample()
    assert not [name for name in values if "gpu" not in name]


def test_the_models_of_gpus_are_read_without_the_driver(tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / f"driver/nvidia/gpus/0000:0{number}:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text("Model: \t NVIDIA A100\nIRQ: 5\n")
    assert facts.read_gpu_models(tmp_path) == ("NVIDIA A100", "NVIDIA A100")


def set_count(count: Any) -> int:
    count._obj.value = 2
    return 0


def set_handle(index: Any, handle: Any) -> int:
    handle._obj.value = index.value + 1
    return 0


def set_uuid(handle: Any, text: Any, _size: int) -> int:
    text.value = f"GPU-{handle.value}abc".encode()
    return 0


def set_memory(_handle: Any, memory: Any) -> int:
    memory._obj.total, memory._obj.used = 80_000_000_000, 20_000_000_000
    return 0


def set_use(handle: Any, use: Any) -> int:
    use._obj.gpu = 93
    return 0 if handle.value == 1 else 3


def set_power(_handle: Any, power: Any) -> int:
    power._obj.value = 250_500
    return 0


#: NVML with two devices; the second one does not report its use.
DRIVER = SimpleNamespace(
    nvmlDeviceGetCount_v2=set_count,
    nvmlDeviceGetHandleByIndex_v2=set_handle,
    nvmlDeviceGetUUID=set_uuid,
    nvmlDeviceGetMemoryInfo=set_memory,
    nvmlDeviceGetUtilizationRates=set_use,
    nvmlDeviceGetPowerUsage=set_power,
)


def test_gpus_report_what_they_can() -> None:
    first, second = gpus.Gpus(DRIVER, {}).read()
    assert first == gpus.GpuReading(0, 20_000_000_000, 80_000_000_000, 93, 250.5)
    assert second.percent is None


@pytest.mark.parametrize(
    ("visible", "indices"),
    [("1", [1]), ("0,1", [0, 1]), ("GPU-2", [1]), ("", []), ("-1", [])],
)
def test_only_the_gpus_of_the_script_are_sampled(
    visible: str, indices: list[int]
) -> None:
    found = gpus.Gpus(DRIVER, {"CUDA_VISIBLE_DEVICES": visible}).read()
    assert [gpu.index for gpu in found] == indices
