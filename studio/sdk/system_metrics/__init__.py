"""What the machine of a run does: processors, memory, disk, network, GPUs."""

from studio.sdk.system_metrics.facts import MachineFacts, read_machine_facts
from studio.sdk.system_metrics.sampler import SystemSampler
from studio.sdk.system_metrics.sampling import (
    SAMPLE_SECONDS,
    SystemMetrics,
    is_sampling_enabled,
    start_system_metrics,
)

__all__ = [
    "SAMPLE_SECONDS",
    "MachineFacts",
    "SystemMetrics",
    "SystemSampler",
    "is_sampling_enabled",
    "read_machine_facts",
    "start_system_metrics",
]
