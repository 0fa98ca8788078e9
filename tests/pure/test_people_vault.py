"""The vault: what is sealed opens in its own row and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.people.vault import SealBroken, Vault

VAULT_KEY, INDEX_KEY = bytes(range(32)), bytes(range(32, 64))
VAULT = Vault(VAULT_KEY, INDEX_KEY)


@given(st.text(), st.text())
def test_sealed_value_opens_in_its_row(plain: str, row: str) -> None:
    assert VAULT.open(VAULT.seal(plain, row=row), row=row) == plain


def test_sealed_value_moved_to_another_row_does_not_open() -> None:
    sealed = VAULT.seal("320400198503120112", row="identity_documents.number:a")
    with pytest.raises(SealBroken):
        VAULT.open(sealed, row="identity_documents.number:b")


def test_two_seals_of_one_value_differ_and_hide_it() -> None:
    first, second = (VAULT.seal("320400198503120112", row="a") for _ in range(2))
    assert first != second
    assert b"3204" not in first


@given(st.integers(0, 40), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(VAULT.seal("0123456789ab", row="a"))
    sealed[place] ^= change
    with pytest.raises(SealBroken):
        VAULT.open(bytes(sealed), row="a")


@pytest.mark.parametrize("stump", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(20)])
def test_stumps_do_not_open(stump: bytes) -> None:
    with pytest.raises(SealBroken):
        VAULT.open(stump, row="a")


def test_former_key_opens_and_is_due_for_sealing_anew() -> None:
    old = VAULT.seal("x", row="a")
    newer = Vault(bytes(32), INDEX_KEY, version=2, older={1: VAULT_KEY})
    assert newer.open(old, row="a") == "x"
    assert not newer.is_current(old)
    assert newer.is_current(newer.seal("x", row="a"))
    with pytest.raises(SealBroken):
        VAULT.open(newer.seal("x", row="a"), row="a")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Vault(INDEX_KEY, INDEX_KEY).open(VAULT.seal("x", row="a"), row="a")


def test_blind_index_is_keyed_and_unambiguous() -> None:
    assert VAULT.index("a", "bc") == VAULT.index("a", "bc")
    assert VAULT.index("a", "bc") != VAULT.index("ab", "c")
    assert VAULT.index("a") != Vault(VAULT_KEY, bytes(32)).index("a")
    assert len(VAULT.index()) == 32


def test_short_keys_are_refused() -> None:
    with pytest.raises(ValueError):
        Vault(b"short", INDEX_KEY)
