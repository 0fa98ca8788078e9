"""One worker at a time: claims, renewals, takeovers, giving up."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from media import assets, errors, leases
from media.assets import TRANSITIONS, Asset, AssetKind, AssetState

LATER = leases.LEASE + timedelta(seconds=1)


@pytest.fixture
def asset(session: Session, now: datetime) -> Asset:
    """A video that waits for a worker."""
    made = Asset(
        owner="o", kind=AssetKind.VIDEO, state=AssetState.WAITING, file_name="a.mp4",
        size_bytes=1, part_bytes=1, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def test_only_one_of_two_claims_wins(session: Session, asset: Asset, now: datetime) -> None:
    assert leases.claim(session, asset.id, by="one", now=now)
    assert not leases.claim(session, asset.id, by="two", now=now)
    assert (asset.state, asset.lease_by, asset.attempts) == (AssetState.WORKING, "one", 1)


def test_a_killed_workers_asset_is_taken_over_within_a_minute(
    session: Session, asset: Asset, now: datetime
) -> None:
    leases.claim(session, asset.id, by="killed", now=now)
    assert leases.due(session, now=now) == []
    assert timedelta(0) < leases.LEASE < timedelta(seconds=60)
    assert leases.due(session, now=now + LATER) == [asset.id]
    assert leases.claim(session, asset.id, by="other", now=now + LATER)
    assert asset.attempts == 2


def test_who_lost_the_lease_can_neither_renew_nor_publish(
    session: Session, asset: Asset, now: datetime
) -> None:
    leases.claim(session, asset.id, by="slow", now=now)
    leases.claim(session, asset.id, by="other", now=now + LATER)
    with pytest.raises(leases.Lost):
        leases.renew(session, asset.id, by="slow", now=now + LATER, permille=500)
    with pytest.raises(leases.Lost):
        leases.held(session, asset.id, by="slow")
    assert leases.held(session, asset.id, by="other").id == asset.id


def test_renewing_keeps_others_away_and_tells_progress(
    session: Session, asset: Asset, now: datetime
) -> None:
    leases.claim(session, asset.id, by="one", now=now)
    leases.renew(session, asset.id, by="one", now=now + LATER, permille=2000)
    assert asset.progress_permille == 999
    assert not leases.claim(session, asset.id, by="two", now=now + LATER)


def test_each_failed_attempt_waits_longer_and_the_last_gives_up(
    session: Session, asset: Asset, now: datetime
) -> None:
    pauses = []
    while asset.state == AssetState.WAITING:
        now = asset.due_at or now
        assert leases.due(session, now=now - timedelta(seconds=1)) in ([], [asset.id])
        assert leases.claim(session, asset.id, by="w", now=now)
        leases.give_back(
            leases.held(session, asset.id, by="w"), code="tool_killed", log="", now=now
        )
        session.flush()
        if asset.state == AssetState.WAITING:
            assert asset.due_at is not None
            assert not leases.claim(session, asset.id, by="w", now=now)
            pauses.append(int((asset.due_at - now).total_seconds()))
    assert pauses == list(leases.BACKOFF)
    assert (asset.state, asset.last_error) == (AssetState.FAILED, "gave_up")


def test_a_store_that_is_away_is_waited_for_however_long(
    session: Session, asset: Asset, now: datetime
) -> None:
    for _ in range(3 * leases.MOST_ATTEMPTS):
        assert leases.claim(session, asset.id, by="w", now=now)
        held = leases.held(session, asset.id, by="w")
        leases.give_back(held, code="store_unavailable", log="", now=now)
        session.flush()
        assert asset.state == AssetState.WAITING
        now = asset.due_at or now


def test_a_failed_asset_can_be_tried_again(session: Session, asset: Asset, now: datetime) -> None:
    leases.claim(session, asset.id, by="w", now=now)
    leases.end(leases.held(session, asset.id, by="w"), code="damaged", log="x")
    session.flush()
    assert leases.due(session, now=now + LATER) == []
    leases.again(asset)
    session.flush()
    assert leases.due(session, now=now) == [asset.id]


def test_what_is_ready_stays_so(session: Session, asset: Asset, now: datetime) -> None:
    leases.claim(session, asset.id, by="w", now=now)
    leases.finish(leases.held(session, asset.id, by="w"), now=now)
    session.flush()
    assert assets.ready(session, asset.id).ready_at == now
    for state in AssetState:
        with pytest.raises(errors.Conflict):
            assets.move(asset, state)


def test_every_state_is_reached_and_named_in_the_table() -> None:
    assert set(TRANSITIONS) == set(AssetState)
    assert set().union(*TRANSITIONS.values()) == set(AssetState) - {AssetState.UPLOADING}
