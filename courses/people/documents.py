"""Identity documents: how their numbers are normalised, checked and masked. Pure.

`country` is who issued the document: CHN for all but passports. An address code is never looked up,
because abolished ones live on (320405). Formats: GB 11643, ISO 7064 MOD 11-2, and `domain.md` section 5.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum

from courses import errors
from courses.people import countries

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
OLDEST_YEAR = 1900  # nobody born earlier is alive to be trained
RESIDENCE_PERMIT_AREAS = ("810000", "820000", "830000")  # Hong Kong, Macau, Taiwan


class DocumentType(StrEnum):
    """Documents by which a learner registers."""

    RESIDENT_ID = "resident_id"
    RESIDENCE_PERMIT = "residence_permit"
    PERMANENT_RESIDENT = "permanent_resident"
    HM_TRAVEL_PERMIT = "hm_travel_permit"
    TW_TRAVEL_PERMIT = "tw_travel_permit"
    PASSPORT = "passport"


ISSUED_BY_CHINA = frozenset(DocumentType) - {DocumentType.PASSPORT}
PERMANENT_RESIDENT_2017 = re.compile(r"[A-Z]{3}\d{12}")
HM_TRAVEL_PERMIT = re.compile(r"[HM]\d{8}(\d{2})?")
TW_TRAVEL_PERMIT = re.compile(r"\d{8}|\d{10}[A-Z]")
PASSPORT = re.compile(r"[A-Z0-9]{5,17}")


def half_width(text: str) -> str:
    """Full-width letters and digits become plain ones; invisible characters go."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cc"))


def kind(doc_type: str) -> DocumentType:
    """The document type of a code; refused `document_type_unknown`."""
    try:
        return DocumentType(doc_type)
    except ValueError:
        raise errors.Invalid(
            "document_type_unknown", "Choose one of these documents.", field="doc_type"
        ) from None


def normalise(doc_type: str, number: str) -> str:
    """Half-width, upper case, without spaces, dashes and brackets. Checks nothing."""
    kind(doc_type)
    dropped = ("Pd", "Ps", "Pe", "Zs")  # dashes, brackets, spaces
    plain = half_width(number).upper()
    return "".join(c for c in plain if unicodedata.category(c) not in dropped)


def issuer(doc_type: str, country: str) -> str:
    """The issuing country as it is kept; refused `country_required` for a passport without one."""
    if kind(doc_type) in ISSUED_BY_CHINA:
        return "CHN"
    code = half_width(country).strip().upper()
    if code not in countries.ALPHA_3:
        raise errors.Invalid(
            "country_required", "Choose the country that issued the passport.", field="country"
        )
    return code


def check(doc_type: str, country: str, number: str, *, today: date) -> str:
    """The normalised number, or errors.Invalid with the reason at its field.

    `today` bounds the date of birth. A passport's `country` must be an ISO 3166 alpha-3 code; that of
    other documents is not looked at.
    """
    found = kind(doc_type)
    issuer(found, country)
    plain = normalise(found, number)
    if not plain:
        raise errors.Invalid(
            "number_missing", "Enter the number as it stands on the document.", field="number"
        )
    CHECKS[found](plain, today)
    return plain


def indexed(doc_type: str, number: str) -> str:
    """The part of a normalised number that stays with its holder, for the blind index.

    The last two digits of an eleven-character Hong Kong or Macau permit count its re-issues.
    """
    return number[:9] if kind(doc_type) is DocumentType.HM_TRAVEL_PERMIT else number


def check_digit(first_17: str) -> str:
    """The 18th character after 17 digits: ISO 7064 MOD 11-2."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def check_eighteen(number: str, today: date) -> None:
    """Shape, date of birth and check digit of an 18-character number."""
    if "O" in number:
        raise errors.Invalid(
            "letter_o",
            "This contains the letter O. Such numbers have only the digit 0: type 0 instead.",
            field="number",
        )
    if not re.fullmatch(r"[0-9]*X?", number):
        raise errors.Invalid(
            "characters",
            "Such numbers have only digits, and perhaps an X at the very end.",
            field="number",
        )
    if len(number) == 15:
        raise errors.Invalid(
            "fifteen_digits",
            "Numbers of 15 digits are no longer accepted. Enter the 18 characters of the present card.",
            field="number",
        )
    if len(number) != 18:
        raise errors.Invalid(
            "length",
            "Such numbers have exactly 18 characters. Count them once more.",
            field="number",
        )

    check_birth_date(number[6:14], today)
    if check_digit(number[:17]) != number[17]:
        raise errors.Invalid(
            "check_digit",
            "The check digit does not fit, so at least one character is mistyped.",
            field="number",
        )


def check_birth_date(eight: str, today: date) -> None:
    """`YYYYMMDD` must be a day of the calendar, not in the future."""
    try:
        born = date(int(eight[:4]), int(eight[4:6]), int(eight[6:]))
    except ValueError:
        raise errors.Invalid(
            "birth_date",
            "Characters 7 to 14 are the date of birth, and there is no such day.",
            field="number",
        ) from None
    if born > today or born.year < OLDEST_YEAR:
        raise errors.Invalid(
            "birth_date",
            "Characters 7 to 14 are the date of birth, and nobody living was born then.",
            field="number",
        )


def check_resident_id(number: str, today: date) -> None:
    """公民身份号码, GB 11643."""
    if number.startswith(RESIDENCE_PERMIT_AREAS) and len(number) == 18:
        raise errors.Invalid(
            "other_document",
            "This is the number of a residence permit for Hong Kong, Macau or Taiwan residents. "
            "Choose that document.",
            field="number",
        )
    if number.startswith("9") and len(number) == 18:
        raise errors.Invalid(
            "other_document",
            "This is the number of a foreign permanent resident's card. Choose that document.",
            field="number",
        )
    check_eighteen(number, today)


def check_residence_permit(number: str, today: date) -> None:
    """港澳台居民居住证: an identity number with an address code of its own."""
    check_eighteen(number, today)
    if not number.startswith(RESIDENCE_PERMIT_AREAS):
        raise errors.Invalid(
            "other_document",
            "The number of this residence permit begins with 810000, 820000 or 830000. "
            "Choose another document, or look at the number again.",
            field="number",
        )


def check_permanent_resident(number: str, today: date) -> None:
    """外国人永久居留身份证: since 2023 18 characters that begin with 9, before 3 letters and 12 digits."""
    if number[:1].isalpha():
        if not PERMANENT_RESIDENT_2017.fullmatch(number):
            raise errors.Invalid(
                "format",
                "The card of 2017 has 3 letters and 12 digits, that of 2023 18 characters.",
                field="number",
            )
        return
    check_eighteen(number, today)
    if not number.startswith("9"):
        raise errors.Invalid(
            "other_document",
            "The number of a foreign permanent resident's card begins with 9. "
            "Choose another document, or look at the number again.",
            field="number",
        )


def check_hm_travel_permit(number: str, _today: date) -> None:
    """港澳居民来往内地通行证."""
    if not HM_TRAVEL_PERMIT.fullmatch(number):
        raise errors.Invalid(
            "format", "This permit has H or M and then 8 or 10 digits.", field="number"
        )


def check_tw_travel_permit(number: str, _today: date) -> None:
    """台湾居民来往大陆通行证."""
    if not TW_TRAVEL_PERMIT.fullmatch(number):
        raise errors.Invalid(
            "format",
            "This permit has 8 digits; an older one has 10 digits and a letter.",
            field="number",
        )


def check_passport(number: str, _today: date) -> None:
    """A passport of whatever country; ICAO Doc 9303 knows letters and digits only."""
    if not PASSPORT.fullmatch(number):
        raise errors.Invalid(
            "format", "A passport number has 5 to 17 letters and digits.", field="number"
        )


CHECKS = {
    DocumentType.RESIDENT_ID: check_resident_id,
    DocumentType.RESIDENCE_PERMIT: check_residence_permit,
    DocumentType.PERMANENT_RESIDENT: check_permanent_resident,
    DocumentType.HM_TRAVEL_PERMIT: check_hm_travel_permit,
    DocumentType.TW_TRAVEL_PERMIT: check_tw_travel_permit,
    DocumentType.PASSPORT: check_passport,
}


def mask(doc_type: str, number: str) -> str:
    """A normalised number as others may see it: `3204**********0112`, `E1****567`."""
    kind(doc_type)
    if len(number) >= 15:
        return masked(number, 4, 4)
    return masked(number, 2, 3) if len(number) >= 8 else masked(number, 1, 1)


def masked(text: str, head: int, tail: int) -> str:
    """`text` with everything but its ends starred, at least two characters of it."""
    if len(text) < head + tail + 2:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


def mask_certificate(number: str) -> str:
    """A special-operation certificate's number is `T` and an identity number: mask it the same way."""
    return "T" + mask(DocumentType.RESIDENT_ID, number.removeprefix("T"))
