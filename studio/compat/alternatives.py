"""What scripts of the v1 SDK use instead of names that Run Studio does not have.

The names can be imported. Their use raises NotSupportedError with the sentence of this
table. docs/user/sdk.md has the same table for readers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alternative:
    """`instead` completes "…: ", and ends without a period.

    `packages` have any name and any module below them. `names` are in modules that
    have other names, too.
    """

    subject: str
    instead: str
    packages: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def _names_of(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{module}.{name}" for name in names)


_COMPUTE_KINDS = (
    *("AdlaCompute", "AksCompute", "BatchAiCompute", "BatchCompute"),
    *("ContainerInstance", "DataFactoryCompute", "DatabricksCompute", "DsvmCompute"),
    *("HDInsightCompute", "KubernetesCompute", "KustoCompute", "SynapseCompute"),
    "BatchAICompute",
)
_SERVICES = ("AciWebservice", "AksWebservice", "LocalWebservice", "Webservice")
_STORES = (
    *("AzureBlobDatastore", "AzureFileDatastore", "AzureDataLakeDatastore"),
    *("AzureDataLakeGen2Datastore", "AzureMySqlDatastore", "AzurePostgreSqlDatastore"),
    *("AzureSqlDatabaseDatastore", "DBFSDatastore", "HDFSDatastore"),
)

ALTERNATIVES: tuple[Alternative, ...] = (
    Alternative(
        "Pipelines",
        "call run.submit_child(ScriptRunConfig(…)) for each step, from one script",
        packages=("azureml.pipeline",),
        names=_names_of("azureml.core", "Pipeline", "PublishedPipeline", "Schedule"),
    ),
    Alternative(
        "Automated machine learning",
        "train your models in a script, log a child run for each, and try parameters "
        "with azureml.train.hyperdrive",
        packages=(
            "azureml.automl",
            "azureml.train.automl",
            "azureml.training.tabular",
            "azureml.contrib.automl",
        ),
    ),
    Alternative(
        "Deployment",
        "download the files with Model.download() and serve them with a server of your "
        "own, for example `mlflow models serve`",
        packages=(
            "azureml.core.image",
            "azureml.core.profile",
            "azureml.core.webservice",
            "azureml.accel",
            "azureml.contrib.brainwave",
            "azureml.contrib.functions",
            "azureml.contrib.server",
            "azureml.contrib.services",
            "azureml.monitoring",
        ),
        names=(
            *_names_of("azureml.core", "Image", "ContainerImage", *_SERVICES),
            *_names_of("azureml.core.model", "InferenceConfig", "ModelPackage"),
            *_names_of("azureml.exceptions", "ImageException", "WebserviceException"),
        ),
    ),
    Alternative(
        "Explanations and fairness",
        "compute them with shap, interpret or fairlearn, and log them with "
        "run.log_table, run.log_image or run.upload_file",
        packages=(
            "azureml.explain",
            "azureml.interpret",
            "azureml.responsibleai",
            "azureml.contrib.explain",
            "azureml.contrib.fairness",
            "azureml.contrib.interpret",
        ),
    ),
    Alternative(
        "Data drift",
        "compare the data in a script, log the distances as metrics, and submit it "
        "regularly, for example with cron",
        packages=("azureml.datadrift", "azureml.contrib.datadrift"),
    ),
    Alternative(
        "Open data sets",
        "download the files and open them with Dataset.File.from_files or "
        "Dataset.Tabular.from_delimited_files",
        packages=("azureml.opendatasets", "azureml.contrib.opendatasets"),
    ),
    Alternative(
        "Data preparation",
        "read and change the data with pandas or polars, or with Dataset.Tabular",
        packages=(
            "azureml.dataprep",
            "azureml.fsspec",
            "azureml.contrib.dataset",
        ),
        names=_names_of(
            "azureml.data",
            *("HDFSOutputDatasetConfig", "LinkFileOutputDatasetConfig"),
            "LinkTabularOutputDatasetConfig",
        ),
    ),
    Alternative(
        "Storage of Azure",
        "copy the files into the datastore of this workspace with "
        "ws.get_default_datastore().upload(…)",
        packages=(
            "azureml.data.azure_data_lake_datastore",
            "azureml.data.azure_my_sql_datastore",
            "azureml.data.azure_postgre_sql_datastore",
            "azureml.data.azure_sql_database_datastore",
            "azureml.data.azure_storage_datastore",
            "azureml.data.dbfs_datastore",
            "azureml.data.hdfs_datastore",
            "azureml.data.sql_data_reference",
            "azureml.data.stored_procedure_parameter",
        ),
        names=_names_of("azureml.data", *_STORES),
    ),
    Alternative(
        "Compute of Azure",
        "create a target with `studio target create NAME`, and start `studio agent "
        "--compute NAME` on the machine that is to run it",
        packages=(
            "azureml.contrib.aisc",
            "azureml.contrib.core",
            "azureml.contrib.daskonbatch",
            "azureml.core.databricks",
            "azureml.core.linked_service",
        ),
        names=(
            *_names_of("azureml.core.compute", *_COMPUTE_KINDS),
            *_names_of("azureml.core", "LinkedService", "PrivateEndPoint"),
            *_names_of("azureml.core", "SynapseWorkspaceLinkedServiceConfiguration"),
        ),
    ),
    Alternative(
        "Image registries",
        "sign in on the machine of the agent, with `docker login` or `podman login`",
        packages=("azureml.core.container_registry",),
        names=_names_of("azureml.core", "ContainerRegistry"),
    ),
    Alternative(
        "Spark",
        "start Spark in a script of its own, for example with pyspark",
        names=_names_of(
            "azureml.core.runconfig",
            *("EggLibrary", "JarLibrary", "MavenLibrary", "PyPiLibrary"),
            *("RCranLibrary", "SparkConfiguration", "SparkPackage"),
            *("HdiConfiguration", "SynapseSparkConfiguration"),
        ),
    ),
    Alternative(
        "Reinforcement learning",
        "submit the training script with ScriptRunConfig, for example one of Ray",
        packages=("azureml.contrib.train.rl", "azureml.contrib.train"),
    ),
    Alternative(
        "Notebooks as runs",
        "submit a script that starts papermill, or `jupyter nbconvert --execute`",
        packages=("azureml.contrib.notebook",),
    ),
    Alternative(
        "TensorBoard",
        "upload the event files with run.upload_folder(), and start TensorBoard on "
        "what run.download_files() has downloaded",
        packages=("azureml.tensorboard", "azureml.contrib.tensorboard"),
    ),
    Alternative(
        "MLflow",
        "call mlflow itself, after "
        "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())",
        packages=("azureml.mlflow", "azureml.contrib.mlflow"),
    ),
    Alternative(
        "The designer",
        "write the steps as a script, and submit it with ScriptRunConfig",
        packages=("azureml.designer", "azureml.studio", "azureml.contrib.pipeline"),
    ),
    Alternative(
        "Other packages of azureml.contrib",
        "use the library that the package calls, and log its results to the run",
        packages=("azureml.contrib",),
    ),
    Alternative(
        "Projects of early versions",
        "attach the folder with `az ml folder attach`, or call Workspace.write_config",
        packages=("azureml.core.project",),
        names=_names_of("azureml.core", "Project"),
    ),
    Alternative(
        "Internal modules of v1",
        "use the public names of azureml.core",
        packages=(
            "azureml._base_sdk_common",
            "azureml._cli",
            "azureml._common",
            "azureml._execution",
            "azureml._file_utils",
            "azureml._history",
            "azureml._html",
            "azureml._logging",
            "azureml._model_management",
            "azureml._project",
            "azureml._restclient",
            "azureml._run_impl",
            "azureml._tracing",
            "azureml._vendor",
            "azureml._workspace",
        ),
    ),
)

_BY_PACKAGE = {name: one for one in ALTERNATIVES for name in one.packages}
_BY_NAME = {name: one for one in ALTERNATIVES for name in one.names}


def alternative_of_name(name: str) -> Alternative | None:
    """The alternative of a listed name; None for others."""
    return _BY_NAME.get(name)


def alternative_of_module(name: str) -> Alternative | None:
    """The alternative of a module: that of the innermost listed package."""
    while name:
        if name in _BY_PACKAGE:
            return _BY_PACKAGE[name]
        name = name.rpartition(".")[0]
    return None
