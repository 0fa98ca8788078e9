"""The pages of the rules: public in plain words; entered by the city after a preview, nothing lost."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from courses import policies
from courses.policies import PolicyVersion
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
def city(app: Flask, clock: Clock) -> FlaskClient:
    client = shelves_app.city(app, now=clock.at)
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


def send(client: FlaskClient, step: str, **changes: Any) -> Any:
    return client.post("/policies/city/new", data=FORM | {"step": step} | changes)


def entered(app: Flask) -> list[PolicyVersion]:
    with shelves_app.database(app).reading() as session:
        return list(session.scalars(select(PolicyVersion)))


def test_a_preview_shows_what_it_means_and_publishes_nothing(app: Flask, city: FlaskClient) -> None:
    page = send(city, "preview", effective_on="2026-01-01").get_data(as_text=True)
    assert "At 50%: 1 hour online is 1/2 credited hours." in page
    assert "All four lessons, once" in page
    assert ">2</span>" in page  # raw 4, credited 2
    assert "It takes effect before today" in page
    assert "示例〔2026〕1号" in page  # what was typed is in the form again
    assert entered(app) == []


def test_publishing_makes_a_version_that_everybody_reads(app: Flask, city: FlaskClient) -> None:
    answer = send(city, "publish", effective_on="2026-01-01", ratio="1/2", cap_share="50%", rounding_mode="floor", rounding_quantum="1/10")
    assert answer.status_code == 303
    (made,) = entered(app)
    assert made.rules["ratio"] == "1/2"
    assert made.rules["daily_cap_ms"] == 21_600_000
    assert made.rules["share_cap"] == {"share": "1/2", "base": "required", "measured_on": "credited"}
    assert made.rules["rounding"] == {"mode": "floor", "quantum": "1/10", "point": "course"}
    anybody = app.test_client()
    for path in ("/policies/", answer.headers["Location"]):
        read = anybody.get(path)
        assert read.status_code == 200
        assert "线上学习课时折算办法（示例）" in read.get_data(as_text=True)
    assert "二分之一" in anybody.get(answer.headers["Location"]).get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("ratio", "a half", "Write a number such as 2, 1/2, 80% or 4.5."),
        ("ratio", "-1/2", "Not below 0."),
        ("hour_minutes", "0", "Above 0."),
        ("completion_threshold", "120%", "Above 0 and at most 1 (100%)."),
        ("ratio_steps", "often", "Write one step a line, such as 30 = 1/2."),
        ("until_on", "2027-01-01", "These dates would leave days without any rule."),
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
    answer = send(city, "publish", **{field: value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "线上学习课时按二分之一计入培训总学时。" in page
    assert entered(app) == []


def test_steps_and_full_width_numbers_are_understood(app: Flask, city: FlaskClient) -> None:
    send(city, "publish", ratio="１／２", ratio_steps="30 = 1/2\n45＝1")
    (made,) = entered(app)
    assert made.rules["ratio"] == "1/2"
    assert made.rules["ratio_steps"] == [
        {"at_least_ms": 1_800_000, "hours": "1/2"}, {"at_least_ms": 2_700_000, "hours": "1"},
    ]


def test_superseding_starts_from_what_the_version_says(app: Flask, city: FlaskClient) -> None:
    send(city, "publish", ratio="2/3", cap_share="1/2", prompt_minutes="15", heartbeat_gap_minutes="5", ratio_steps="30 = 1/2")
    (made,) = entered(app)
    page = city.get(f"/policies/city/new?from={made.id}").get_data(as_text=True)
    assert 'value="2/3"' in page
    assert "30 = 1/2" in page
    assert made.prompts == {"every_ms": 900_000, "answer_within_ms": 60_000, "way": "tap"}


def test_how_long_photos_are_kept_stands_beside_the_version(app: Flask, city: FlaskClient) -> None:
    assert send(city, "publish", prompt_minutes="15", prompt_way="face", picture_days="181").status_code == 422
    send(city, "publish", prompt_minutes="15", prompt_way="face", picture_days="14")
    (made,) = entered(app)
    assert made.prompts == {"every_ms": 900_000, "answer_within_ms": 60_000, "way": "face", "picture_days": 14}
    assert "picture_days" not in made.rules
    assert 'value="14"' in city.get(f"/policies/city/new?from={made.id}").get_data(as_text=True)
    page = city.get(f"/policies/{made.id}").get_data(as_text=True)
    assert "deleted after 14 days" in page


def test_only_the_city_enters_rules(app: Flask, clock: Clock) -> None:
    district = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert district.get("/policies/city/new").status_code == 403
    assert send(district, "publish").status_code == 403
    assert entered(app) == []


def test_before_any_rule_the_list_says_so(app: Flask) -> None:
    page = app.test_client().get("/policies/").get_data(as_text=True)
    assert "目前没有生效的规则" in page


def test_an_unknown_version_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/policies/nothing").status_code == 404


def test_a_districts_rule_shows_beside_the_citys(app: Flask, city: FlaskClient, clock: Clock) -> None:
    send(city, "publish", effective_on="2026-01-01")
    clock.tick(seconds=1)
    assert send(city, "publish", effective_on="2026-05-01", jurisdiction_id="CZ-TN", ratio="1/3").status_code == 303
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
    answer = send(city, "publish", prompt_minutes="15", prompt_seconds=seconds)
    assert answer.status_code == 422
    assert 'href="#prompt_seconds"' in answer.get_data(as_text=True)
    assert entered(app) == []


def test_how_presence_is_asked_is_said_on_the_public_page(app: Flask, city: FlaskClient) -> None:
    send(city, "publish", prompt_minutes="20", prompt_seconds="90", prompt_way="question")
    (made,) = entered(app)
    assert made.prompts == {"every_ms": 1_200_000, "answer_within_ms": 90_000, "way": "question"}
    page = city.get(f"/policies/{made.id}").get_data(as_text=True)
    assert "About every 20 minutes" in page
    assert "90 seconds to answer" in page
    assert "It is a question of the lesson" in page
