"""Datasets and datastores: files that scripts read, and inputs of submitted runs."""

from studio.sdk.data.base import AbstractDataset
from studio.sdk.data.consumption import (
    DatasetConsumptionConfig,
    OutputFileDatasetConfig,
    input_variable,
    output_folder,
    placeholder_of,
)
from studio.sdk.data.dataset import (
    Dataset,
    FileDatasetFactory,
    TabularDatasetFactory,
)
from studio.sdk.data.datastore import DATASTORES, DEFAULT_DATASTORE, Datastore
from studio.sdk.data.file_dataset import FileDataset
from studio.sdk.data.inputs import (
    InputDatasets,
    argument_text,
    inputs_of,
    place_inputs,
    read_inputs,
    read_outputs,
    refuse_local_files,
)
from studio.sdk.data.references import (
    DataPath,
    DataPathComputeBinding,
    DataReference,
)
from studio.sdk.data.registered import RegisteredDatasets
from studio.sdk.data.tables import DataType, PromoteHeadersBehavior
from studio.sdk.data.tabular_dataset import TabularDataset

__all__ = [
    "DATASTORES",
    "DEFAULT_DATASTORE",
    "AbstractDataset",
    "DataPath",
    "DataPathComputeBinding",
    "DataReference",
    "DataType",
    "Dataset",
    "DatasetConsumptionConfig",
    "Datastore",
    "FileDataset",
    "FileDatasetFactory",
    "InputDatasets",
    "OutputFileDatasetConfig",
    "PromoteHeadersBehavior",
    "RegisteredDatasets",
    "TabularDataset",
    "TabularDatasetFactory",
    "argument_text",
    "input_variable",
    "inputs_of",
    "output_folder",
    "place_inputs",
    "placeholder_of",
    "read_inputs",
    "read_outputs",
    "refuse_local_files",
]
