"""Targets, queues and running jobs, as pages and REST read them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Role, Sampling, Sweep
from runs.search.compute import (
    Health,
    WaitReason,
    find_queue_place,
    list_queues,
    list_running_jobs,
    list_targets,
)
from tests.access.people import Team, make_member, make_team
from tests.parts.compute_rows import ComputeScene

pytestmark = pytest.mark.django_db
LOST_MS = 60_000


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def scene(team: Team) -> ComputeScene:
    return ComputeScene(team.workspace, team.contributor)


def targets_of(scene: ComputeScene) -> list:
    return list_targets(scene.workspace, now=scene.now)


def reasons(scene: ComputeScene) -> list[WaitReason]:
    queues = list_queues(targets_of(scene), limit=10)
    return [job.reason for queue in queues for job in queue.jobs]


def test_a_target_sums_up_its_agents_and_jobs(scene):
    target = scene.target()
    first, second = scene.agent(target, "a", slots=2), scene.agent(target, "b", slots=3)
    for agent in (first, first, second):
        scene.job(target, agent=agent)
    scene.job(target, queued=scene.now - 5_000)
    scene.job(target)
    [found] = targets_of(scene)
    assert (found.slots, found.busy, found.free) == (5, 3, 2)
    assert (found.running, found.queued, found.longest_wait) == (3, 2, 5_000)
    assert [agent.busy for agent in found.agents] == [2, 1]


def test_a_waiting_job_lends_its_slot(scene):
    target = scene.target()
    agent = scene.agent(target, slots=1)
    scene.job(target, agent=agent, is_waiting=True)
    [found] = targets_of(scene)
    assert (found.busy, found.running, found.free) == (0, 1, 1)


def test_a_job_in_the_queue_of_an_engine_is_queued_not_running(scene):
    target = scene.target()
    agent = scene.agent(target, slots=9)
    waits = {"engine_state": "queued", "engine_message": "PENDING (Resources)"}
    scene.job(target, agent=agent, queued=scene.now - 9_000, **waits)
    scene.job(target, agent=agent, engine_state="running")
    scene.job(target)
    [found] = targets_of(scene)
    assert (found.running, found.queued, found.busy) == (1, 2, 2)
    assert found.longest_wait == 9_000
    [queue] = list_queues([found], limit=10)
    assert [(one.position, one.reason) for one in queue.jobs] == [
        (1, WaitReason.IN_ENGINE),
        (2, WaitReason.NEXT),
    ]
    assert list_running_jobs(scene.workspace, [found], limit=10).total == 1


@pytest.mark.parametrize(
    ("engine", "health"),
    [
        ({"total": 16, "busy": 4}, Health.HEALTHY),
        ({"total": 16, "busy": 4, "lost": 8}, Health.DEGRADED),
        ({"problem": "Unable to contact slurm controller"}, Health.UNREACHABLE),
        ({"total": "many", "problem": None, "lost": True}, Health.HEALTHY),
    ],
)
def test_the_health_of_a_target_follows_its_engine(scene, engine, health):
    scene.agent(scene.target(), usage={"engine": engine})
    assert [each.health for each in targets_of(scene)] == [health]


def test_local_comes_first_and_removed_targets_are_left_out(scene):
    for name, removed in (("b", None), ("a", None), ("local", None), ("c", 1)):
        scene.target(name, removed=removed)
    assert [each.target.name for each in targets_of(scene)] == ["local", "a", "b"]


@pytest.mark.parametrize(
    ("agents", "health"),
    [
        ([], Health.NO_AGENT),
        ([{}], Health.HEALTHY),
        ([{"lost": True}], Health.UNREACHABLE),
        ([{}, {"lost": True}], Health.DEGRADED),
        ([{"draining": True}], Health.DRAINING),
        ([{}, {"draining": True}], Health.HEALTHY),
    ],
    ids=str,
)
def test_the_health_of_a_target_follows_its_agents(scene, agents, health):
    target = scene.target()
    for n, facts in enumerate(agents):
        heard = scene.now - (LOST_MS if facts.get("lost") else 0)
        scene.agent(target, f"agent-{n}", heard=heard, draining="draining" in facts)
    [found] = targets_of(scene)
    assert found.health is health


def test_slots_of_lost_and_draining_agents_are_not_free(scene):
    target = scene.target()
    scene.agent(target, "lost", heard=scene.now - LOST_MS)
    scene.agent(target, "draining", draining=True)
    [found] = targets_of(scene)
    assert (found.slots, found.free) == (4, 0)


def test_the_queue_has_the_order_of_priority_and_position(scene):
    target = scene.target()
    for name, priority, position in (("c", 0, 7), ("b", 0, 5), ("a", 10, 9)):
        scene.job(target, name, priority=priority, position=position)
    [queue] = list_queues(targets_of(scene), limit=2)
    assert [(each.position, each.job.run.name) for each in queue.jobs] == [
        (1, "a"),
        (2, "b"),
    ]
    assert queue.total == 3


def test_a_run_in_the_trash_is_not_in_the_queue(scene):
    job = scene.job(scene.target())
    job.run.deleted = scene.now
    job.run.save()
    assert list_queues(targets_of(scene), limit=5) == []


def test_free_slots_are_for_the_first_runs(scene):
    target = scene.target()
    scene.agent(target, slots=2)
    for _ in range(3):
        scene.job(target)
    assert reasons(scene) == [
        WaitReason.NEXT,
        WaitReason.NEXT,
        WaitReason.NO_FREE_SLOT,
    ]


def test_a_paused_queue_starts_nothing(scene):
    target = scene.target(paused=True)
    scene.agent(target)
    scene.job(target)
    assert reasons(scene) == [WaitReason.TARGET_PAUSED]


def test_without_an_agent_nothing_starts(scene):
    target = scene.target()
    scene.agent(target, heard=scene.now - LOST_MS)
    scene.job(target)
    assert reasons(scene) == [WaitReason.NO_AGENT]


def test_a_member_at_the_limit_waits_and_others_are_next(scene, team):
    target = scene.target(max_per_member=1)
    agent = scene.agent(target, slots=4)
    scene.job(target, agent=agent)
    scene.job(target)
    scene.job(target, submitter=team.owner)
    scene.job(target, submitter=team.owner)
    assert reasons(scene) == [
        WaitReason.MEMBER_LIMIT,
        WaitReason.NEXT,
        WaitReason.MEMBER_LIMIT,
    ]


def test_a_sweep_at_its_limit_waits(scene):
    target = scene.target()
    scene.agent(target, slots=4)
    sweep = Sweep.objects.create(run=scene.run(), sampling=Sampling.GRID, at_once=1)
    scene.job(target, sweep=sweep)
    scene.job(target, sweep=sweep)
    assert reasons(scene) == [WaitReason.NEXT, WaitReason.SWEEP_LIMIT]


def test_the_place_of_one_job_is_that_of_the_list(scene):
    target = scene.target()
    scene.agent(target, slots=2)
    jobs = [scene.job(target, priority=n % 2) for n in range(5)]
    [queue] = list_queues(targets_of(scene), limit=10)
    listed = {each.job.pk: (each.position, each.reason) for each in queue.jobs}
    for job in jobs:
        place = find_queue_place(job, now=scene.now)
        assert (place.position, place.reason) == listed[job.pk]


def test_running_jobs_are_listed_by_agent(scene, team):
    target = scene.target()
    for name in ("b", "a"):
        agent = scene.agent(target, name)
        scene.job(target, f"{name}-1", agent=agent)
        scene.job(target, f"{name}-2", agent=agent)
    found = list_running_jobs(scene.workspace, targets_of(scene), limit=3)
    shown = [(g.agent.name, g.total, len(g.jobs)) for g in found.agents]
    assert shown == [("a", 2, 2), ("b", 2, 1)]
    assert (found.total, found.shown) == (4, 3)


def test_the_number_of_queries_does_not_grow(scene, team):
    counts = []
    for n in range(2):
        other = make_member(team.workspace, f"more-{n}", Role.READER)
        for name in (f"t{n}", f"u{n}"):
            target = scene.target(name)
            agent = scene.agent(target)
            for _ in range(3):
                scene.job(target, agent=agent, submitter=other)
                scene.job(target, submitter=other)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            targets = targets_of(scene)
            list_queues(targets, limit=5)
            list_running_jobs(scene.workspace, targets, limit=10)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_an_agent_that_was_drained_and_ended_is_not_unreachable(scene):
    target = scene.target()
    silent = {"heard": scene.now - LOST_MS, "is_ending": True}
    scene.agent(target, "ended", slots=4, **silent)
    [found] = targets_of(scene)
    assert [each.health for each in found.agents] == [Health.STOPPED]
    assert (found.health, found.slots, found.free) == (Health.NO_AGENT, 0, 0)
    scene.agent(target, "working")
    assert targets_of(scene)[0].health is Health.HEALTHY


def test_an_agent_that_vanished_while_it_ended_is_unreachable(scene):
    target = scene.target()
    agent = scene.agent(target, heard=scene.now - LOST_MS, is_ending=True)
    scene.job(target, agent=agent)
    assert targets_of(scene)[0].health is Health.UNREACHABLE
