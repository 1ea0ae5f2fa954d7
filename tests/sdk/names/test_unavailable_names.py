"""Names that Run Studio does not have: they are imported, and their use explains."""

from __future__ import annotations

import pytest

from studio.compat.alternatives import ALTERNATIVES
from tests.sdk.user import User

_IMPORTS = """
import importlib.util, pickle
from typing import List, Optional
import azureml.train.automl.runtime._hts.hts_runtime_utilities as hts
from azureml.automl.core.shared.exceptions import ClientException
from azureml.contrib.automl.pipeline.steps import utilities
from azureml.core import Image
from azureml.core.runconfig import JarLibrary
from azureml.core.webservice import AciWebservice
from azureml.pipeline.core import Pipeline
from azureml.pipeline.core.graph import PipelineParameter
from azureml.train.automl.utilities import get_primary_metrics
"""
_USES = {
    "Pipeline(workspace=None, steps=[])": "azureml.pipeline.core.Pipeline",
    "Pipeline.validate()": "azureml.pipeline.core.Pipeline",
    "Pipeline[0]": "azureml.pipeline.core.Pipeline",
    "list(Pipeline)": "azureml.pipeline.core.Pipeline",
    "type('Own', (Pipeline,), {})()": "azureml.pipeline.core.Pipeline",
    "AciWebservice.deploy()": "azureml.core.webservice.AciWebservice",
    "Image.create()": "azureml.core.Image",
    "JarLibrary('x')": "azureml.core.runconfig.JarLibrary",
    "get_primary_metrics()": "azureml.train.automl.utilities.get_primary_metrics",
    "utilities.set(1)": "azureml.contrib.automl.pipeline.steps.utilities.set",
    "hts.dump": "azureml.train.automl.runtime._hts.hts_runtime_utilities.dump",
    "ClientException('x')": "azureml.automl.core.shared.exceptions.ClientException",
}


@pytest.fixture(scope="module")
def explained(user: User) -> list[str]:
    """What the uses print, and then how the names behave elsewhere."""
    calls = "\n".join(
        f"""
try:
    {use}
except NotSupportedError as error:
    print(error)
"""
        for use in _USES
    )
    return user.said(
        f"""{_IMPORTS}
from studio.sdk import NotSupportedError
{calls}
print(hasattr(Pipeline, "validate"), hasattr(hts, "dump"), Pipeline)
print(pickle.loads(pickle.dumps(Pipeline)) is Pipeline)
def typed(one: Optional[Pipeline], more: List[PipelineParameter]) -> Pipeline: ...
try:
    raise ValueError("mine")
except ClientException:
    pass
except ValueError as error:
    print(error)
print(importlib.util.find_spec("azureml.pipeline.steps") is None)
print(importlib.util.find_spec("azureml.pipelines") is None)
"""
    ).splitlines()


def test_a_use_names_the_alternative_and_the_help_page(
    explained: list[str], user: User
) -> None:
    help_page = f"{user.server.url}/help/sdk/#names-of-azureml"
    for line, name in zip(explained[: len(_USES)], _USES.values(), strict=True):
        assert line.startswith(f"Run Studio does not have {name}: ")
        assert line.endswith(f". See {help_page}")


def test_the_names_can_be_passed_on_and_caught(explained: list[str]) -> None:
    assert explained[len(_USES) :] == [
        "False False <azureml.pipeline.core.Pipeline, not in Run Studio>",
        *("True", "mine", "False", "True"),
    ]


def test_each_name_has_one_alternative() -> None:
    packages = [name for one in ALTERNATIVES for name in one.packages]
    names = [name for one in ALTERNATIVES for name in one.names]
    assert len(set(packages)) == len(packages)
    assert len(set(names)) == len(names)
    for one in ALTERNATIVES:
        assert one.instead
        assert not one.instead.endswith(".")
