"""Packages of conda that pip installs, too."""

from __future__ import annotations

import re

from studio.runner.environments.requirements import package_name

#: Packages with the same name and the same versions in both.
_SAME_NAMES = frozenset(
    """
    accelerate aiohttp altair attrs beautifulsoup4 bokeh boto3 catboost click
    cloudpickle cython dask datasets einops fastapi fastparquet filelock flask
    fsspec gensim grpcio h5py httpx huggingface_hub hydra-core hyperopt imageio
    imbalanced-learn ipykernel ipython jax jinja2 joblib jupyter jupyterlab keras
    lightgbm lxml matplotlib mlflow mpi4py netcdf4 networkx nltk notebook numba
    numpy omegaconf onnx onnxruntime openpyxl optuna packaging pandas pillow plotly
    polars protobuf psutil pyarrow pydantic pymongo pytest python-dateutil
    pytorch-lightning pytz pyyaml regex requests rich safetensors scikit-image
    scikit-learn scipy seaborn sentencepiece shap six spacy sqlalchemy statsmodels
    sympy tabulate tensorboard tensorflow threadpoolctl timm tokenizers torchaudio
    torchmetrics torchvision tqdm transformers typing_extensions umap-learn wandb
    xarray xgboost xlrd zarr
    """.split()
)
#: Packages with another name in pip.
_OTHER_NAMES = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "psycopg2": "psycopg2-binary",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "tensorflow-gpu": "tensorflow",
}
_VERSION = re.compile(r"={1,2}\s*(\d[\w.]*?)(\.?\*)?(?:=\S+)?")
_COMPARISONS = re.compile(r"[<>!~=]=?\s*[0-9][0-9A-Za-z.*]*(\s*,\s*\S+)*")


def name_for_pip(requirement: str) -> str:
    """The requirement of pip for one of conda; empty if pip does not have it."""
    name = package_name(requirement)
    found = name if name in _SAME_NAMES else _OTHER_NAMES.get(name, "")
    plain = requirement.rpartition("::")[2].strip()
    rest = plain[len(name) :].strip()
    if not found or not rest:
        return found
    exact = _VERSION.fullmatch(rest)
    if exact is not None:
        # `numpy=1.21` of conda allows each 1.21.x.
        is_prefix = exact[2] is not None or not rest.startswith("==")
        return f"{found}=={exact[1]}{'.*' if is_prefix else ''}"
    return f"{found}{rest}" if _COMPARISONS.fullmatch(rest) else ""
