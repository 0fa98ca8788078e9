"""The separate consent's text is fixed for good under its version: changed words need a new version."""

from app.faces import consent

DIGESTS = {"2026-11-face": "ab8742f9e627ddee96af4135ed5c287ded7e435c136bb96d2b486383066dbb16"}


def test_no_word_of_a_shown_version_changes() -> None:
    assert {version: consent.digest(version) for version in consent.TEXTS} == DIGESTS


def test_both_languages_have_the_same_clauses() -> None:
    for text in consent.TEXTS.values():
        assert {len(clauses) for clauses in text.values()} == {len(text["zh"])}
