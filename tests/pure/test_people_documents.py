"""Identity documents: the published vectors, the synthetic identities, and what must be refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.errors import Invalid
from courses.people import contacts, documents
from courses.people.documents import DocumentType

TODAY = date(2026, 11, 23)
ID = DocumentType.RESIDENT_ID
PUBLISHED = ("360426199101010071", "120103198806018241", "230306196304054513")
SYNTHETIC = (
    "320400198503120112",
    "320400199011050204",
    "320405197808210001",  # 戚墅堰区, abolished 2015
    "320400199202290139",  # 29 February of a leap year
    "320400198806300241",
    "320400197512010156",
    "32040019690917017X",
    "320400199505140269",
)


def refusal(doc_type: str, number: str, country: str = "", today: date = TODAY) -> str:
    """The code with which a number is refused."""
    with pytest.raises(Invalid) as caught:
        documents.check(doc_type, country, number, today=today)
    return caught.value.code


@pytest.mark.parametrize("number", [*PUBLISHED, *SYNTHETIC])
def test_valid_identity_number_passes(number: str) -> None:
    assert documents.check(ID, "", number, today=TODAY) == number


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("360426199101010072", "check_digit"),
        ("320400198503120113", "check_digit"),
        ("320400199302290139", "birth_date"),
        ("32040019690917O17X", "letter_o"),
        ("32040019690917o17x", "letter_o"),
        ("320400850312011", "fifteen_digits"),
        ("32040019850312011", "length"),
        ("3204001985031201122", "length"),
        ("32040019690917X171", "characters"),
        ("3204001985031201A2", "characters"),
        ("32040019850312011²²", "length"),
        ("", "number_missing"),
        (" - ", "number_missing"),
        ("810000198304150006", "other_document"),
        ("932724198707230009", "other_document"),
    ],
)
def test_invalid_identity_number_says_why(number: str, code: str) -> None:
    assert refusal(ID, number) == code


@pytest.mark.parametrize("digit", "0123456789X")
def test_the_29th_of_february_1993_fails_whatever_the_check_digit(digit: str) -> None:
    assert refusal(ID, "32040019930229013" + digit) == "birth_date"


def test_refusal_stands_at_the_number_and_repeats_nothing() -> None:
    with pytest.raises(Invalid) as caught:
        documents.check(ID, "", "320400198503120113", today=TODAY)
    assert caught.value.field == "number"
    assert caught.value.detail == {}
    assert "3204" not in caught.value.sentence


@pytest.mark.parametrize(
    "typed",
    [
        "32040019690917017x",
        "３２０４００１９６９０９１７０１７Ｘ",
        " 320400 19690917 017X ",
        "320400-19690917-017x",
        "320400—19690917–017X",
        "\u200b32040019690917017X\ufeff",
    ],
)
def test_numbers_are_normalised(typed: str) -> None:
    assert documents.check(ID, "", typed, today=TODAY) == "32040019690917017X"


def test_birth_today_passes_and_tomorrow_fails() -> None:
    for day, is_fine in ((TODAY, True), (TODAY + timedelta(days=1), False)):
        first = f"320400{day:%Y%m%d}001"
        number = first + documents.check_digit(first)
        if is_fine:
            assert documents.check(ID, "", number, today=TODAY) == number
        else:
            assert refusal(ID, number) == "birth_date"


def test_birth_before_1900_fails() -> None:
    first = "32040018991231001"
    assert refusal(ID, first + documents.check_digit(first)) == "birth_date"


@given(
    area=st.integers(110000, 659999),
    born=st.dates(date(1930, 1, 1), TODAY),
    sequence=st.integers(0, 999),
    place=st.integers(0, 17),
    other=st.sampled_from("0123456789X"),
)
def test_every_single_character_change_is_caught(
    area: int, born: date, sequence: int, place: int, other: str
) -> None:
    first = f"{area}{born:%Y%m%d}{sequence:03d}"
    number = first + documents.check_digit(first)
    assert documents.check(ID, "", number, today=TODAY) == number
    changed = number[:place] + other + number[place + 1 :]
    if changed != number:
        refusal(ID, changed)


@given(
    born=st.dates(date(1930, 1, 1), TODAY), sequence=st.integers(0, 999), place=st.integers(0, 16)
)
def test_every_swap_of_neighbours_is_caught(born: date, sequence: int, place: int) -> None:
    first = f"320400{born:%Y%m%d}{sequence:03d}"
    number = first + documents.check_digit(first)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        refusal(ID, swapped)


@given(st.text(max_size=30), st.sampled_from(list(DocumentType)))
def test_any_text_is_refused_or_normal(text: str, doc_type: DocumentType) -> None:
    try:
        found = documents.check(doc_type, "JPN", text, today=TODAY)
    except Invalid:
        return
    assert documents.normalise(doc_type, found) == found
    assert found.isascii()
    assert found not in documents.mask(doc_type, found)


@pytest.mark.parametrize(
    ("doc_type", "number"),
    [
        (DocumentType.RESIDENCE_PERMIT, "810000198304150006"),
        (DocumentType.PERMANENT_RESIDENT, "932724198707230009"),
        (DocumentType.PERMANENT_RESIDENT, "USA110000900101"),
        (DocumentType.HM_TRAVEL_PERMIT, "H12345678"),
        (DocumentType.HM_TRAVEL_PERMIT, "M1234567801"),
        (DocumentType.TW_TRAVEL_PERMIT, "12345678"),
        (DocumentType.TW_TRAVEL_PERMIT, "0123456789B"),
    ],
)
def test_other_documents_pass(doc_type: DocumentType, number: str) -> None:
    assert documents.check(doc_type, "", number, today=TODAY) == number


@pytest.mark.parametrize(
    ("doc_type", "number", "code"),
    [
        (DocumentType.RESIDENCE_PERMIT, "320400198503120112", "other_document"),
        (DocumentType.RESIDENCE_PERMIT, "810000198304150007", "check_digit"),
        (DocumentType.RESIDENCE_PERMIT, "830000198302300006", "birth_date"),
        (DocumentType.PERMANENT_RESIDENT, "320400198503120112", "other_document"),
        (DocumentType.PERMANENT_RESIDENT, "932724198707230008", "check_digit"),
        (DocumentType.PERMANENT_RESIDENT, "US1100009001011", "format"),
        (DocumentType.HM_TRAVEL_PERMIT, "K12345678", "format"),
        (DocumentType.HM_TRAVEL_PERMIT, "H123456789", "format"),
        (DocumentType.TW_TRAVEL_PERMIT, "1234567", "format"),
        (DocumentType.TW_TRAVEL_PERMIT, "0123456789", "format"),
    ],
)
def test_other_documents_are_refused(doc_type: DocumentType, number: str, code: str) -> None:
    assert refusal(doc_type, number) == code


def test_old_taiwan_permit_loses_its_brackets() -> None:
    assert documents.normalise(DocumentType.TW_TRAVEL_PERMIT, "0123456789（b）") == "0123456789B"


def test_passport_needs_its_country() -> None:
    assert documents.check("passport", "jpn", "tk 1234567", today=TODAY) == "TK1234567"
    assert refusal("passport", "TK1234567") == "country_required"
    assert refusal("passport", "TK1234567", "XXX") == "country_required"
    assert refusal("passport", "TK12", "JPN") == "format"
    assert refusal("passport", "护照12345", "JPN") == "format"
    assert documents.issuer("passport", "ｊｐｎ") == "JPN"
    assert documents.issuer("resident_id", "JPN") == "CHN"


def test_unknown_document_type_is_refused() -> None:
    assert refusal("library_card", "1") == "document_type_unknown"


def test_reissued_permit_stays_one_identity() -> None:
    kind = DocumentType.HM_TRAVEL_PERMIT
    assert documents.indexed(kind, "H1234567801") == documents.indexed(kind, "H12345678")
    assert documents.indexed(ID, SYNTHETIC[0]) == SYNTHETIC[0]


@pytest.mark.parametrize(
    ("doc_type", "number", "shown"),
    [
        ("resident_id", "320400198503120112", "3204**********0112"),
        ("permanent_resident", "USA110000900101", "USA1*******0101"),
        ("passport", "E12345567", "E1****567"),
        ("passport", "AB123", "A***3"),
        ("hm_travel_permit", "H12345678", "H1****678"),
        ("tw_travel_permit", "12345678", "12***678"),
    ],
)
def test_masks(doc_type: str, number: str, shown: str) -> None:
    assert documents.mask(doc_type, number) == shown


def test_certificate_number_is_masked_like_the_number_inside() -> None:
    assert documents.mask_certificate("T320400198503120112") == "T3204**********0112"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("陆思远", "陆*远"),
        ("陆远", "陆*"),
        ("欧阳思远", "欧**远"),
        ("GARCIA Maria", "G***** M****"),
        ("陈美仪 CHAN Mei Yee", "陈*仪 C*** M** Y**"),
        ("阿卜杜拉·买买提", "阿******提"),
    ],
)
def test_names_are_masked(name: str, shown: str) -> None:
    assert contacts.mask_name(name) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "13800000001",
        "+86 138 0000 0001",
        "0086-138-0000-0001",
        "１３８００００００01",
        "8613800000001",
    ],
)
def test_mobile_numbers_are_normalised(typed: str) -> None:
    assert contacts.account_name(typed) == "13800000001"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12800000001",
        "1380000000",
        "138000000011",
        "worker",
        "a@b",
        "a b@example.com",
        "a@-x.com",
        "@example.com",
        "a@b@example.com",
    ],
)
def test_neither_mobile_nor_email_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        contacts.account_name(typed)
    assert caught.value.code == "account_name_invalid"


def test_email_is_lower_case_and_masked() -> None:
    assert contacts.account_name(" Lu.Siyuan＠Example.COM ") == "lu.siyuan@example.com"
    assert contacts.mask("lu.siyuan@example.com") == "l***@example.com"
    assert contacts.mask("13800000001") == "138****0001"


def test_person_names() -> None:
    assert contacts.person_name("  陆 思远 ") == "陆 思远"
    assert contacts.name_key("陆 思远") == contacts.name_key("陆思远")
    assert contacts.name_key("Garcia  MARIA") == contacts.name_key("GARCIA Maria")
    for wrong in ("", "陆", "12345", "陆思远1", "<b>", "x" * 61):
        with pytest.raises(Invalid):
            contacts.person_name(wrong)
