"""Which environment variables are recorded, and what is hidden in a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

MASK = "***"
#: Variables that change results or speed. Others can hold anything.
RECORDED_VARIABLES = (
    *("CUDA_*", "NVIDIA_VISIBLE_DEVICES", "NCCL_*", "CUBLAS_WORKSPACE_CONFIG"),
    *("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("OMP_*", "MKL_*", "OPENBLAS_*", "NUMEXPR_*", "BLIS_*", "GOMP_*", "KMP_*"),
    *("PYTORCH_*", "TORCH_*", "TORCHDYNAMO_*", "TORCHINDUCTOR_*", "XLA_*", "JAX_*"),
    *("TF_CPP_*", "TF_XLA_*", "TF_GPU_*", "TF_FORCE_*", "TF_DETERMINISTIC_*"),
    *("TF_CUDNN_*", "TF_ENABLE_*", "TF_CONFIG", "TOKENIZERS_PARALLELISM"),
    *("HF_HOME", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"),
    *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK"),
    *("MASTER_ADDR", "MASTER_PORT", "OMPI_COMM_WORLD_*"),
    *("SLURM_JOB_*", "SLURM_NNODES", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_NODEID"),
    *("PYTHONHASHSEED", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONUNBUFFERED"),
    *("VIRTUAL_ENV", "CONDA_DEFAULT_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH"),
    *("LD_PRELOAD", "LANG", "LC_ALL", "TZ"),
)
#: More of them, separated by commas; `*` stands for any characters.
MORE_VARIABLES = "STUDIO_RECORD_VARIABLES"
_SECRET_VARIABLE = re.compile(
    r"(^|_)(api)?(tokens?|secrets?|pass|passwords?|passwd|pwd|keys?|credentials?|auth)"
    r"($|_)",
    re.IGNORECASE,
)
#: Others, such as `--tokens` and `--sort-key`, are ordinary hyperparameters.
_SECRET_OPTION = re.compile(
    r"--?(.+[_-])?(token|secret|password|passwd|credentials?"
    r"|(api|access|account|private|secret|storage)[_-]?key)",
    re.IGNORECASE,
)
# Without the first part, a long word would be searched from each of its letters.
_PASSWORD_IN_URL = re.compile(r"(?<!\w)(\w+://)[^/\s@]*@")


def without_passwords(text: str) -> str:
    """The text without what stands before the `@` of an address."""
    return _PASSWORD_IN_URL.sub(rf"\1{MASK}@", text)


def recorded_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that can be shown to all members, by name."""
    more = environment.get(MORE_VARIABLES, "").split(",")
    patterns = (*RECORDED_VARIABLES, *filter(None, map(str.strip, more)))
    return {
        name: _without_secret(name, environment[name])
        for name in sorted(environment)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def _without_secret(name: str, value: str) -> str:
    return MASK if _SECRET_VARIABLE.search(name) else without_passwords(value)


def without_secrets(words: Sequence[str]) -> list[str]:
    """The words of a command, without the values of options such as `--api-key`."""
    return list(_hide_values(words))


def _hide_values(words: Sequence[str]) -> Iterator[str]:
    is_value_secret = False
    for word in words:
        name, separator, _ = word.partition("=")
        is_secret = bool(_SECRET_OPTION.fullmatch(name))
        if is_value_secret and not word.startswith("-"):
            yield MASK
        elif separator and is_secret:
            yield f"{name}={MASK}"
        else:
            yield without_passwords(word)
        is_value_secret = is_secret and not separator
