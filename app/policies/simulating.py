"""The job `policies`: a draft is simulated on the learners of a past period, some at a time.

Evidence is read in a snapshot, computed outside it, and added with the place reached in one short
transaction: killed anywhere, the next worker goes on where the sums stand.
"""

import structlog
from flask import Flask

from app import clock, db
from courses.credit.evidence import BadEvidence
from courses.ledger import simulated
from courses.policies import drafts, simulations, version_of
from courses.policies.simulations import Lost, PolicySimulation
from media.base import new_id

BATCH = 10  # learners: some seconds at most, and the lease is a minute
log = structlog.get_logger()


def run(app: Flask, simulation_id: str) -> None:
    """Simulate until everybody is in the sums; safe to run twice and at once."""
    del app
    by = new_id()
    with db.writing() as session:
        if not simulations.claim(session, simulation_id, by=by, now=clock.now()):
            return
    try:
        while batch(simulation_id, by=by):
            pass
    except Lost:
        log.info("policies.simulation_lost", row=simulation_id)
    except Exception as fault:
        with db.writing() as session:
            simulations.give_back(session, simulation_id, by=by, why=repr(fault), now=clock.now())
        raise


def batch(simulation_id: str, *, by: str) -> bool:
    """Some more learners; False once there are none left, or it means nothing any more."""
    with db.reading() as session:
        row = session.get_one(PolicySimulation, simulation_id)
        draft = drafts.get(session, row.draft_id)
        period = (row.from_at, row.to_at)
        is_current = draft.revision == row.revision
        keys, cases = [], []
        if is_current:
            # As it was known when it was asked for: every batch sees the same world.
            now = row.asked_at + simulated.TICK
            version = version_of(session, draft.content, drafted_by=draft.drafted_by, approved_by="", now=row.asked_at)
            people = simulated.population(session, draft.jurisdiction_id, period=period, after=row.reached)
            keys = list(session.scalars(people.limit(BATCH)))
            cases = [simulated.case(session, key, version, period=period, now=now) for key in keys]
    outcomes, refused = [], 0
    for case in cases:
        try:
            outcomes.append(case.outcome())
        except BadEvidence:
            refused += 1
    with db.writing() as session:
        if not is_current:
            simulations.end(session, simulation_id, by=by, why="draft_changed", now=clock.now())
        elif keys:
            simulations.add(
                session, simulation_id, outcomes, by=by, reached=keys[-1], refused=refused, now=clock.now()
            )
        else:
            simulations.finish(session, simulation_id, by=by, now=clock.now())
    return bool(keys)
