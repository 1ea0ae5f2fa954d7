"""The environment of jobs: what a program needs, and nothing of the agent's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_NAMES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG"),
        *("LANGUAGE", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        # How Podman and Docker are reached and configured.
        *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE"),
        *("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "DBUS_SESSION_BUS_ADDRESS"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }
)
_BEGINNINGS = ("LC_", "CUDA_", "NVIDIA_", "NCCL_", "ROCR_", "HIP_", "CONDA_", "MAMBA_")
#: Never passed on, also if `passed` names them: they open the server.
_NEVER = frozenset({"STUDIO_TOKEN", "MLFLOW_TRACKING_TOKEN", "STUDIO_HOME"})


def clean_environment(
    environment: Mapping[str, str], passed: Sequence[str] = ()
) -> dict[str, str]:
    """The variables that jobs get of the agent's, and those that `passed` names."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _NEVER and (name in passed or _is_usual(name))
    }


def _is_usual(name: str) -> bool:
    # Programs read the proxies' names in both cases.
    return name.upper() in _NAMES or name.startswith(_BEGINNINGS)
