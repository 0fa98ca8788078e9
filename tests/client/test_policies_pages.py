"""The pages of the rules: public in plain words; drafted, simulated and approved by two of the city's officers."""

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import jobs
from courses import policies
from courses.people.organisations import Role
from courses.policies import PolicyVersion
from courses.policies.drafts import PolicyDraft
from tests import shelves_app
from tests.conftest import Clock

FORM: dict[str, Any] = {
    "jurisdiction_id": "CZ", "effective_on": "2026-07-01", "title": "线上学习课时折算办法（示例）",
    "number": "示例〔2026〕1号", "text": "线上学习课时按二分之一计入培训总学时。", "ratio": "50%",
    "hour_minutes": "45", "completion_threshold": "95%", "partial_credit": "none", "daily_cap_minutes": "360",
    "speed": "wall", "rate_tolerance": "1/20", "seek_forward": "allowed", "concurrency": "latest_wins",
    "policy_binding": "enrolment", "rounding_mode": "none", "rounding_quantum": "", "rounding_point": "course",
    "cap_share": "", "cap_base": "required", "cap_measured_on": "credited", "ratio_steps": "",
    "pass_mark": "80", "max_attempts": "", "cooldown_hours": "", "on_fail": "exclude_until_verified", "prompt_way": "tap",
    "prompt_minutes": "", "heartbeat_gap_minutes": "", "gap_grant": "none", "validity_months": "",
}


@pytest.fixture
def officers(app: Flask, clock: Clock) -> list[FlaskClient]:
    bureau = shelves_app.authority(app, "CZ")
    found = [shelves_app.signed_in(app, now=clock.at, role=Role.CITY_REGULATOR, at=bureau) for _ in range(2)]
    for client in found:
        with client.session_transaction() as kept:
            kept["locale"] = "en"
    return found


@pytest.fixture
def city(officers: list[FlaskClient]) -> FlaskClient:
    """The one who drafts."""
    return officers[0]


@pytest.fixture
def second(officers: list[FlaskClient]) -> FlaskClient:
    """The one who approves."""
    return officers[1]


def send(client: FlaskClient, **changes: Any) -> Any:
    return client.post("/policies/city/new", data=FORM | changes)


def step(client: FlaskClient, place: str, what: str, **data: Any) -> Any:
    """Do something with a draft as its page shows it, every warning confirmed."""
    page = client.get(place).get_data(as_text=True)
    shown = re.search(r'name="revision" value="(\d+)"', page)
    ticks = [html.unescape(key) for key in re.findall(r'name="confirmed" value="([^"]*)"', page)]
    return client.post(f"{place}/{what}", data={"revision": shown[1] if shown else "", "confirmed": ticks} | data)


def drafted(app: Flask, client: FlaskClient, **changes: Any) -> str:
    """A draft, simulated; the address of its page."""
    place = str(send(client, **changes).headers["Location"])
    simulate(app, client, place)
    return place


def simulate(app: Flask, client: FlaskClient, place: str) -> None:
    assert client.post(f"{place}/simulate", data={"first_on": "2026-01-01", "last_on": "2026-05-31"}).status_code == 303
    jobs.run_due(app)


def publish(app: Flask, officers: list[FlaskClient], **changes: Any) -> Any:
    """The whole way; the answer to the approval."""
    place = drafted(app, officers[0], **changes)
    assert step(officers[0], place, "submit").status_code == 303
    return step(officers[1], place, "approve")


def entered(app: Flask) -> list[PolicyVersion]:
    with shelves_app.database(app).reading() as session:
        return list(session.scalars(select(PolicyVersion)))


def kept(app: Flask) -> list[PolicyDraft]:
    with shelves_app.database(app).reading() as session:
        return list(session.scalars(select(PolicyDraft)))


def test_a_draft_shows_what_it_means_and_publishes_nothing(app: Flask, city: FlaskClient) -> None:
    page = city.get(send(city, effective_on="2026-01-01").headers["Location"]).get_data(as_text=True)
    assert "At 50%: 1 hour online is 1/2 credited hours." in page
    assert "All four lessons, once" in page
    assert ">2</span>" in page  # raw 4, credited 2
    assert "It takes effect in the past" in page
    assert "示例〔2026〕1号" in page
    assert entered(app) == []


def test_approved_by_a_second_officer_it_is_a_version_that_everybody_reads(
    app: Flask, officers: list[FlaskClient]
) -> None:
    answer = publish(
        app, officers, effective_on="2026-01-01", ratio="1/2", cap_share="50%", rounding_mode="floor",
        rounding_quantum="1/10",
    )
    assert answer.status_code == 303
    (made,) = entered(app)
    assert made.rules["ratio"] == "1/2"
    assert made.rules["daily_cap_ms"] == 21_600_000
    assert made.rules["share_cap"] == {"share": "1/2", "base": "required", "measured_on": "credited"}
    assert made.rules["rounding"] == {"mode": "floor", "quantum": "1/10", "point": "course"}
    assert made.approved_by not in (None, made.entered_by)
    anybody = app.test_client()
    for path in ("/policies/", answer.headers["Location"]):
        read = anybody.get(path)
        assert read.status_code == 200
        assert "线上学习课时折算办法（示例）" in read.get_data(as_text=True)
    assert "二分之一" in anybody.get(answer.headers["Location"]).get_data(as_text=True)


def test_nobody_approves_their_own_draft_nor_one_that_was_not_simulated(
    app: Flask, city: FlaskClient, second: FlaskClient
) -> None:
    place = str(send(city).headers["Location"])
    refused = step(city, place, "submit")
    assert refused.status_code == 409
    assert "Simulate it first" in refused.get_data(as_text=True)
    simulate(app, city, place)
    assert step(second, place, "submit").status_code == 409
    assert step(city, place, "submit").status_code == 303
    assert "Somebody else must decide" in step(city, place, "approve", revision="1").get_data(as_text=True)
    assert entered(app) == []


def test_a_changed_draft_needs_a_new_look_and_a_new_simulation(
    app: Flask, city: FlaskClient, second: FlaskClient
) -> None:
    place = drafted(app, city)
    step(city, place, "submit")
    assert city.post(f"{place}/edit", data=FORM | {"revision": "1", "ratio": "1/3"}).status_code == 409
    step(city, place, "take-back")
    assert city.post(f"{place}/edit", data=FORM | {"revision": "1", "ratio": "1/3"}).status_code == 303
    assert city.post(f"{place}/edit", data=FORM | {"revision": "1", "ratio": "1/4"}).status_code == 409  # an old tab
    assert step(city, place, "submit").status_code == 409
    simulate(app, city, place)
    step(city, place, "submit")
    old = step(second, place, "approve", revision="1")
    assert old.status_code == 409
    assert "was changed meanwhile" in old.get_data(as_text=True)
    assert step(second, place, "approve").status_code == 303
    assert [version.rules["ratio"] for version in entered(app)] == ["1/3"]
    assert step(second, place, "approve").status_code == 409  # and only once


def test_warnings_are_confirmed_and_errors_stop(app: Flask, city: FlaskClient, second: FlaskClient) -> None:
    place = drafted(app, city, effective_on="2026-01-01")
    unread = step(city, place, "submit", confirmed=[])
    assert unread.status_code == 409
    assert "Confirm each warning" in unread.get_data(as_text=True)
    assert step(city, place, "submit").status_code == 303
    bad = drafted(app, city, number="", ratio_steps="30 = 1\n45 = 1/2")
    page = city.get(bad).get_data(as_text=True)
    assert "A longer lesson would earn fewer hours than a shorter one." in page
    assert "Give the number of the document" in page
    assert step(city, bad, "submit").status_code == 422
    returned = step(second, place, "return", note="请补充依据。")
    assert returned.status_code == 303
    assert "请补充依据。" in city.get(place).get_data(as_text=True)
    assert step(second, place, "return", note="again").status_code == 409
    assert step(city, place, "withdraw", note="").status_code == 422
    assert step(city, place, "withdraw", note="另行起草。").status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("ratio", "a half", "Write a number such as 2, 1/2, 80% or 4.5."),
        ("ratio", "-1/2", "Not below 0."),
        ("hour_minutes", "0", "Above 0."),
        ("completion_threshold", "120%", "Above 0 and at most 1 (100%)."),
        ("ratio_steps", "often", "Write one step a line, such as 30 = 1/2."),
        ("title", "", "Fill this in."),
        ("rounding_mode", "floor", "Say to what hours are rounded, such as 1/10."),
        ("cap_share", "3/2", "From 0 to 1 (100%)."),
        ("max_attempts", "0", "At least 1."),
        ("hour_minutes", "45.00001", "Write a time of whole milliseconds, not below 0."),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    app: Flask, city: FlaskClient, field: str, value: str, said: str
) -> None:
    answer = send(city, **{field: value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "线上学习课时按二分之一计入培训总学时。" in page
    assert kept(app) == []


def test_steps_and_full_width_numbers_are_understood(app: Flask, city: FlaskClient) -> None:
    send(city, ratio="１／２", ratio_steps="30 = 1/2\n45＝1")
    (made,) = kept(app)
    assert made.rules["ratio"] == "1/2"
    assert made.rules["ratio_steps"] == [
        {"at_least_ms": 1_800_000, "hours": "1/2"}, {"at_least_ms": 2_700_000, "hours": "1"},
    ]


def test_superseding_starts_from_what_the_version_says(
    app: Flask, officers: list[FlaskClient], city: FlaskClient
) -> None:
    publish(app, officers, ratio="2/3", cap_share="1/2", prompt_minutes="15", heartbeat_gap_minutes="5", ratio_steps="30 = 1/2")
    (made,) = entered(app)
    page = city.get(f"/policies/city/new?from={made.id}").get_data(as_text=True)
    assert 'value="2/3"' in page
    assert "30 = 1/2" in page
    assert made.prompts == {"every_ms": 900_000, "answer_within_ms": 60_000, "way": "tap"}


def test_how_long_photos_are_kept_stands_beside_the_version(
    app: Flask, officers: list[FlaskClient], city: FlaskClient
) -> None:
    assert send(city, prompt_minutes="15", prompt_way="face", picture_days="181").status_code == 422
    publish(app, officers, prompt_minutes="15", prompt_way="face", picture_days="14")
    (made,) = entered(app)
    assert made.prompts == {"every_ms": 900_000, "answer_within_ms": 60_000, "way": "face", "picture_days": 14}
    assert "picture_days" not in made.rules
    assert 'value="14"' in city.get(f"/policies/city/new?from={made.id}").get_data(as_text=True)
    page = city.get(f"/policies/{made.id}").get_data(as_text=True)
    assert "deleted after 14 days" in page


def test_only_the_city_enters_rules(app: Flask, clock: Clock) -> None:
    district = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert district.get("/policies/city/new").status_code == 403
    assert send(district).status_code == 403
    assert kept(app) == []


def test_before_any_rule_the_list_says_so(app: Flask) -> None:
    page = app.test_client().get("/policies/").get_data(as_text=True)
    assert "目前没有生效的规则" in page


def test_an_unknown_version_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/policies/nothing").status_code == 404


def test_a_districts_rule_shows_beside_the_citys(
    app: Flask, officers: list[FlaskClient], city: FlaskClient, clock: Clock
) -> None:
    publish(app, officers, effective_on="2026-01-01")
    clock.tick(seconds=1)
    loose = city.get(send(city, effective_on="2026-05-01", jurisdiction_id="CZ-TN", ratio="2/3").headers["Location"])
    assert "a district may tighten what the city set, not loosen it" in loose.get_data(as_text=True)
    own = publish(app, officers, effective_on="2026-05-01", jurisdiction_id="CZ-TN", ratio="1/3")
    assert own.status_code == 303
    clock.tick(seconds=1)
    page = city.get("/policies/").get_data(as_text=True)
    assert "cz-tn-online@1" in page
    assert "1/3" in page
    with shelves_app.database(app).reading() as session:
        assert policies.in_force(session, "CZ-WJ", at=clock.at, known_at=clock.at).label == "cz-online@1"


@pytest.mark.parametrize("seconds", ["29", "601", "soon"])
def test_the_time_to_answer_is_neither_too_short_nor_longer_than_evidence_may_change(
    app: Flask, city: FlaskClient, seconds: str
) -> None:
    answer = send(city, prompt_minutes="15", prompt_seconds=seconds)
    assert answer.status_code == 422
    assert 'href="#prompt_seconds"' in answer.get_data(as_text=True)
    assert kept(app) == []


def test_how_presence_is_asked_is_said_on_the_public_page(
    app: Flask, officers: list[FlaskClient], city: FlaskClient
) -> None:
    publish(app, officers, prompt_minutes="20", prompt_seconds="90", prompt_way="question")
    (made,) = entered(app)
    assert made.prompts == {"every_ms": 1_200_000, "answer_within_ms": 90_000, "way": "question"}
    page = city.get(f"/policies/{made.id}").get_data(as_text=True)
    assert "About every 20 minutes" in page
    assert "90 seconds to answer" in page
    assert "It is a question of the lesson" in page
