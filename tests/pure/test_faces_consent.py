"""The separate consent's text is fixed for good under its version: changed words need a new version."""

from app.faces import consent

DIGESTS = {"2026-11-face": "7bc60942a835b7231618d956495aef7fccce0fb13849dd3973ff42d9b4fd9685"}


def test_no_word_of_a_shown_version_changes() -> None:
    assert {version: consent.digest(version) for version in consent.TEXTS} == DIGESTS


def test_both_languages_have_the_same_clauses() -> None:
    for text in consent.TEXTS.values():
        assert {len(clauses) for clauses in text.values()} == {len(text["zh"])}
