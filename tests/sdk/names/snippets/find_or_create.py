"""Look for a cluster, a dataset and a secret, and go on without them."""

from azureml.core import Dataset, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.exceptions import UserErrorException
from azureml.telemetry import set_diagnostics_collection

set_diagnostics_collection(send_diagnostics=True)
ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    config = AmlCompute.provisioning_configuration(
        vm_size="STANDARD_D2_V2", max_nodes=4
    )
    try:
        cluster = ComputeTarget.create(ws, "cpu-cluster", config)
    except ComputeTargetException as error:
        print(error)
        cluster = ws.compute_targets["local"]
cluster.wait_for_completion(show_output=True)
for name, ct in ws.compute_targets.items():
    print(name, ct.type, ct.provisioning_state)
try:
    Dataset.get_by_name(workspace=ws, name="mnist-dataset")
except UserErrorException:
    print("The dataset mnist-dataset is not registered in workspace yet.")
keyvault = ws.get_default_keyvault()
try:
    print(keyvault.get_secret(name="storage-key"))
except UserErrorException as error:
    print(error)
