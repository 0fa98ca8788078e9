"""The consent's text is fixed for good under its version: changed words need a new version."""

from app.people import consent

DIGESTS = {"2026-11": "3cb084e877dfa242df35cfb75bff9dff4b8f2cee252f586a594b7f79ce9e7283"}


def test_no_word_of_a_shown_version_changes() -> None:
    assert {version: consent.digest(version) for version in consent.TEXTS} == DIGESTS


def test_both_languages_have_the_same_clauses() -> None:
    for text in consent.TEXTS.values():
        assert {len(clauses) for clauses in text.values()} == {len(text["zh"])}


def test_present_version_exists() -> None:
    assert consent.VERSION in consent.TEXTS
