"""A pipeline: imports and datastore work, and the pipeline says what to do."""

from azureml.core import Datastore, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.data.data_reference import DataReference
from azureml.exceptions import AzureMLException
from azureml.pipeline.core import PipelineData

ws = Workspace.from_config()
store = Datastore(ws, "workspaceblobstore")
source = DataReference(datastore=store, data_reference_name="in", path_on_datastore="x")
run_config = RunConfiguration()
try:
    output = PipelineData("processed", datastore=store)
except AzureMLException as error:
    print(type(error).__name__, error)
