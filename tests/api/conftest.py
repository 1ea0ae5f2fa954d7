"""What tests of the APIs begin with."""

import pytest

from tests.api.protocol import Mlflow, member
from tests.api.rest import Rest, rest_client


@pytest.fixture
def mlflow(db: None) -> Mlflow:
    """A contributor of the workspace `lab`, speaking the MLflow protocol."""
    return member()


@pytest.fixture
def rest(db: None) -> Rest:
    """A contributor of the workspace `lab`, calling the REST API."""
    return rest_client()
