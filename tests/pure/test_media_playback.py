"""Links: who can use one, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import errors, playback

KEY = bytes(range(32))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ENDS = NOW + timedelta(hours=1)
TOKEN = playback.sign(KEY, asset_id="asset1", holder="me", playback_id="play1", expires_at=ENDS)


def test_an_honest_link_says_what_was_signed() -> None:
    link = playback.read(KEY, TOKEN, asset_id="asset1", now=NOW)
    assert link == playback.Link("asset1", "me", "play1", ENDS)


def test_it_ends_at_its_instant() -> None:
    playback.read(KEY, TOKEN, asset_id="asset1", now=ENDS - timedelta(milliseconds=1))
    with pytest.raises(errors.Forbidden):
        playback.read(KEY, TOKEN, asset_id="asset1", now=ENDS)


def test_another_asset_or_key_is_refused() -> None:
    with pytest.raises(errors.Forbidden):
        playback.read(KEY, TOKEN, asset_id="asset2", now=NOW)
    with pytest.raises(errors.Forbidden):
        playback.read(KEY[::-1], TOKEN, asset_id="asset1", now=NOW)


@given(st.integers(0, len(TOKEN) - 1), st.characters(min_codepoint=33, max_codepoint=0x4E10))
def test_any_changed_character_is_refused(at: int, sign: str) -> None:
    forged = TOKEN[:at] + sign + TOKEN[at + 1 :]
    if forged != TOKEN:
        with pytest.raises(errors.Forbidden):
            playback.read(KEY, forged, asset_id="asset1", now=NOW)


@given(st.text(max_size=80))
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(errors.Forbidden):
        playback.read(KEY, token, asset_id="asset1", now=NOW)


def test_words_with_separators_are_never_signed() -> None:
    with pytest.raises(ValueError, match="words"):
        playback.sign(KEY, asset_id="a.b", holder="", playback_id=None, expires_at=ENDS)


def test_a_bound_link_is_useless_to_others_and_an_unbound_one_is_for_all() -> None:
    link = playback.read(KEY, TOKEN, asset_id="asset1", now=NOW)
    playback.check_holder(link, ["somebody", "me"])
    for others in ([], ["somebody"]):
        with pytest.raises(errors.Forbidden):
            playback.check_holder(link, others)
    free = playback.sign(KEY, asset_id="a", holder="", playback_id=None, expires_at=ENDS)
    playback.check_holder(playback.read(KEY, free, asset_id="a", now=NOW), [])


@pytest.mark.parametrize(
    "name",
    ["master.m3u8", "360p/index.m3u8", "1080p/init.mp4", "144p-lean/seg_00012.m4s", "sound/index.m3u8"],
)
def test_names_that_are_served(name: str) -> None:
    assert playback.NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    ["../x", "360p/../../x", "original", "360p/seg_1.m4s", "master.m3u8/x", "360p/", "/etc/passwd",
     "master.m3u8\n", "captions/en.vtt", "sound.mp4"],
)  # fmt: skip
def test_names_that_are_not(name: str) -> None:
    assert not playback.NAME.fullmatch(name)
