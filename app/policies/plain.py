"""A rule in plain language: each field of `credit-rules.md` 3 as a term and a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from app.templating import decimal_text, is_chinese
from courses import policies
from courses.people.jurisdictions import Jurisdiction
from courses.policies import PolicyVersion
from courses.units import MS_PER_HOUR, MS_PER_MINUTE
from courses.watch.presence import PICTURE_DAYS


def _(text: str, **values: Any) -> str:
    """A text in the page's language."""
    return str(gettext(text, **values))


SENTENCES: dict[str, dict[str, Any]] = {
    "partial_credit": {
        "none": lazy("Hours are credited when the whole course is covered up to the threshold."),
        "per_lesson": lazy("Each lesson is credited by itself once it is covered up to the threshold."),
        "pro_rata": lazy("Every minute counts as it is watched; there is no threshold."),
    },
    "speed": {
        "wall": lazy("Watching faster saves no time: what counts is the time that really passed."),
        "media": lazy("The length of what was shown counts, at whatever speed."),
        "reject": lazy("What is watched faster than normal counts nothing."),
    },
    "seek_forward": {
        "allowed": lazy("Jumping ahead is allowed; what was skipped is simply not covered."),
        "blocked": lazy("What is watched after jumping ahead does not count."),
    },
    "concurrency": {
        "latest_wins": lazy("Of two lessons playing at once, the one begun last counts."),
        "first_wins": lazy("Of two lessons playing at once, the one begun first counts."),
        "void_overlap": lazy("While two lessons play at once, neither counts."),
    },
    "policy_binding": {
        "enrolment": lazy("The ratio in force on the day of enrolment stays for the whole course."),
        "segment": lazy("Each minute counts by the ratio in force when it was watched."),
        "completion": lazy("The ratio in force when the course is completed applies to all of it."),
    },
    "presence": {
        "exclude_until_verified": lazy("After a missed check, time does not count until the next passed one."),
        "rollback_to_last_pass": lazy("After a missed check, time since the last passed one does not count either."),
        "void_course": lazy("A missed check voids all time of the course."),
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """A term, what it says, and whether it is more than the default."""

    term: str
    text: str
    is_main: bool

    @property
    def pair(self) -> tuple[str, str]:
        """As a data list takes it."""
        return self.term, self.text


def rows(rules: Mapping[str, Any], prompts: Mapping[str, Any] | None = None) -> list[Row]:
    """The whole rule, what everybody asks for first."""
    main = [
        (_("One hour of training"), hour(rules)),
        (_("Online hours count"), ratio(rules)),
        (_("What must be watched"), threshold(rules)),
        (_("Daily limit"), daily_cap(rules)),
        (_("Share of a requirement"), share_cap(rules)),
        (_("Exam"), exam(rules)),
    ]
    fine = [
        (_("Speed"), sentence(rules, "speed")),
        (_("Jumping ahead"), sentence(rules, "seek_forward")),
        (_("Two at once"), sentence(rules, "concurrency")),
        (_("Which version applies"), sentence(rules, "policy_binding")),
        (_("Rounding"), rounding(rules)),
        (_("Presence checks"), presence(rules, prompts)),
        (_("Lost connection"), heartbeat(rules)),
        (_("Practical hours"), practical(rules)),
        (_("Hours from elsewhere"), transfers(rules)),
        (_("Day and time zone"), _("A day runs from 00:00 to 24:00 in the zone %(zone)s.", zone=rules["timezone"])),
    ]
    return [Row(term, text, True) for term, text in main] + [Row(term, text, False) for term, text in fine]


def sentence(rules: Mapping[str, Any], name: str) -> str:
    """The sentence of a field that is a choice."""
    return str(SENTENCES[name][rules[name]])


def minutes(ms: int) -> str:
    """Milliseconds as minutes, without needless decimals."""
    return decimal_text(Fraction(ms, MS_PER_MINUTE), 2)


def share(value: str) -> str:
    """`80%` where that is exact, else the fraction."""
    exact = Fraction(value)
    percent = exact * 100
    return f"{percent}%" if percent.denominator == 1 else str(exact)


def hour(rules: Mapping[str, Any]) -> str:
    return _("%(minutes)s minutes", minutes=minutes(rules["hour_ms"]))


def ratio(rules: Mapping[str, Any]) -> str:
    steps = rules["ratio_steps"]
    if steps:
        parts = [
            _("from %(minutes)s minutes: %(hours)s hours", minutes=minutes(step["at_least_ms"]), hours=step["hours"])
            for step in sorted(steps, key=lambda step: step["at_least_ms"])
        ]
        return _("By the effective time of each lesson: %(steps)s.", steps="; ".join(parts))
    value = Fraction(rules["ratio"])
    if value == 1:
        return _("In full: 1 hour online is 1 credited hour.")
    return _("At %(share)s: 1 hour online is %(hours)s credited hours.", share=share(rules["ratio"]), hours=value)


def ratio_short(rules: Mapping[str, Any]) -> str:
    """The ratio for a table."""
    return _("by steps") if rules["ratio_steps"] else share(rules["ratio"])


def threshold_short(rules: Mapping[str, Any]) -> str:
    """The threshold for a table."""
    return _("every minute counts") if rules["partial_credit"] == "pro_rata" else share(rules["completion_threshold"])


def threshold(rules: Mapping[str, Any]) -> str:
    said = sentence(rules, "partial_credit")
    if rules["partial_credit"] == "pro_rata":
        return said
    return _("%(share)s of the course's length. ", share=share(rules["completion_threshold"])) + said


def daily_cap(rules: Mapping[str, Any]) -> str:
    cap = rules["daily_cap_ms"]
    if cap is None:
        return _("None.")
    return _(
        "%(minutes)s minutes a day (%(hours)s hours of training), over all courses. What is beyond can be watched on another day.",
        minutes=minutes(cap), hours=decimal_text(Fraction(cap, rules["hour_ms"]), 2),
    )


def share_cap(rules: Mapping[str, Any]) -> str:
    cap = rules["share_cap"]
    if cap is None:
        return _("Online hours may fill a requirement whole.")
    said = (
        _("Online hours may fill at most %(share)s of a requirement.", share=share(cap["share"]))
        if cap["base"] == "required"
        else _("Online hours may be at most %(share)s of all hours that count.", share=share(cap["share"]))
    )
    return said + (_(" Measured on hours before the ratio.") if cap["measured_on"] == "raw" else "")


def exam(rules: Mapping[str, Any]) -> str:
    given = rules["exam"]
    said = [_("Where the course has an exam: %(mark)s to pass.", mark=given["pass_mark"])]
    if given["max_attempts"] is not None:
        said.append(_("%(number)s attempts; then the course is watched again.", number=given["max_attempts"]))
    if given["cooldown_ms"]:
        said.append(_("%(hours)s hours between attempts.", hours=decimal_text(Fraction(given["cooldown_ms"], MS_PER_HOUR), 2)))
    return " ".join(said)


def rounding(rules: Mapping[str, Any]) -> str:
    given = rules["rounding"]
    if given["mode"] == "none":
        return _("None: hours are kept as exact fractions.")
    modes = {
        "floor": _("down to a multiple of %(quantum)s", quantum=given["quantum"]),
        "half_up": _("to the nearest multiple of %(quantum)s, halves up", quantum=given["quantum"]),
        "ceil": _("up to a multiple of %(quantum)s", quantum=given["quantum"]),
    }
    point = _("for each lesson") if given["point"] == "lesson" else _("once for the course")
    return _("Hours are rounded %(mode)s, %(point)s.", mode=modes[given["mode"]], point=point)


def presence(rules: Mapping[str, Any], prompts: Mapping[str, Any] | None) -> str:
    said = str(SENTENCES["presence"][rules["presence"]["on_fail"]])
    if not prompts:
        return _("No checks are asked for now.") + " " + said
    often = _(
        "About every %(minutes)s minutes, at times that nobody can foretell, with %(seconds)s seconds to answer.",
        minutes=minutes(prompts["every_ms"]),
        seconds=prompts["answer_within_ms"] // 1000,
    )
    way = {
        "tap": _("A tap answers it."),
        "question": _("It is a question of the lesson, or a tap where the lesson has none."),
        "face": _(
            "Those who agreed to it may answer by a photo; for all others, and whenever they prefer, it is a question or a tap. "
            "A photo that matches is not kept, one that does not is deleted after %(days)s days.",
            days=prompts.get("picture_days", PICTURE_DAYS),
        ),
    }
    return f"{often} {way[prompts.get('way', 'tap')]} {said}"


def heartbeat(rules: Mapping[str, Any]) -> str:
    gap = rules["heartbeat_gap_ms"]
    if gap is None:
        return _("Silence of the player voids nothing.")
    said = _("Where the player is silent for more than %(minutes)s minutes, the time between does not count.", minutes=minutes(gap))
    return said + (_(" The first %(minutes)s minutes of it do.", minutes=minutes(gap)) if rules["gap_grant"] == "allowance" else "")


def practical(rules: Mapping[str, Any]) -> str:
    if rules["practical_online"]:
        return _("Online hours may also fill practical requirements.")
    return _("Nothing online fills a practical requirement.")


def transfers(rules: Mapping[str, Any]) -> str:
    said = (
        _("Accepted up to %(months)s months after they were taken.", months=rules["validity_months"])
        if rules["validity_months"] is not None
        else _("Accepted without a time limit.")
    )
    return said + (_(" The ratio applies to them too.") if rules["transfer_applies_ratio"] else "")


def place_name(place: Jurisdiction) -> str:
    """A jurisdiction in the page's language."""
    return place.name_zh if is_chinese() else place.name_en


def first_day(version: PolicyVersion) -> date:
    """The first day it is in force, in its own zone."""
    return policies.day_of(version.effective_from, version.zone)


def until_day(version: PolicyVersion) -> date | None:
    """The day from which on it is no longer in force, in its own zone."""
    return policies.day_of(version.effective_to, version.zone) if version.effective_to else None
