"""Registered models, versions and aliases over REST."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.rest import Rest, rest_client

VERSIONS = "models/net/versions"


@pytest.fixture
def trained(rest: Rest) -> Rest:
    """A run with the files of a model."""
    rest.new_run("r1")
    for path in ("out/net/MLmodel", "out/net/data/w.bin", "one.bin"):
        upload = f"runs/r1/files/{path}"
        rest.ok("PUT", upload, path.encode())
    return rest


def register(rest: Rest, source: str = "runs:/r1/out/net", **more: object) -> Any:
    return rest.ok("POST", VERSIONS, {"source": source, **more}, 201)


def test_a_version_is_registered_with_its_model(trained: Rest) -> None:
    texts = {"framework": "PyTorch", "framework_version": "2.1", "description": "d"}
    made = register(trained, tags={"k": "v"}, properties={"auc": "0.9"}, **texts)
    assert (made["model"], made["version"], made["run"]) == ("net", 1, "r1")
    assert (made["path"], made["size"]) == ("out/net", 33)
    assert (made["tags"], made["properties"]) == ({"k": "v"}, {"auc": "0.9"})
    assert made["created_by"] == "contributor-of-lab"
    assert {key: made[key] for key in texts} == texts
    assert trained.get(f"{VERSIONS}/1") == made
    assert trained.get(VERSIONS)["versions"] == [made]
    model = trained.get("models/net")
    assert (model["versions"], model["latest"], model["aliases"]) == (1, 1, [])


def test_a_repeated_request_registers_one_version(trained: Rest) -> None:
    first = register(trained, id="a")
    body = {"source": "runs:/r1/out/net", "id": "a"}
    again = trained.send("POST", VERSIONS, body)
    assert (again.status_code in (200, 201), again.json()) == (True, first)
    assert register(trained, id="b")["version"] == 2
    assert register(trained)["version"] == 3


def test_a_model_is_created_once(rest: Rest) -> None:
    body = {"name": "模型 a%2Fb", "description": "d", "tags": {"k": ""}}
    made = rest.ok("POST", "models", body, 201)
    assert rest.ok("POST", "models", body) == made
    assert rest.get("models", name="模型 a%2Fb")["models"] == [made]
    changed = rest.ok("PATCH", "models/模型 a%252Fb", {"name": "b", "description": ""})
    assert (changed["name"], changed["description"]) == ("b", "")
    tags = rest.post("models/b/tags", set={"x": "1"}, remove=["k", "x"])
    assert tags == {"tags": {"x": "1"}}
    assert rest.ok("DELETE", "models/b") == {"removed": 1}
    assert rest.refused("GET", "models/b")[0] == 404


def test_lists_have_pages(trained: Rest) -> None:
    for name in ("b", "a", "c"):
        for _time in range(2):
            body = {"source": "runs:/r1/one.bin"}
            trained.ok("POST", f"models/{name}/versions", body, 201)
    assert pages(trained, "models", "models", "name") == ["a", "b", "c"]
    assert pages(trained, "models/a/versions", "versions", "version") == [2, 1]
    models = pages(trained, "model-versions", "versions", "model")
    assert models == ["c", "c", "a", "a", "b", "b"]
    latest = trained.get("model-versions", latest=1, run="r1")["versions"]
    assert [(one["model"], one["version"]) for one in latest] == [
        ("c", 2),
        ("a", 2),
        ("b", 2),
    ]
    assert trained.get("model-versions", run="r2")["versions"] == []
    assert trained.refused("GET", "model-versions?after=x")[1]["field"] == "after"


def test_a_page_follows_a_model_that_was_renamed_or_deleted(rest: Rest) -> None:
    for name in ("a", "b", "c", "d"):
        rest.ok("POST", "models", {"name": name}, 201)
    first = rest.get("models", limit=2)
    rest.ok("PATCH", "models/b", {"name": "z"})
    second = rest.get("models", limit=1, after=first["after"])
    rest.ok("DELETE", "models/c")
    third = rest.get("models", after=second["after"])
    names = [one["name"] for page in (second, third) for one in page["models"]]
    assert names == ["c", "d", "z"]


def pages(rest: Rest, path: str, part: str, key: str) -> list[object]:
    """The values of all pages, which have two entries."""
    found: list[object] = []
    query: dict[str, object] = {"limit": 2}
    while query.get("after") != "":
        page = rest.get(path, **query)
        found += [one[key] for one in page[part]]
        query["after"] = page["after"]
    return found


@pytest.mark.parametrize("count", [1, 5])
def test_a_list_costs_as_many_queries_for_many(
    trained: Rest, django_assert_max_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for index in range(count):
        made = register(trained, tags={"k": "v"})
        body = {"version": made["version"]}
        trained.ok("PUT", f"models/net/aliases/a-{index}", body)
    for path in ("models", "model-versions", VERSIONS):
        with django_assert_max_num_queries(12) as captured:
            trained.get(path)
        registry = [q for q in captured.captured_queries if "model" in q["sql"]]
        assert len(registry) <= 4, path


def test_a_version_is_changed(trained: Rest) -> None:
    register(trained)
    register(trained)
    trained.ok("PATCH", f"{VERSIONS}/1", {"stage": "Production"})
    change = {"description": "new", "stage": "Production", "archive_existing": True}
    changed = trained.ok("PATCH", f"{VERSIONS}/2", {**change, "properties": {"a": "1"}})
    assert (changed["description"], changed["stage"]) == ("new", "Production")
    assert changed["properties"] == {"a": "1"}
    assert trained.get(f"{VERSIONS}/1")["stage"] == "Archived"
    status, error = trained.refused("PATCH", f"{VERSIONS}/2", {"properties": {"a": ""}})
    assert (status, error["code"]) == (409, "Immutable")
    tags = trained.post(f"{VERSIONS}/2/tags", set={"x": "1"}, remove=["y"])
    assert tags == {"tags": {"x": "1"}}


def test_lists_are_filtered(trained: Rest) -> None:
    for team in ("a", "b"):
        register(trained, tags={"team": team})
    trained.ok("PUT", "models/net/aliases/champion", {"version": 1})
    for query in ("alias:champion", "tags.team:a", "version < 2"):
        for path in (VERSIONS, "model-versions"):
            found = trained.get(path, q=query)["versions"]
            assert [one["version"] for one in found] == [1], (path, query)
    assert trained.get("models", q="alias:champion")["models"][0]["name"] == "net"
    assert trained.get("models", q="name:other")["models"] == []
    status, error = trained.refused("GET", "model-versions?q=version:")
    assert (status, error["code"]) == (400, "InvalidFilter")


def test_an_alias_moves_only_from_where_it_was_seen(trained: Rest) -> None:
    for _time in range(3):
        register(trained)
    alias = "models/net/aliases/champion"
    moved = trained.ok("PUT", alias, {"version": 1, "note": "best", "expected": 0})
    assert (moved["version"], moved["note"]) == (1, "best")
    assert moved["moved_by"] == "contributor-of-lab"
    trained.ok("PUT", alias, {"version": 2, "expected": 1})
    status, error = trained.refused("PUT", alias, {"version": 3, "expected": 1})
    assert (status, error["code"], error["now"]) == (409, "Conflict", 2)
    assert trained.get("models/net")["aliases"][0]["version"] == 2
    assert trained.get(f"{VERSIONS}/2")["aliases"] == ["champion"]
    status, error = trained.refused("DELETE", f"{VERSIONS}/2")
    assert (status, error["aliases"]) == (409, ["champion"])
    assert trained.ok("DELETE", alias) == {"removed": 1}
    assert trained.ok("DELETE", alias) == {"removed": 0}
    assert trained.ok("DELETE", f"{VERSIONS}/2") == {"removed": 1}
    assert trained.refused("GET", f"{VERSIONS}/2")[0] == 404


def test_the_files_of_a_version_are_read(trained: Rest) -> None:
    register(trained)
    register(trained, "runs:/r1/one.bin")
    folder = trained.get(f"{VERSIONS}/1/files")
    paths = [one["path"] for one in folder["files"]]
    assert (folder["folder"], sorted(paths)) == ("net", ["MLmodel", "data/w.bin"])
    single = trained.get(f"{VERSIONS}/2/files")
    assert (single["folder"], single["files"][0]["path"]) == ("", "one.bin")
    for path, text in (
        ("1/files/data/w.bin", "out/net/data/w.bin"),
        ("2/files/one.bin", "one.bin"),
    ):
        answer = trained.send("GET", f"{VERSIONS}/{path}")
        assert answer.getvalue() == text.encode()
    assert trained.refused("GET", f"{VERSIONS}/1/files/one.bin")[0] == 404


def test_another_workspace_has_its_own_models(trained: Rest) -> None:
    register(trained)
    other = rest_client("other")
    assert other.get("models")["models"] == []
    assert other.get("model-versions")["versions"] == []
    assert other.refused("GET", f"{VERSIONS}/1")[0] == 404
    body = {"source": "runs:/r1/out/net"}
    status, error = other.refused("POST", VERSIONS, body)
    assert (status, error["field"]) == (400, "source")
