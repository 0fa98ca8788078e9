"""Signed notes against the example of Go's documentation; cosignatures; whatever is altered is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.ledger.log import notes

KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OURS = notes.Signer("log.example/log", notes.ED25519, bytes(range(32)))
WITNESS = notes.Signer("bureau.example", notes.COSIGNATURE, bytes(range(1, 33)))
CHECKPOINT = notes.Checkpoint(OURS.name, 7, bytes(32))
AT = datetime(2026, 6, 1, tzinfo=UTC)


def signed() -> str:
    """Our checkpoint, cosigned."""
    body = CHECKPOINT.body
    return notes.note(body, [notes.sign(body, OURS), notes.sign(body, WITNESS, at=AT)])


def test_the_published_note_verifies() -> None:
    key = notes.verifier(KEY)
    assert str(key) == KEY
    notes.verified(NOTE, key)
    with pytest.raises(notes.BadNote):
        notes.verified(NOTE.replace("answer", "Answer"), key)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    assert notes.opened(signed(), OURS.verifier) == CHECKPOINT
    notes.verified(signed(), WITNESS.verifier)


def test_keys_are_read_as_they_were_written() -> None:
    for signer in (OURS, WITNESS):
        assert notes.signer(signer.private_text()) == signer
        assert notes.verifier(str(signer.verifier)) == signer.verifier
    with pytest.raises(notes.BadNote):
        notes.verifier(str(OURS.verifier).replace("log.example", "lag.example"))


@given(st.data())
def test_a_note_with_any_byte_altered_is_refused(data: st.DataObject) -> None:
    text = signed()
    at = data.draw(st.integers(0, len(text) - 1))
    with_another = text[:at] + data.draw(st.characters(exclude_characters=text[at], codec="utf-8")) + text[at + 1 :]
    with pytest.raises(notes.BadNote):
        for key in (OURS.verifier, WITNESS.verifier):
            notes.opened(with_another, OURS.verifier)
            notes.verified(with_another, key)


@pytest.mark.parametrize("body", ["log\n07\n" + "A" * 43 + "=\n", "log\n7\nAAAA\n", "log\n7\n", "log\n-1\n" + "A" * 43 + "=\n"])
def test_what_is_no_checkpoint(body: str) -> None:
    with pytest.raises(notes.BadNote):
        notes.checkpoint(body)
