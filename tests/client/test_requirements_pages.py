"""Required hours in pages: posts entered by the enterprise, what a worker still needs, and rules with their marks."""

import re
from datetime import date
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import jobs
from courses.ledger import settlement
from courses.ledger.required import industries
from courses.people import persons
from courses.people.organisations import Membership, Organisation, Role
from tests import ledgers, required, shelves, shelves_app, watching
from tests.conftest import Clock
from tests.ledgers import Learner
from tests.required import standing

HOUR_MS = 2_700_000
CAP = {"share": "1/2", "base": "required", "measured_on": "credited"}


class Works:
    """An ordinary enterprise with its manager and one employee, in a city with the national figures."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.app, self.clock = app, clock
        self.learner: Learner = ledgers.learner(app, now=clock.at)
        with shelves_app.database(app).writing() as session:
            required.national(session)
            watching.policy(session, now=clock.at, share_cap=CAP)
            self.body: Organisation = required.enterprise(session, industry="", now=clock.at)
            person = persons.person_of(session, self.learner.subject_key)
            held = Membership(
                person_id=person.id, organisation_id=self.body.id, role=Role.EMPLOYEE, from_on=date(2026, 1, 1)
            )
            session.add(held)
            session.flush()
            self.membership_id = held.id
        self.boss = shelves_app.signed_in(app, now=clock.at, role=Role.ENTERPRISE_MANAGER, at=self.body)
        for client in (self.boss, self.learner.browser):
            with client.session_transaction() as kept:
                kept["locale"] = "en"

    @property
    def page(self) -> str:
        """The employee's page."""
        return f"/requirements/staff/{self.membership_id}"

    def classify(self, industry: str = "MACH") -> None:
        """The bureau says what it does."""
        with shelves_app.database(self.app).writing() as session:
            industries.enter(
                session, shelves.district(), self.body.id, industry=industry, from_on=date(2026, 1, 1), now=self.clock.at
            )

    def appoint(self, **more: str) -> int:
        """Send the form of a post."""
        sent = {"trainee": "safety_manager", "post": "安全员", "from_on": "2026-05-01"} | more
        return self.boss.post(self.page, data=sent).status_code

    def offer(self, title: str, *, hours: int, **facts: list[str]) -> str:
        """A course on offer."""
        chosen = {"trainees": ["safety_manager"], "occasions": ["initial"], "industries": ["MACH"]} | facts
        with shelves_app.database(self.app).writing() as session:
            owner = shelves.institution(session)
            return shelves.published(
                session, owner, title=title, durations_ms=(hours * HOUR_MS,), now=self.clock.at, **chosen
            ).id


@pytest.fixture
def works(app: Flask, clock: Clock) -> Works:
    return Works(app, clock)


def text(client: FlaskClient, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def test_a_post_is_entered_and_the_worker_sees_what_is_needed_and_which_courses_fill_it(works: Works) -> None:
    works.classify()
    fitting = works.offer("机械企业安全管理", hours=10)
    small = works.offer("安全员入门", hours=2)
    works.offer("化工企业安全管理", hours=20, industries=["HAZCHEM"])
    works.offer("班组长课程", hours=20, trainees=["team_leader"])
    assert works.appoint() == 303
    told = text(works.learner.browser, "/requirements/")
    assert "Safety managers: initial training" in told
    assert "153 days left, until 2026-10-31" in told
    assert "sourced 生产经营单位安全培训规定" in told
    assert (told.index("机械企业安全管理"), "10 of 32 hours" in told) < (told.index("安全员入门"), True)
    assert "化工企业安全管理" not in told
    assert "班组长课程" not in told
    assert re.search(r"Counts now 0 With these courses .* 12 Still short then 20", told)
    linked = re.findall(r'fill-list__title"><a href="/catalogue/courses/(\w+)"', works.learner.browser.get("/requirements/").text)
    assert linked == [fitting, small]
    listed = text(works.boss, "/requirements/staff/?short=1&trainee=safety_manager")
    assert "陆思远" in listed
    assert "0 of 32 hours" in listed
    assert "Nobody fits this choice" in text(works.boss, "/requirements/staff/?occasion=cert_review")


def test_online_hours_are_offered_up_to_the_cap_and_practice_never(works: Works) -> None:
    works.classify()
    works.offer("大课", hours=30)
    city = shelves_app.city(works.app, now=works.clock.at)
    sent = {"hours": "32", "practical": "8", "grace_months": "6", "from_on": "2026-04-01", "source": "示例", "mark": "assumed"}
    assert city.post("/requirements/rules/national-05", data=sent).status_code == 303
    assert works.appoint() == 303
    told = text(works.learner.browser, "/requirements/")
    assert "16 of 32 hours" in told  # half of what is required, though the course gives thirty
    assert "assumed 示例" in told
    assert "Still short 8 Only practical training in person fills this" in told
    assert "Still short then 16" in told
    assert told.count("Courses that would fill it") == 1


def test_a_course_is_offered_until_it_has_given_its_hours(works: Works) -> None:
    works.classify()
    works.appoint()
    key = works.learner.subject_key
    with shelves_app.database(works.app).writing() as session:
        taking = watching.taking(
            session, key, now=works.clock.at, title="看过的课", trainees=["safety_manager"], occasions=["initial"],
            industries=["MACH"],
        )  # fmt: skip
    assert "看过的课" in text(works.learner.browser, "/requirements/")
    with shelves_app.database(works.app).writing() as session:
        works.clock.at = ledgers.watch(session, taking, works.clock.at)
        settlement.settle(session, key, now=works.clock.at)
    told = text(works.learner.browser, "/requirements/")
    assert "看过的课" not in told
    assert "Online, countable 0.02" in told


def test_without_what_the_enterprise_does_no_post_is_taken(works: Works) -> None:
    assert "Say what it does" in text(works.boss, "/requirements/staff/")
    assert works.appoint() == 422
    url = f"/requirements/staff/industry/{works.body.id}"
    assert works.boss.post(url, data={"industry": "TEXTILE", "from_on": "2026-01-01"}).status_code == 303
    assert works.appoint() == 303
    works.classify("FIREWORKS")
    answer = works.boss.post(url, data={"industry": "TEXTILE", "from_on": "2026-06-01"})
    assert answer.status_code == 422
    assert "Your bureau has entered" in answer.text


def test_bad_input_names_the_field_and_keeps_the_others(works: Works) -> None:
    works.classify()
    for wrong, sentence in (
        ({"from_on": "1026-05-01"}, "Choose a day of a working life"),
        ({"from_on": ""}, "Fill this in."),
        ({"trained_on": "2030-01-01"}, "Choose the day on which that training was finished."),
        ({"trainee": "emperor"}, "Not a valid choice"),
        ({"post": " " * 3}, "Fill this in."),
    ):
        sent = {"trainee": "principal", "post": "总经理", "from_on": "2026-05-01"} | wrong
        answer = works.boss.post(works.page, data=sent)
        assert answer.status_code == 422
        assert sentence in unescape(answer.text)
        assert "总经理" in answer.text or "post" in wrong
    assert works.appoint() == 303
    assert works.appoint() == 422  # twice


def test_whoever_leaves_is_gone_from_the_enterprise_and_owes_it_nothing(works: Works) -> None:
    works.classify()
    works.appoint()
    with shelves_app.database(works.app).writing() as session:
        session.get_one(Membership, works.membership_id).to_on = date(2026, 6, 2)
    works.clock.tick(hours=20)
    jobs.run_due(works.app, works.clock.at)
    assert "陆思远" not in text(works.boss, "/requirements/staff/")
    text(works.boss, works.page, status=404)
    with shelves_app.database(works.app).reading() as session:
        assert standing(session, works.learner.subject_key) == []
    assert "Nothing is required of you at present" in text(works.learner.browser, "/requirements/")


def test_a_lost_message_is_made_up_by_the_sweep(works: Works) -> None:
    works.classify()
    works.appoint(from_on="2026-06-08")
    assert "Nothing is required of you at present" in text(works.learner.browser, "/requirements/")
    works.clock.tick(days=8)
    jobs.run_due(works.app, works.clock.at)
    assert "initial training" in text(works.learner.browser, "/requirements/")


def test_rules_stand_with_their_marks_and_are_superseded_never_edited(works: Works) -> None:
    visitor = works.app.test_client()
    visitor.get("/locale/en")
    told = text(visitor, "/requirements/rules/")
    assert told.count("not known") > 10
    assert "trainings 6 to 18 months apart" in told
    assert "general knowledge 未见全国统一规定" in told
    city = shelves_app.city(works.app, now=works.clock.at)
    with city.session_transaction() as kept:
        kept["locale"] = "en"
    wrong = {"hours": "12", "practical": "13", "from_on": "2027-01-01", "source": "示例〔9〕号", "mark": "sourced"}
    answer = city.post("/requirements/rules/national-02", data=wrong)
    assert answer.status_code == 422
    assert "Practical hours are part of the hours" in answer.text
    assert "示例〔9〕号" in answer.text
    sent = wrong | {"hours": "12.5", "practical": "", "period_months": "12"}
    assert city.post("/requirements/rules/national-02", data=sent).status_code == 303
    assert city.post("/requirements/rules/national-02", data=sent).status_code == 422
    told = text(visitor, "/requirements/rules/")
    assert "Still to come" in told
    assert "12.5" in told[told.index("Still to come") :]
    works.clock.tick(days=400)
    assert "Superseded" in text(visitor, "/requirements/rules/")


def test_an_official_sees_posts_and_intervals_in_the_record(works: Works) -> None:
    works.classify()
    works.appoint(from_on="2024-01-01", trained_on="2024-12-05")
    district = shelves_app.district(works.app, "CZ-TN", now=works.clock.at)
    with district.session_transaction() as kept:
        kept["locale"] = "en"
    url = f"/oversight/learners/{works.learner.subject_key}"
    assert district.post(url + "/open", data={"reason": "双随机抽查"}).status_code == 303
    told = text(district, url)
    assert "Safety managers: yearly retraining" in told
    assert "interval between trainings Last training: 2024-12-05. Not before 2025-06-05. Not after 2026-06-05." in told
    works.clock.tick(days=6)
    assert "too late after the last training" in text(works.learner.browser, "/requirements/")
