"""The form in which an officer writes a version: the contract's fields in the units that people use."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation

from app.forms import ExactField, Form, ValidationError, at_most, exact, required, stripped
from app.policies import plain
from courses import errors
from courses.people.jurisdictions import Jurisdiction
from courses.policies import Draft, PolicyVersion
from courses.policies.drafts import PolicyDraft
from courses.units import MS_PER_HOUR, MS_PER_MINUTE, fraction_text
from courses.watch.presence import PICTURE_DAYS

ANSWER_SECONDS = 60  # time enough to look up, read and reach the phone
STEP = re.compile(r"\s*(\S+?)\s*[=:：＝]\s*(\S+)\s*")
FIELD_OF_RULE = {
    "hour_ms": "hour_minutes",
    "daily_cap_ms": "daily_cap_minutes",
    "heartbeat_gap_ms": "heartbeat_gap_minutes",
    "rounding": "rounding_quantum",
    "share_cap": "cap_share",
    "exam": "pass_mark",
    "presence": "on_fail",
    "prompts": "prompt_minutes",
}


def choices(*pairs: tuple[str, Any]) -> dict[str, Any]:
    """Choices of a select, one of which must be taken; its first is the default."""
    return {"choices": list(pairs), "default": pairs[0][0], "validators": [InputRequired()]}


def whole(label: Any, *, least: int = 0, most: int | None = None) -> IntegerField:
    """An optional whole number, `least` or more, and no more than `most`."""
    message = lazy("At least %(min)d.") if most is None else lazy("From %(min)d to %(max)d.")
    return IntegerField(label, [Optional(), NumberRange(min=least, max=most, message=message)])


def above(form: Form, field: ExactField) -> None:
    """More than nothing."""
    del form
    if field.data is not None and field.data <= 0:
        raise StopValidation(_("Above 0."))


def not_below(form: Form, field: ExactField) -> None:
    """Nothing or more."""
    del form
    if field.data is not None and field.data < 0:
        raise StopValidation(_("Not below 0."))


def coverage(form: Form, field: ExactField) -> None:
    """A part that is not nothing."""
    del form
    if field.data is not None and not 0 < field.data <= 1:
        raise StopValidation(_("Above 0 and at most 1 (100%)."))


def share(form: Form, field: ExactField) -> None:
    """A part, nothing and all included."""
    del form
    if field.data is not None and not 0 <= field.data <= 1:
        raise StopValidation(_("From 0 to 1 (100%)."))


def prompts_apart(form: Form, field: ExactField) -> None:
    """Not so often that nobody could learn in between."""
    del form
    if field.data is not None and not 1 <= field.data <= 240:
        raise StopValidation(_("From 1 to 240 minutes."))


class VersionForm(Form):
    """What an officer enters; the fields of `credit-rules.md` 3 in the units that people use."""

    jurisdiction_id = SelectField(lazy("Area"), [InputRequired()])
    effective_on = DateField(lazy("In force from"), [InputRequired(message=lazy("Fill this in."))])
    until_on = DateField(lazy("In force until, that day not included"), [Optional()])
    title = StringField(lazy("Legal document"), [required(), at_most(200)], [stripped])
    number = StringField(lazy("Number of the document"), [at_most(80)], [stripped])
    text = TextAreaField(lazy("What it says"), [required(), at_most(20_000)], [stripped])
    is_example = BooleanField(lazy("This is an example, not law"))

    ratio = ExactField(lazy("Ratio of online hours"), [InputRequired(message=lazy("Fill this in.")), not_below], default=Fraction(1))
    hour_minutes = ExactField(lazy("Length of one hour of training"), [InputRequired(message=lazy("Fill this in.")), above], default=Fraction(45))
    completion_threshold = ExactField(lazy("What must be watched"), [InputRequired(message=lazy("Fill this in.")), coverage], default=Fraction(19, 20))
    partial_credit = SelectField(lazy("What is credited"), **choices(
        ("none", lazy("the whole course, at the threshold")),
        ("per_lesson", lazy("each lesson, at the threshold")),
        ("pro_rata", lazy("every minute")),
    ))
    daily_cap_minutes = ExactField(lazy("Daily limit"), [Optional()])

    speed = SelectField(lazy("Speed"), **choices(
        ("wall", lazy("the time that really passed")),
        ("media", lazy("the length of what was shown")),
        ("reject", lazy("faster than normal counts nothing")),
    ))
    rate_tolerance = ExactField(lazy("Tolerance of speed"), [Optional(), not_below], default=Fraction(1, 20))
    seek_forward = SelectField(lazy("Jumping ahead"), **choices(
        ("allowed", lazy("allowed")), ("blocked", lazy("what follows does not count"))
    ))
    concurrency = SelectField(lazy("Two at once"), **choices(
        ("latest_wins", lazy("the one begun last counts")),
        ("first_wins", lazy("the one begun first counts")),
        ("void_overlap", lazy("neither counts")),
    ))
    policy_binding = SelectField(lazy("Which version applies"), **choices(
        ("enrolment", lazy("in force at enrolment")),
        ("segment", lazy("in force when watched")),
        ("completion", lazy("in force at completion")),
    ))
    rounding_mode = SelectField(lazy("Rounding"), **choices(
        ("none", lazy("none")), ("floor", lazy("down")), ("half_up", lazy("to the nearest")), ("ceil", lazy("up"))
    ))
    rounding_quantum = ExactField(lazy("To multiples of"), [above])
    rounding_point = SelectField(lazy("Rounded"), **choices(("course", lazy("once a course")), ("lesson", lazy("for each lesson"))))
    cap_share = ExactField(lazy("Online share of a requirement"), [Optional(), share])
    cap_base = SelectField(lazy("Share of"), **choices(("required", lazy("the hours required")), ("earned", lazy("all hours that count"))))
    cap_measured_on = SelectField(lazy("Measured on"), **choices(
        ("credited", lazy("credited hours")), ("raw", lazy("hours before the ratio"))
    ))
    ratio_steps = TextAreaField(lazy("Hours by steps"), [at_most(1000)])
    pass_mark = ExactField(lazy("Mark to pass an exam"), [Optional(), not_below], default=Fraction(80))
    max_attempts = whole(lazy("Attempts at an exam"), least=1)
    cooldown_hours = ExactField(lazy("Hours between attempts"), [Optional()])
    on_fail = SelectField(lazy("After a missed check"), **choices(
        ("exclude_until_verified", lazy("time until the next passed check does not count")),
        ("rollback_to_last_pass", lazy("nor does the time since the last passed one")),
        ("void_course", lazy("all time of the course is void")),
    ))
    prompt_minutes = ExactField(lazy("Presence check about every"), [Optional(), prompts_apart])
    prompt_way = SelectField(lazy("What it asks"), **choices(
        ("tap", lazy("a tap")),
        ("question", lazy("a question of the lesson, where it has any")),
        ("face", lazy("a photo of those who agreed to it; a question or a tap of all others")),
    ))
    # No longer than evidence may still change (15 minutes): what an open lesson earned is written after that.
    prompt_seconds = whole(lazy("Time to answer"), least=30, most=600)
    picture_days = IntegerField(
        lazy("Photos that did not match are kept for"), [Optional(), NumberRange(1, 180, lazy("From 1 to 180 days."))]
    )
    heartbeat_gap_minutes = ExactField(lazy("Longest silence of the player"), [Optional()])
    gap_grant = SelectField(lazy("Of a longer silence"), **choices(
        ("none", lazy("nothing counts")), ("allowance", lazy("the first part counts"))
    ))
    validity_months = whole(lazy("Hours from elsewhere are valid for"))
    transfer_applies_ratio = BooleanField(lazy("The ratio applies to hours from elsewhere"))
    practical_online = BooleanField(lazy("Online hours may fill practical requirements"))

    def validate_rounding_quantum(self, field: ExactField) -> None:
        """Rounding needs its grid."""
        if field.data is None and self.rounding_mode.data != "none" and not field.errors:
            raise ValidationError(_("Say to what hours are rounded, such as 1/10."))

    def validate_ratio_steps(self, field: TextAreaField) -> None:
        """Each line is read."""
        try:
            steps(field.data or "")
        except ValueError as error:
            raise ValidationError(_("Write one step a line, such as 30 = 1/2.")) from error


ADVANCED = (
    "speed", "rate_tolerance", "seek_forward", "concurrency", "policy_binding", "rounding_mode",
    "rounding_quantum", "rounding_point", "cap_share", "cap_base", "cap_measured_on", "ratio_steps",
    "pass_mark", "max_attempts", "cooldown_hours", "on_fail", "prompt_minutes", "prompt_way", "prompt_seconds",
    "picture_days",
    "heartbeat_gap_minutes", "gap_grant", "validity_months", "transfer_applies_ratio",
    "practical_online", "until_on",
)


def fill_choices(session: Session, form: VersionForm) -> None:
    """The city first, then its districts."""
    places = session.scalars(
        select(Jurisdiction).order_by(Jurisdiction.parent_id.is_not(None), Jurisdiction.id)
    )
    form.jurisdiction_id.choices = [(place.id, plain.place_name(place)) for place in places]


def drafted(form: VersionForm) -> Draft:
    """What was typed, in the domain's units."""
    return Draft(
        jurisdiction_id=form.jurisdiction_id.data,
        effective_on=form.effective_on.data,
        until_on=form.until_on.data,
        title=form.title.data,
        number=form.number.data or "",
        text=form.text.data,
        is_example=form.is_example.data,
        rules=rules_of(form),
        prompts=prompts_of(form),
    )


def rules_of(form: VersionForm) -> dict[str, Any]:
    """The fields of `credit-rules.md` 3, every one of them."""
    cap = form.cap_share.data
    return {
        "hour_ms": ms(form.hour_minutes, MS_PER_MINUTE),
        "ratio": fraction_text(given(form.ratio, 1)),
        "ratio_steps": steps(form.ratio_steps.data or "") or None,
        "completion_threshold": fraction_text(given(form.completion_threshold, Fraction(19, 20))),
        "partial_credit": form.partial_credit.data,
        "exam": {
            "pass_mark": fraction_text(given(form.pass_mark, 80)),
            "max_attempts": form.max_attempts.data,
            "cooldown_ms": ms(form.cooldown_hours, MS_PER_HOUR) or 0,
        },
        "speed": form.speed.data,
        "rate_tolerance": fraction_text(given(form.rate_tolerance, Fraction(1, 20))),
        "seek_forward": form.seek_forward.data,
        "concurrency": form.concurrency.data,
        "daily_cap_ms": ms(form.daily_cap_minutes, MS_PER_MINUTE),
        "heartbeat_gap_ms": ms(form.heartbeat_gap_minutes, MS_PER_MINUTE),
        "gap_grant": form.gap_grant.data,
        "presence": {"on_fail": form.on_fail.data},
        "policy_binding": form.policy_binding.data,
        "rounding": {
            "mode": form.rounding_mode.data,
            "quantum": None if form.rounding_quantum.data is None else fraction_text(form.rounding_quantum.data),
            "point": form.rounding_point.data,
        },
        "share_cap": None if cap is None else {
            "share": fraction_text(cap), "base": form.cap_base.data, "measured_on": form.cap_measured_on.data,
        },
        "validity_months": form.validity_months.data,
        "transfer_applies_ratio": form.transfer_applies_ratio.data,
        "practical_online": form.practical_online.data,
    }


def given(field: ExactField, default: Fraction | int) -> Fraction | int:
    """A field's number, or the default where it was left empty."""
    return default if field.data is None else field.data


def prompts_of(form: VersionForm) -> dict[str, Any] | None:
    """How often presence is asked, where it is."""
    every_ms = ms(form.prompt_minutes, MS_PER_MINUTE)
    if not every_ms:
        return None
    answer_ms = (form.prompt_seconds.data or ANSWER_SECONDS) * 1000
    found = {"every_ms": every_ms, "answer_within_ms": answer_ms, "way": form.prompt_way.data}
    if form.prompt_way.data == "face":
        found["picture_days"] = form.picture_days.data or PICTURE_DAYS
    return found


def ms(field: ExactField, unit_ms: int) -> int | None:
    """A field in minutes or hours as whole milliseconds; Invalid where it is finer or negative."""
    if field.data is None:
        return None
    value = field.data * unit_ms
    if value < 0 or value.denominator != 1:
        raise errors.Invalid("not_whole_ms", "Write a time of whole milliseconds, not below 0.", field=field.name)
    return int(value)


def steps(text: str) -> list[dict[str, Any]]:
    """Lines such as `30 = 1/2`: from so many minutes, so many hours."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        read = STEP.fullmatch(line)
        if read is None:
            raise ValueError(line)
        at_least = exact(read[1]) * MS_PER_MINUTE
        if at_least.denominator != 1 or at_least < 0:
            raise ValueError(line)
        found.append({"at_least_ms": int(at_least), "hours": fraction_text(exact(read[2]))})
    return found


def copy(form: VersionForm, version: PolicyVersion | PolicyDraft) -> None:
    """Fill the form from a version or a draft, but for its dates and its document."""
    rules: Mapping[str, Any] = version.rules
    form.jurisdiction_id.data = version.jurisdiction_id
    for name in (
        "partial_credit", "speed", "seek_forward", "concurrency", "policy_binding", "gap_grant",
        "validity_months", "transfer_applies_ratio", "practical_online",
    ):
        form[name].data = rules[name]
    for name in ("ratio", "completion_threshold", "rate_tolerance"):
        form[name].data = Fraction(rules[name])
    for name, value, unit in (
        ("hour_minutes", rules["hour_ms"], MS_PER_MINUTE),
        ("daily_cap_minutes", rules["daily_cap_ms"], MS_PER_MINUTE),
        ("heartbeat_gap_minutes", rules["heartbeat_gap_ms"], MS_PER_MINUTE),
        ("cooldown_hours", rules["exam"]["cooldown_ms"] or None, MS_PER_HOUR),
        ("prompt_minutes", (version.prompts or {}).get("every_ms"), MS_PER_MINUTE),
    ):
        form[name].data = None if value is None else Fraction(value, unit)
    if version.prompts:
        form.prompt_way.data = version.prompts.get("way", "tap")
        form.picture_days.data = version.prompts.get("picture_days")
        form.prompt_seconds.data = version.prompts["answer_within_ms"] // 1000
    form.pass_mark.data = Fraction(rules["exam"]["pass_mark"])
    form.max_attempts.data = rules["exam"]["max_attempts"]
    form.on_fail.data = rules["presence"]["on_fail"]
    form.rounding_mode.data = rules["rounding"]["mode"]
    form.rounding_quantum.data = Fraction(rules["rounding"]["quantum"]) if rules["rounding"]["quantum"] else None
    form.rounding_point.data = rules["rounding"]["point"]
    cap = rules["share_cap"]
    if cap:
        form.cap_share.data = Fraction(cap["share"])
        form.cap_base.data, form.cap_measured_on.data = cap["base"], cap["measured_on"]
    form.ratio_steps.data = "\n".join(
        f"{plain.minutes(step['at_least_ms'])} = {step['hours']}" for step in rules["ratio_steps"] or []
    )


def copy_document(form: VersionForm, row: PolicyDraft) -> None:
    """Fill in the dates and the document of a draft."""
    form.effective_on.data, form.until_on.data = row.effective_on, row.until_on
    form.title.data, form.number.data, form.text.data = row.document_title, row.document_number, row.document_text
    form.is_example.data = row.is_example
