"""A class in person on its pages: recorded by the institution, reviewed by the bureau, then in the statement."""

import json
import re
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import jobs
from app.files import sending
from courses.files import verifying
from courses.ledger.models import OfflineHours
from courses.people.organisations import Role
from tests import ledgers, shelves, shelves_app
from tests.conftest import Clock
from tests.ledgers import Learner

PNG = b"\x89PNG\r\n\x1a\n register"


def english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as kept:
        kept["locale"] = "en"
    return client


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def recorded(staff: FlaskClient, lu: Learner, *, organisation_id: str, teacher: str) -> str:
    """The institution's part, with what it may do wrong; returns the address of the closed class."""
    assert "No class yet" in shown(staff, "/classes/")
    plan = {"organisation_id": organisation_id, "title": "有限空间实操班", "place": "一号训练场", "syllabus": "通风、检测、监护"}
    assert staff.post("/classes/new", data=plan).status_code == 422  # nobody teaches
    path = staff.post("/classes/new", data=plan | {"instructors": teacher}).location
    sitting = {"on": "2026-05-20", "starts": "09:00", "ends": "11:15", "hours": "3", "kind": "practical", "subject": "现场监护"}
    wrong = staff.post(f"{path}/sessions", data=sitting | {"hours": "4"})
    assert wrong.status_code == 422
    assert "So much time holds at most 3 hours." in wrong.get_data(as_text=True)
    assert "现场监护" in wrong.get_data(as_text=True)  # nothing typed is lost
    assert staff.post(f"{path}/sessions", data=sitting).status_code == 303
    half = staff.post(f"{path}/roster", data={"lines": f"{ledgers.NUMBER} {ledgers.NAME}\n320400199001010011 无此人"})
    assert half.status_code == 422
    assert "无此人" in half.get_data(as_text=True)
    assert ledgers.NUMBER not in shown(staff, path)
    page = shown(staff, path)
    assert "陆*远" in page
    assert lu.subject_key not in page
    box = re.search(r'name="present" value="([^"]+)"', page)
    assert box is not None
    learner_id = box[1].split("/")[1]
    marks = {"present": box[1], f"result-{learner_id}": "passed"}
    assert staff.post(f"{path}/attendance", data=marks).status_code == 303
    assert staff.post(f"{path}/close").status_code == 409  # there is no evidence
    refused = staff.post(f"{path}/files", data={"file": (BytesIO(b"<html>"), "register.pdf")})
    assert "Send a PDF, a JPEG or a PNG file." in refused.get_data(as_text=True)
    assert staff.post(f"{path}/files", data={"file": (BytesIO(PNG), "签到表.png")}).status_code == 303
    assert staff.post(f"{path}/close").status_code == 303
    assert staff.post(f"{path}/sessions", data=sitting).status_code == 409
    return str(path)


def test_a_class_goes_from_its_plan_into_the_statement(app: Flask, clock: Clock, tmp_path: Path) -> None:
    lu = ledgers.learner(app, now=clock.at)
    body = shelves_app.institution(app)
    with shelves_app.database(app).writing() as session:
        ledgers.watching.policy(session, now=clock.at - timedelta(days=60))
        teacher = shelves.member(session, body, role=Role.INSTRUCTOR, name="恽立新", now=clock.at).id
    staff = english(shelves_app.staff(app, body, now=clock.at))
    official = english(shelves_app.district(app, "CZ-TN", now=clock.at))

    path = recorded(staff, lu, organisation_id=body.id, teacher=teacher)
    run_id = path.rpartition("/")[2]
    assert "有限空间实操班" in shown(official, "/classes/review/")
    page = shown(official, f"/classes/review/{run_id}")
    assert "nothing found" in page
    file = re.search(rf'href="(/classes/review/{run_id}/files/[^"]+)"', page)
    assert file is not None
    answer = official.get(file[1])
    assert (answer.data, answer.headers["X-Content-Type-Options"]) == (PNG, "nosniff")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert official.post(f"/classes/review/{run_id}", data={"verdict": "accept", "note": ""}).status_code == 422
    assert shown(staff, f"/classes/review/{run_id}", 403)
    assert official.post(f"/classes/review/{run_id}", data={"verdict": "accept", "note": "一致"}).status_code == 303
    jobs.run_due(app, clock.at)
    clock.tick(seconds=1)
    assert "有限空间实操班" in shown(lu.browser, "/ledger/")
    assert "Review of the class" in shown(lu.browser, "/ledger/accesses")
    with shelves_app.database(app).reading() as session:
        (row,) = session.scalars(select(OfflineHours))
    assert (row.subject_key, row.hours, row.class_run_id) == (lu.subject_key, 3, run_id)
    archived(app, (staff, official), lu, run_id, tmp_path)


def archived(app: Flask, clients: tuple[FlaskClient, FlaskClient], lu: Learner, run_id: str, folder: Path) -> None:
    """一期一档: genuine; the institution's copy names nobody, the official's has the proofs."""
    jobs.run_due(app)  # what was written is sealed
    with app.app_context():
        keys = sending.verifiers()
    for client, address, has_proofs in (
        (clients[0], f"/files/classes/{run_id}.zip", False),
        (clients[1], f"/files/oversight/classes/{run_id}.zip", True),
    ):
        path = folder / "class.zip"
        path.write_bytes(client.get(address).data)
        found = verifying.verify(path, keys)
        assert found.found[0] == "The hours of 1 learners follow from the marks of attendance."
        with zipfile.ZipFile(path) as packed:
            everything = b"".join(packed.read(name) for name in packed.namelist()).decode(errors="replace")
            assert any(name.startswith("papers/1-") for name in packed.namelist())
            assert json.loads(packed.read("evaluation.json"))["passed"] == 1
        assert "陆*远" in everything
        assert ledgers.NAME not in everything
        assert (lu.subject_key in everything, "1 of 1 ledger rows" in str(found.found)) == (has_proofs, has_proofs)
