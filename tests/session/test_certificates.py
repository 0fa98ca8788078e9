"""A certificate from issue to paper: frozen, sealed, read from the rendered PDF, verified, revoked."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from sqlalchemy import select, text

from app import jobs
from app.certificates import keys
from app.db import Database
from courses.certificates import code as codes
from courses.certificates import issuing, printing, sealing, verifying
from courses.ledger.cases import corrections
from courses.ledger.log import notes
from courses.ledger.models import Entry
from tests import ledgers, shelves, shelves_app
from tests.conftest import Clock


def test_certificate_is_read_from_its_paper_verified_and_revoked(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    assert learner.browser.post("/certificates/", data={"kind": "statement"}).status_code == 303
    assert learner.browser.post("/certificates/", data={"kind": "statement"}).status_code == 303
    jobs.run_due(app)
    page = learner.browser.get("/certificates/").text
    number = page.split(".pdf")[0].rsplit("/", 1)[1]
    assert page.count(".pdf") == 1  # told twice, issued once
    pdf = learner.browser.get(f"/certificates/{number}.pdf").data
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=200 / 72).to_pil()
    scanned = zxingcpp.read_barcodes(image)[0].text
    known = keys.verifiers(app.extensions["xueshi_settings"])
    assert scanned.startswith(keys.verify_url(app.extensions["xueshi_settings"]) + "#")
    found = verifying.verify(scanned, known)
    assert (found.claim.certificate, found.claim.name) == (number, "陆*远")
    assert found.size > 0
    proof = learner.browser.get(f"/certificates/{number}.tlog-proof").text
    assert verifying.verify_file(proof, known) == found
    said = app.test_client().get(f"/verify/{number}.json").json
    assert (said["state"], said["pdf_sha256"]) == ("standing", sha256(pdf).hexdigest())
    refused(scanned, known)
    by_command(scanned, known)


def refused(scanned: str, known: list[notes.Verifier]) -> None:
    """Each way of altering it has its own refusal."""
    good = codes.parse(verifying.digits_of(scanned))
    assert good.proof is not None
    other = notes.Signer("other", notes.ED25519, bytes(32)).verifier
    for altered, by, why in (
        (replace(good, claim=good.claim.replace("陆*远", "王*远")).digits, known, "altered"),
        (replace(good, proof=replace(good.proof, salt=bytes(32))).digits, known, "not_in_log"),
        (good.digits, [other], "unknown_key"),
        (good.digits[:-9], known, "unreadable"),
        ("https://example.com/", known, "unreadable"),
    ):
        with pytest.raises(verifying.Refused) as refusal:
            verifying.verify(altered, by)
        assert refusal.value.code == why


def by_command(scanned: str, known: list[notes.Verifier]) -> None:
    """The command says the same, and needs no database."""
    command = [sys.executable, "-m", "courses.certificates", "verify"]
    given = [word for key in known for word in ("--key", str(key))]
    done = subprocess.run([*command, scanned, *given], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "GENUINE")
    done = subprocess.run([*command, scanned[:-9], *given], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, verifying.SENTENCES["unreadable"])


def test_official_revokes_and_forgetting_a_person_leaves_nothing_to_guess(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    learner.browser.post("/certificates/", data={"kind": "statement"})
    jobs.run_due(app)
    database: Database = app.extensions["xueshi_db"]
    with database.reading() as session:
        issued = issuing.of_subject(session, learner.subject_key)[0]
    number = issued.certificate.id
    path = f"/oversight/learners/{learner.subject_key}"
    outside = shelves_app.district(app, "CZ-WJ", now=clock.at)
    assert outside.post(f"{path}/certificates/{number}/revoke", data={"reason": "核查发现代学"}).status_code == 404
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    assert official.post(f"{path}/certificates/{number}/revoke", data={"reason": " "}).status_code == 422
    assert official.post(f"{path}/certificates/{number}/revoke", data={"reason": "核查发现代学"}).status_code == 303
    assert official.post(f"{path}/certificates/{number}/revoke", data={"reason": "又一次"}).status_code == 409
    said = app.test_client().get(f"/verify/{number}.json").json
    assert said["state"] == "revoked"
    assert "代学" not in str(said)  # the reason is the learner's to read
    assert "核查发现代学" in learner.browser.get("/certificates/").text
    assert learner.browser.get(f"/certificates/{number}.pdf").status_code == 200  # what was issued stays
    learner.browser.post("/certificates/", data={"kind": "statement"})
    with database.writing() as session:
        assert len(issuing.of_subject(session, learner.subject_key)) == 2  # the hours stand: a new one
        assert sealing.findings(session) == []
        session.execute(text("DELETE FROM certificate_holders"))
        assert sealing.findings(session) == []
        assert "陆" not in str(session.execute(text("SELECT facts FROM certificates")).all())
    assert learner.browser.get(f"/certificates/{number}.pdf").status_code == 404


def test_hours_not_earned_are_not_certified(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    life = ledgers.live(app, learner.subject_key, clock)
    half = {"kind": "course", "about": life.half.enrolment.id}
    assert learner.browser.post("/certificates/", data=half).status_code == 409
    page = learner.browser.get("/certificates/").text
    assert "This course is not completed yet." in page
    assert "This requirement is not met yet." in page
    whole = {"kind": "course", "about": life.whole.enrolment.id}
    assert learner.browser.post("/certificates/", data=whole).status_code == 303
    assert learner.browser.post("/certificates/", data={"kind": "course", "about": "another's"}).status_code == 404


def test_altered_paper_is_found_out_by_its_code_and_by_its_bytes(app: Flask, clock: Clock) -> None:
    """Somebody prints more hours and another name around the true code."""
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    learner.browser.post("/certificates/", data={"kind": "statement"})
    jobs.run_due(app)
    with shelves_app.database(app).reading() as session:
        issued = issuing.of_subject(session, learner.subject_key)[0]
        assert issued.holder
        assert issued.seal
        code = sealing.code(session, issued.holder, issued.seal)
    true = issuing.document(issued.certificate, issued.holder)
    url = keys.verify_url(app.extensions["xueshi_settings"])
    altered = printing.pdf(
        true | {"hours": "96", "holder": {"name": "王*强", "document": true["holder"]["document"]}}, code, verify_url=url
    )
    sheet = pypdfium2.PdfDocument(altered)[0]
    words = sheet.get_textpage().get_text_range()
    assert "96" in words
    assert "王*强" in words
    scanned = zxingcpp.read_barcodes(sheet.render(scale=200 / 72).to_pil())[0].text
    answer = app.test_client().post("/verify/", data={"code": scanned})
    page = answer.text
    assert answer.status_code == 200
    assert "陆*远" in page  # what was issued, whatever is printed around it
    assert "王*强" not in page
    english = app.test_client()
    english.get("/locale/en")
    page = english.post("/verify/", data={"code": scanned}).text
    assert "Compare it with the paper line by line" in page
    assert "Where the paper says anything else, the paper was altered." in page
    known = app.test_client().get(f"/verify/{issued.certificate.id}.json").json
    assert known["pdf_sha256"] != sha256(altered).hexdigest()


def test_hours_taken_back_are_told_to_holder_and_officials_who_decide(app: Flask, clock: Clock) -> None:
    learner = ledgers.learner(app, now=clock.at)
    ledgers.live(app, learner.subject_key, clock)
    official = shelves_app.district(app, "CZ-TN", now=clock.at)
    outside = shelves_app.district(app, "CZ-WJ", now=clock.at)
    for browser in (official, outside):
        browser.get("/locale/en")
    learner.browser.post("/certificates/", data={"kind": "statement"})
    jobs.run_due(app)
    assert "No certificate is short" in official.get("/oversight/certificates/").text
    with shelves_app.database(app).writing() as session:
        row = session.scalars(select(Entry).where(Entry.kind == "offline")).one()
        made = corrections.propose(
            session, shelves.district(), entry=row, reason_code="attendance_false", note="签到系代签", now=clock.at
        )
        clock.tick(seconds=1)
        corrections.decide(session, shelves.city(), correction=made, is_approved=True, note="属实", now=clock.at)
    clock.tick(seconds=1)
    jobs.run_due(app)
    clock.tick(seconds=1)
    jobs.run_due(app)  # looked at again, told once
    assert "Hours that stand on one of your certificates were taken back" in learner.browser.get("/ledger/notices").text
    assert official.get("/ledger/notices").text.count("somebody has on a certificate") == 1
    assert "somebody has on a certificate" not in outside.get("/ledger/notices").text
    page = official.get("/oversight/certificates/").text
    address = page.split('href="/oversight/certificates/')[-1].split('"')[0]
    assert "4.5" in page
    assert outside.get(f"/oversight/certificates/{address}").status_code == 404
    assert outside.post(f"/oversight/certificates/{address}", data={"reason": "无妨"}).status_code == 404
    assert official.post(f"/oversight/certificates/{address}", data={"reason": ""}).status_code == 422
    assert official.post(f"/oversight/certificates/{address}", data={"reason": "仅用于入职，不受影响"}).status_code == 303
    assert official.post(f"/oversight/certificates/{address}", data={"reason": "再次"}).status_code == 409
    assert "No certificate is short" in official.get("/oversight/certificates/").text
    assert "不受影响" in learner.browser.get("/ledger/accesses").text
