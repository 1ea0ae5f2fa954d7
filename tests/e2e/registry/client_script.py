"""What a script does with the model registry, with this interpreter's MLflow client.

Not a test itself. It prints one line per outcome, without ids and times, so that the
lines of two servers can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LogisticRegression

from tests.e2e.registry.client_dots import dotted_paths, evaluation

OUTCOMES = sys.stdout
VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
#: So that no environment is searched for what a small model needs.
PLAIN_MODEL: dict[str, Any] = {"pip_requirements": ["scikit-learn"]}
NAME = f"churn {uuid.uuid4().hex[:8]}"
X = np.array([[0.0], [1.0], [2.0], [3.0]])
Y = np.array([0, 0, 1, 1])


def show(what: str, value: object) -> None:
    line = f"{what}: {value!r}"
    print(line.replace(NAME, "NAME").replace(NAME.upper(), "NAME"), file=OUTCOMES)


def code_of(call: Callable[..., object], *given: object, **more: object) -> str:
    """Return the error code of a refused call, or `accepted`."""
    try:
        call(*given, **more)
    except MlflowException as error:
        return str(error.error_code)
    return "accepted"


def version_facts(version: Any, run_id: str = "") -> dict[str, object]:
    return {
        "version": int(version.version),
        "stage": version.current_stage,
        "status": version.status,
        "own run": version.run_id == run_id,
        "description": version.description or "",
        "tags": dict(version.tags),
        "aliases": sorted(getattr(version, "aliases", [])),
        "source": str(version.source).split(":")[0],
    }


def log_and_register() -> str:
    name = {"name": "model"} if VERSION >= (3, 0) else {"artifact_path": "model"}
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            LogisticRegression().fit(X, Y),
            registered_model_name=NAME,
            **name,
            **PLAIN_MODEL,
        )
    run_id: str = run.info.run_id
    again = mlflow.register_model(f"runs:/{run_id}/model", NAME, tags={"k": "v"})
    for number in ("1", "2"):
        version = MlflowClient().get_model_version(NAME, number)
        show("logged and registered", version_facts(version, run_id))
    show("registered again", (int(again.version), again.name == NAME))
    return run_id


def automatic_logging() -> None:
    mlflow.sklearn.autolog(registered_model_name=f"{NAME} auto", log_datasets=False)
    with mlflow.start_run() as run:
        LogisticRegression(max_iter=20).fit(X, Y)
    mlflow.sklearn.autolog(disable=True)
    seen = mlflow.get_run(run.info.run_id)
    found = MlflowClient().search_model_versions(f"run_id = '{run.info.run_id}'")
    show("autolog", (seen.info.status, sorted(seen.data.metrics)))
    show("autolog versions", [int(one.version) for one in found])
    loaded = mlflow.sklearn.load_model(f"models:/{NAME} auto/1")
    show("autolog model", loaded.predict(X).tolist())


def addresses() -> None:
    client = MlflowClient()
    client.set_registered_model_alias(NAME, "champion", "1")
    client.transition_model_version_stage(NAME, "2", "Production")
    for end in ("/1", "/latest", "@champion", "/Production", "/production"):
        address = f"models:/{NAME}{end}"
        model = mlflow.sklearn.load_model(address)
        show(f"load models:/NAME{end}", model.predict(X).tolist())
    with tempfile.TemporaryDirectory() as folder:
        got = mlflow.artifacts.download_artifacts(
            artifact_uri=f"models:/{NAME}@champion", dst_path=folder
        )
        names = {path.name for path in Path(got).rglob("*")}
        show("downloaded", {"MLmodel", "model.pkl", "model.skops"} & names != set())
        one = mlflow.artifacts.download_artifacts(
            artifact_uri=f"models:/{NAME}/1/MLmodel", dst_path=folder
        )
        show("downloaded file", Path(one).name)
    uri = client.get_model_version_download_uri(NAME, "1")
    show("download uri", uri.split("/")[0] in ("mlflow-artifacts:", "models:"))


def aliases(client: MlflowClient) -> None:
    show("by alias", int(client.get_model_version_by_alias(NAME, "champion").version))
    client.set_registered_model_alias(NAME, "champion", "2")
    model = client.get_registered_model(NAME)
    show("aliases", {key: int(number) for key, number in model.aliases.items()})
    version = client.get_model_version(NAME, "2")
    show("aliases of version", list(version.aliases))
    client.delete_registered_model_alias(NAME, "champion")
    client.delete_registered_model_alias(NAME, "champion")
    missing = code_of(client.get_model_version_by_alias, NAME, "champion")
    show("missing alias", missing)
    for alias in ("latest", "Latest", "v1", "V20", "a b", "a/b", "a.b"):
        code = code_of(client.set_registered_model_alias, NAME, alias, "1")
        show(f"alias {alias!r}", code)
    show(
        "alias of nothing",
        code_of(client.set_registered_model_alias, NAME, "x", "9"),
    )


def stages(client: MlflowClient) -> None:
    client.transition_model_version_stage(
        NAME, "1", "Production", archive_existing_versions=True
    )
    latest = client.get_latest_versions(NAME)
    show("stages", sorted((one.current_stage, int(one.version)) for one in latest))
    only = client.get_latest_versions(NAME, stages=["Production"])
    show("production", [int(one.version) for one in only])
    show(
        "bad stage",
        code_of(client.transition_model_version_stage, NAME, "1", "Bogus"),
    )


def texts(client: MlflowClient) -> None:
    client.update_registered_model(NAME, "about the model")
    client.update_model_version(NAME, "1", "about the version")
    client.set_registered_model_tag(NAME, "team", "a")
    client.set_registered_model_tag(NAME, "gone", "a")
    client.delete_registered_model_tag(NAME, "gone")
    client.delete_registered_model_tag(NAME, "gone")
    client.set_model_version_tag(NAME, "1", "grade", "b")
    client.set_model_version_tag(NAME, "1", "gone", "b")
    client.delete_model_version_tag(NAME, "1", "gone")
    model = client.get_registered_model(NAME)
    show("texts", (model.description, model.tags))
    version = client.get_model_version(NAME, "1")
    show("texts of version", (version.description, version.tags))


def pages(call: Callable[..., Any], text: str, **more: Any) -> Iterator[Any]:
    token = None
    while True:
        found = call(text, page_token=token, **more)
        yield from found
        token = found.token
        if not token:
            return


def searches(client: MlflowClient, run_id: str) -> None:
    for number in range(3):
        client.create_registered_model(f"{NAME} s{number}", tags={"n": str(number)})
    for text in (
        f"name = '{NAME} s1'",
        f"name LIKE '{NAME} s%'",
        f"name ILIKE '{NAME.upper()} S%'",
        f"name LIKE '{NAME}%' AND tags.n = '2'",
        f"name LIKE '{NAME} s%' AND tags.`n` != '2'",
    ):
        found = [one.name for one in client.search_registered_models(text)]
        show(f"models {text}", sorted(found))
    paged = pages(
        client.search_registered_models,
        f"name LIKE '{NAME} s%'",
        max_results=1,
        order_by=["name DESC"],
    )
    show("pages", [one.name for one in paged])
    for text in (
        f"name = '{NAME}'",
        f"name = '{NAME}' and run_id = '{run_id}'",
        f"name = '{NAME}' AND version_number > 1",
        f"name = '{NAME}' AND tags.k = 'v'",
    ):
        found = client.search_model_versions(text, order_by=["version_number ASC"])
        label = text.replace(run_id, "RUN")
        show(f"versions {label}", [int(one.version) for one in found])
    for text in ("size = 1", "name > 'a'", "nonsense"):
        show(f"search {text!r}", code_of(client.search_registered_models, text))


def copies(client: MlflowClient, run_id: str) -> None:
    made = client.copy_model_version(f"models:/{NAME}/1", f"{NAME} copy")
    show("copy", (made.name, version_facts(made, run_id)))
    model = mlflow.sklearn.load_model(f"models:/{NAME} copy/1")
    show("copied model", model.predict(X).tolist())


def renaming_and_errors(client: MlflowClient) -> None:
    def code(what: str, call: Callable[..., object], *given: object) -> None:
        show(what, code_of(call, *given))

    code("used name", client.create_registered_model, NAME)
    code("bad name", client.create_registered_model, "a/b")
    code("empty name", client.create_registered_model, "")
    code("no model", client.get_registered_model, f"{NAME} none")
    code("no version", client.get_model_version, NAME, "99")
    code("bad version", client.get_model_version, NAME, "x")
    for source in ("file:///etc/passwd", "/etc/passwd", "runs:/../x", "models:/no/1"):
        code(
            f"source {source}",
            client.create_model_version,
            NAME,
            source,
        )
    client.rename_registered_model(f"{NAME} copy", f"{NAME} new")
    code("old name", client.get_registered_model, f"{NAME} copy")
    code("taken name", client.rename_registered_model, f"{NAME} new", NAME)
    client.delete_model_version(NAME, "2")
    code("deleted version", client.get_model_version, NAME, "2")
    again = client.copy_model_version(f"models:/{NAME}/1", NAME)
    show("next version", int(again.version))
    client.delete_registered_model(f"{NAME} new")
    code("deleted model", client.get_registered_model, f"{NAME} new")


def logged_models(client: MlflowClient, run_id: str) -> None:
    [output] = mlflow.get_run(run_id).outputs.model_outputs
    made = mlflow.register_model(f"models:/{output.model_id}", NAME)
    show("of a logged model", version_facts(made, run_id))
    tags = mlflow.get_logged_model(output.model_id).tags
    named = json.loads(tags["mlflow.modelVersions"])
    numbers = {int(one["version"]) for one in named if one["name"] == NAME}
    show("named in", sorted(numbers))
    found = client.get_model_version(NAME, made.version)
    show("model id", found.model_id in (output.model_id, None))


def main() -> None:
    warnings.simplefilter("ignore")
    # Clients print addresses of runs, which are different each time.
    sys.stdout = sys.stderr
    # MLflow 2.9 imports setuptools after the standard library's distutils.
    os.environ["SETUPTOOLS_USE_DISTUTILS"] = "stdlib"
    mlflow.set_experiment(f"registry {NAME}")
    client = MlflowClient()
    run_id = log_and_register()
    automatic_logging()
    addresses()
    aliases(client)
    stages(client)
    texts(client)
    searches(client, run_id)
    copies(client, run_id)
    if VERSION >= (3, 0):
        logged_models(client, run_id)
    renaming_and_errors(client)
    dotted_paths(client, show)
    evaluation(show)


if __name__ == "__main__":
    main()
