"""What delivery promises, by real processes that are killed, starved and cut off."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.bench.reliability.interrupt import interrupted
from tests.delivery.script_actor import Actor, unreachable_server
from tests.parts.proxy import Proxy


def test_a_script_delivers_everything_before_it_exits(actor: Actor) -> None:
    run_id = actor.new_run()
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        for number in range(2500):
            writer.add_point("loss", number / 7)
        Path("model.bin").write_bytes(b"weights")
        writer.add_file("model.bin", "outputs/model.bin")
        with StreamCapture(writer):
            print("epoch 1")
        writer.close("Completed")
        """,
        run_id,
    )
    assert done.returncode == 0, done.stderr
    assert "2,500 points, 1 file, 8 bytes of logs; all stored." in done.stderr
    assert actor.values(run_id) == [number / 7 for number in range(2500)]
    assert actor.status(run_id) == "Completed"
    assert done.stdout == "epoch 1\n"
    files = {one["path"] for one in actor.client.get(f"runs/{run_id}/files")["files"]}
    assert files == {"outputs/model.bin", "logs/user_log.txt"}
    assert actor.waiting() == []


def test_points_of_a_killed_script_arrive_with_the_next_run(actor: Actor) -> None:
    killed, following = actor.new_run(), actor.new_run()
    actor.run(
        """
        writer = Writer.open(client, run_id)
        for number in range(5000):
            writer.add_point("loss", number)
        kill()
        """,
        killed,
    )
    assert len(actor.waiting()) == 1
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        writer.add_point("loss", 1)
        writer.close("Completed")
        """,
        following,
    )
    assert done.returncode == 0, done.stderr
    assert actor.values(killed) == list(range(5000))
    assert actor.waiting() == []


def test_a_run_without_a_server_is_delivered_by_sync(actor: Actor) -> None:
    server = urlsplit(actor.server.url)
    proxy = Proxy(server.hostname or "", server.port or 0)
    proxy.close()
    run_id = actor.new_run()
    here = {"STUDIO_URL": f"http://127.0.0.1:{proxy.port}"}
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        for number in range(100):
            writer.add_point("loss", number)
        receipt = writer.close("Completed")
        assert receipt.waiting == 100 and not receipt.lost
        """,
        run_id,
        **here,
    )
    assert done.returncode == 0, done.stderr
    assert "studio sync" in done.stderr
    assert actor.status(run_id) == "Running"
    proxy.reopen()
    synced = actor.sync(**here)
    assert synced.returncode == 0, synced.stderr
    assert "100 points; all stored." in synced.stdout
    assert actor.values(run_id) == list(range(100))
    assert actor.status(run_id) == "Completed"
    proxy.close()


def test_in_offline_mode_everything_waits_for_sync(actor: Actor) -> None:
    done = actor.run(
        """
        writer = Writer.open(client, run_id, offline=True)
        body = {"experiment": "promises", "id": run_id}
        writer.record_request("POST", "runs", body, essential=True)
        writer.add_point("loss", 0.5)
        writer.record_request("POST", f"runs/{run_id}/tags", {"set": {"a": "b"}})
        writer.close("Completed")
        """,
        "offline_1",
    )
    assert done.returncode == 0, done.stderr
    assert actor.sync().returncode == 0
    assert actor.values("offline_1") == [0.5]
    assert actor.status("offline_1") == "Completed"
    assert actor.client.get("runs/offline_1/tags")["tags"] == {"a": "b"}


@pytest.mark.parametrize("field", ["identity", "workspace", "user"])
def test_a_spool_is_sent_only_to_its_own_server_and_user(
    actor: Actor, field: str
) -> None:
    run_id = actor.new_run()
    actor.run('Writer.open(client, run_id).add_point("loss", 1); kill()', run_id)
    [name] = actor.waiting()
    owner = actor.spool / name / "owner.json"
    content = json.loads(owner.read_text())
    assert content["user"]
    assert content["identity"]
    owner.write_text(json.dumps({**content, field: "of-another"}))
    done = actor.sync()
    # What is for others does not make each sync fail, unless it was named.
    assert done.returncode == 0
    assert run_id in done.stderr
    assert actor.sync(run_id).returncode == 1
    assert actor.waiting() == [name]
    assert actor.client.get(f"runs/{run_id}/metrics")["metrics"] == []


def test_a_log_can_be_read_from_an_offset(actor: Actor) -> None:
    run_id = actor.new_run()
    actor.run(
        'w = Writer.open(client, run_id); w.append_log("logs/x.txt", b"0123456")\n'
        "w.close()",
        run_id,
    )
    target = io.BytesIO(b"before")
    target.seek(6)
    path = f"runs/{run_id}/files/logs/x.txt"
    assert actor.client.download(path, target, offset=4) == 3
    assert target.getvalue() == b"before456"


def test_sync_reports_an_unreachable_server_and_keeps_everything(actor: Actor) -> None:
    run_id = actor.new_run()
    actor.run('Writer.open(client, run_id).add_point("loss", 1); kill()', run_id)
    [name] = actor.waiting()
    unreachable = unreachable_server()
    done = actor.sync(STUDIO_URL=unreachable)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {unreachable} cannot be reached")
    assert actor.waiting() == [name]
    assert "1 record for" in actor.sync("--list", STUDIO_URL=unreachable).stdout


def test_forks_threads_and_child_processes_lose_nothing(actor: Actor) -> None:
    run_id = actor.new_run()
    done = actor.run(
        """
        import multiprocessing
        writer = Writer.open(client, run_id)

        def log(name):
            for number in range(300):
                writer.add_point(name, number)

        writer.add_point("before", 1)
        threads = [threading.Thread(target=log, args=("loss",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=log, args=("child",)) for _ in range(2)]
        for child in children:
            child.start()
        pid = os.fork()
        if pid == 0:
            log("forked")
            os._exit(0)
        os.waitpid(pid, 0)
        for one in [*threads, *children]:
            one.join()
        writer.close("Completed")
        """,
        run_id,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(actor.values(run_id)) == sorted(list(range(300)) * 4)
    assert sorted(actor.values(run_id, "child")) == sorted(list(range(300)) * 2)
    assert sorted(actor.values(run_id, "forked")) == list(range(300))
    assert actor.status(run_id) == "Completed"
    assert actor.waiting() == []


def test_an_invalid_token_is_reported_once_and_the_script_continues(
    actor: Actor,
) -> None:
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        for number in range(100):
            writer.add_point("loss", number)
            time.sleep(0.005)
        writer.close("Completed")
        print("went on")
        """,
        actor.new_run(),
        STUDIO_TOKEN="rs_wrong",
    )
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert "does not accept this token" in done.stderr
    assert len(actor.waiting()) == 1


def test_a_server_restored_from_a_backup_does_not_block_delivery(actor: Actor) -> None:
    """As after its backup was restored: what is gone is told, the rest arrives."""
    run_id = actor.new_run()
    done = actor.run(
        """
        import sqlite3
        writer = Writer.open(client, run_id)
        for number in range(100):
            writer.add_point("loss", number)
        writer.append_log("logs/user_log.txt", b"x" * 100)
        assert writer.flush()
        database = sqlite3.connect(os.environ["DATABASE"], timeout=30)
        database.execute(
            "update runs_runwriter set next = 60, stored_points = 60 where writer = ?",
            [writer.sender.folder.owner.writer],
        )
        database.execute(
            "update runs_logstream set received = 60 where writer = ?",
            [writer.sender.folder.owner.writer],
        )
        database.commit()
        for number in range(100, 110):
            writer.add_point("loss", number)
        writer.append_log("logs/user_log.txt", b"y" * 10)
        receipt = writer.close("Completed")
        print(receipt.points.missing, receipt.log_bytes.missing)
        """,
        run_id,
        DATABASE=str(actor.server.home / "studio.sqlite3"),
    )
    assert (done.stdout, done.returncode) == ("40 40\n", 74), done.stderr
    assert actor.values(run_id) == list(range(110))
    assert actor.status(run_id) == "Completed"


def test_a_cancel_request_reaches_the_script(actor: Actor) -> None:
    run_id = actor.new_run()
    actor.client.post(f"runs/{run_id}/cancel", {})
    done = actor.run(
        """
        writer = Writer.open(client, run_id)
        for _ in range(600):
            if writer.cancel_requested:
                break
            time.sleep(0.05)
        print(writer.cancel_requested)
        """,
        run_id,
    )
    assert done.stdout == "True\n"


def test_random_interruptions_lose_and_repeat_nothing(tmp_path: Path) -> None:
    outcome = interrupted(tmp_path, seed=8, rounds=16)
    print(outcome.happened)
    assert outcome.points > 0
    assert outcome.wrong == ()
