"""Bodies for the endpoints of submitted runs: right ones by operation, and wrong."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

from studio.core.snapshots import tree_hash
from tests.api.rest import Rest

RUN, QUEUED = "runs/r1", "runs/r2"
SCRIPT = b"print(1)"
TREE = tree_hash([("train.py", hashlib.sha256(SCRIPT).hexdigest())])
#: A body that is right, for every operation of contributors that takes one.
RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "link_known_snapshot": ("POST", f"{RUN}/snapshot/known", {"tree": TREE}),
    "beat": ("POST", f"{RUN}/heartbeat", {"attempt": 1}),
    "set_waiting": ("POST", f"{RUN}/waiting", {"waiting": True}),
    "queue_run": ("POST", "runs/r3/queue", {"target": "local"}),
    "resubmit_run": ("POST", f"{QUEUED}/resubmit", {"env": {"A": "1"}}),
    "create_sweep": ("POST", "sweeps", {"run": "r2", "space": {"lr": ["1", "2"]}}),
    "start_sweep": ("POST", "runs/r4/sweep", {"space": {"lr": ["1", "2"]}}),
    "register_environment": ("POST", "environments/trees", {"definition": {}}),
    "change_job": ("PATCH", f"{QUEUED}/job", {"priority": 5, "to_top": True}),
}
#: Of owners.
RIGHT_OF_OWNERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create_compute_target": (
        "POST",
        "compute",
        {"name": "gpu", "max_per_member": 2, "kind": "slurm", "settings": {"cpus": 2}},
    ),
    "change_compute_target": ("PATCH", "compute/local", {"paused": True}),
    "create_agent_token": ("POST", "compute/local/agent-tokens", {"days": 5}),
    "change_agent": ("PATCH", "agents/{agent}", {"draining": True}),
    "set_secret": ("PUT", "secrets/HF_TOKEN", {"value": "s3cret"}),
    "change_log_index": ("PATCH", "log-index", {"is_on": False}),
}
ATTEMPT = {"run": "r2", "attempt": 1}
#: Of agents.
RIGHT_OF_AGENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "register_agent": (
        "POST",
        "agents",
        {"name": "node", "instance": "i-1", "slots": 2, "version": "0.2.0"},
    ),
    "receive_agent_heartbeat": (
        "POST",
        "agents/{agent}/heartbeat",
        {"runs": [ATTEMPT], "usage": {"cpu_percent": 5}},
    ),
    "take_runs": ("POST", "agents/{agent}/take", {"free": 1, "runs": [ATTEMPT]}),
    "end_attempt": (
        "POST",
        f"agents/{{agent}}/jobs/{QUEUED.removeprefix('runs/')}/end",
        {"attempt": 1, "outcome": "lost"},
    ),
}
#: Operation, what differs from the right body, and the field that is named.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("create_run", {"definition": {}}, "definition.script"),
    ("create_run", {"definition": []}, "definition"),
    ("create_run", {"definition": {"script": "../x.py"}}, "definition.script"),
    ("link_known_snapshot", {"tree": "xyz"}, "tree"),
    ("link_known_snapshot", {"tree": TREE.upper()}, "tree"),
    ("link_known_snapshot", {"tree": 5}, "tree"),
    ("beat", {"attempt": 0}, "attempt"),
    ("set_waiting", {"waiting": "yes"}, "waiting"),
    ("queue_run", {"priority": 1001}, "priority"),
    ("queue_run", {"priority": 2**70}, "priority"),
    ("queue_run", {"max_attempts": 0}, "max_attempts"),
    ("queue_run", {"max_attempts": 101}, "max_attempts"),
    ("queue_run", {"target": 5}, "target"),
    ("change_job", {"priority": -1001}, "priority"),
    ("resubmit_run", {"definition": {"command": ""}}, "definition.script"),
    ("resubmit_run", {"env": {"1A": "x"}}, "definition.environmentVariables"),
    ("resubmit_run", {"max_attempts": 0}, "max_attempts"),
    ("resubmit_run", {"experiment": "x" * 501}, "experiment"),
    ("resubmit_run", {"priority": 1001}, "priority"),
    ("create_sweep", {"space": {}}, "space"),
    ("create_sweep", {"space": {"lr": 5}}, "space"),
    ("create_sweep", {"space": {"a": {"from": 1, "to": 1001}}}, "space"),
    ("create_sweep", {"sampling": "bayes"}, "sampling"),
    ("create_sweep", {"sampling": "random"}, "count"),
    ("create_sweep", {"at_once": 10_001}, "at_once"),
    ("create_sweep", {"tags": {"k": "\x00"}}, "tags.k"),
    ("start_sweep", {"space": {}}, "space"),
    ("start_sweep", {"at_once": 0}, "at_once"),
    ("start_sweep", {"priority": 1001}, "priority"),
    (
        "create_run",
        {"definition": {"command": "a", "priority": 1001}},
        "definition.priority",
    ),
    ("change_job", {"priority": None}, "priority"),
]
WRONG_OF_OWNERS: list[tuple[str, dict[str, Any], str]] = [
    ("create_compute_target", {"kind": "mesos"}, "kind"),
    ("create_compute_target", {"settings": {"cpus": "x"}}, "settings.cpus"),
    ("change_compute_target", {"settings": {"cpus": 2}}, "settings.cpus"),
    ("create_compute_target", {"name": "a b"}, "name"),
    ("create_compute_target", {"name": "x" * 65}, "name"),
    ("create_compute_target", {"max_per_member": 0}, "max_per_member"),
    ("create_compute_target", {"max_per_member": 2**31}, "max_per_member"),
    ("create_compute_target", {"lease_seconds": 5}, "lease_seconds"),
    ("create_compute_target", {"description": "x" * 70_000}, "description"),
    ("change_compute_target", {"lease_seconds": 10**6}, "lease_seconds"),
    ("change_compute_target", {"paused": None}, "paused"),
    ("create_agent_token", {"days": 0}, "days"),
    ("create_agent_token", {"name": "x" * 101}, "name"),
    ("change_agent", {"draining": None}, "draining"),
    ("set_secret", {"value": ""}, "value"),
    ("set_secret", {"value": "abc"}, "value"),
    ("set_secret", {"value": "abc\x00"}, "value"),
    ("set_secret", {"value": "ä" * 40_000}, "value"),
]
WRONG_OF_AGENTS: list[tuple[str, dict[str, Any], str]] = [
    (
        "receive_agent_heartbeat",
        {"runs": [{**ATTEMPT, "engine": {"state": "gone"}}]},
        "engine.state",
    ),
    (
        "receive_agent_heartbeat",
        {"runs": [{**ATTEMPT, "engine": {"message": "\x00"}}]},
        "engine.message",
    ),
    ("register_agent", {"name": "a b"}, "name"),
    ("register_agent", {"instance": ""}, "instance"),
    ("register_agent", {"slots": 0}, "slots"),
    ("register_agent", {"slots": 1001}, "slots"),
    ("register_agent", {"version": "new"}, "version"),
    ("register_agent", {"host": {"a": "x" * 70_000}}, "host"),
    ("register_agent", {"host": {"a": "\x00"}}, "host"),
    ("receive_agent_heartbeat", {"usage": {"\x00": 1}}, "usage"),
    ("receive_agent_heartbeat", {"version": "new"}, "version"),
    ("receive_agent_heartbeat", {"runs": [{"run": "a"}]}, "runs[0].attempt"),
    (
        "receive_agent_heartbeat",
        {"runs": [{"run": "a\x00", "attempt": 1}]},
        "runs[0].run",
    ),
    ("take_runs", {"free": "1"}, "free"),
    ("take_runs", {"runs": [{"run": "", "attempt": 1}]}, "runs[0].run"),
    ("take_runs", {"trees": ["a\x00"]}, "trees[0]"),
    ("take_runs", {"trees": ["a"] * 1001}, "trees"),
    ("take_runs", {"trees": "r1"}, "trees"),
    ("end_attempt", {"outcome": "vanished"}, "outcome"),
    ("end_attempt", {"message": "x" * 70_000}, "message"),
]


def prepare(rest: Rest) -> None:
    """Create what the bodies name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("train.py", SCRIPT)
    rest.send("PUT", f"{RUN}/snapshot", target.getvalue(), "application/zip")
    definition = {"command": "true"}
    rest.new_run("r3", status="NotStarted", definition=definition)
    rest.new_run("r4", status="NotStarted", definition=definition)
    rest.new_run("r2", status="NotStarted", definition=definition)
    rest.post("runs/r2/queue", target="local")
