"""Where the disk or the memory would be too small."""

from __future__ import annotations

from pathlib import Path

from tests.delivery.script_actor import Actor, unreachable_server

STARVED = """
    import resource
    writer = Writer.open(client, run_id)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for number in range({count}):
        writer.add_point("loss", number)
    writer.close("Completed")
    print("went on")
    """


def test_a_full_disk_loses_nothing_while_the_server_responds(actor: Actor) -> None:
    run_id = actor.new_run()
    done = actor.run(STARVED.format(count=500), run_id)
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
    assert actor.values(run_id) == list(range(500))
    assert actor.status(run_id) == "Completed"


def test_losses_on_a_full_disk_are_reported_with_their_own_exit_status(
    actor: Actor,
) -> None:
    done = actor.run(
        STARVED.format(count=300_000), actor.new_run(), STUDIO_URL=unreachable_server()
    )
    assert done.stdout == "went on\n"
    assert done.returncode == 74
    assert done.stderr.count("takes no more") == 1
    assert "missing: 300,000 points" in done.stderr
    assert "waits in" not in done.stderr


def test_the_disk_is_used_again_when_it_has_space(actor: Actor) -> None:
    run_id = actor.new_run()
    done = actor.run(
        """
        import resource
        writer = Writer.open(client, run_id, offline=True)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        for number in range(300):
            if number == 100:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
            if number == 200:
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                time.sleep(1.1)
            writer.add_point("loss", number)
        kill()
        """,
        run_id,
    )
    assert done.returncode == -9
    assert actor.sync().returncode == 0
    assert actor.values(run_id) == list(range(300))


def test_an_unwritable_spool_folder_is_replaced_by_another(
    actor: Actor, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    run_id = actor.new_run()
    done = actor.run(
        'w = Writer.open(client, run_id); w.add_point("loss", 1); w.close("Completed")',
        run_id,
        STUDIO_SPOOL=str(blocked),
        TMPDIR=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stderr
    assert actor.values(run_id) == [1]


def test_memory_does_not_grow_with_the_backlog(actor: Actor) -> None:
    done = actor.run(
        """
        def megabytes():
            for line in open("/proc/self/status"):
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) // 1024

        writer = Writer.open(client, run_id)
        for number in range(20_000):
            writer.add_point("loss", number / 7)
        before = megabytes()
        for number in range(400_000):
            writer.add_point("loss", number / 7)
        print(megabytes() - before)
        """,
        actor.new_run(),
        STUDIO_URL=unreachable_server(),
    )
    assert int(done.stdout) < 20, done.stderr
