"""The demonstration city with one of everything, and for each role somebody else of the same role.

Made once, then put back from a copy before each question, so that no answer depends on the one before.
SQLite only: what is asked here is decided by the same code on either engine.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.demo import city
from app.orders import twin
from app.settings import Settings
from courses import enrolment, oversight
from courses.catalogue import lessons
from courses.catalogue.editions import current
from courses.catalogue.models import Course
from courses.ledger.cases.files import EvidenceFile
from courses.ledger.classes.models import ClassSession
from courses.ledger.models import Requirement
from courses.ledger.required.appointments import Appointment
from courses.orders import coupons, placing
from courses.orders.models import OrderLine
from courses.people import accounts, invitations, organisations, persons, roster_imports
from courses.people.organisations import Membership, Organisation, OrganisationKind, Role
from courses.people.rosters import RosterLine
from courses.people.sign_ins import SignIn
from courses.people.vault import Vault
from courses.ratings import Rating
from courses.seats import Assignment
from courses.units import Money
from courses.watch import playbacks
from courses.watch.models import FaceCheck, FacePicture, Playback, Prompt
from media import playback, uploads
from media.assets import Asset, AssetKind, AssetState
from tests import shelves
from tests.browser import town
from tests.conftest import create_all
from tests.visitors import TOKEN, Visitor

KEY = bytes(range(32))
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
PASSWORD = city.PASSWORD
CAST = {  # letter: account name; a small letter is the wrong twin of the capital one
    "V": "",  # a visitor
    "N": "13800000025",  # an account without a registration
    "L": "13800000001",  # learner of the chemical works in 武进区
    "l": "13800000007",  # learner in 新北区
    "M": "13800000014",  # manager of the chemical works
    "m": "13800000024",  # manager of the machine works in 新北区
    "S": "13800000011",  # staff of the training centre in 武进区
    "s": "13800000012",  # staff of the school in 新北区
    "I": "13800000009",  # instructor of the centre
    "i": "13800000013",  # instructor of the school
    "W": "13800000015",  # regulator of 武进区
    "X": "13800000016",  # regulator of 新北区
    "C": "13800000017",  # regulator of the city
    "O": "13800000018",  # operator
}


@dataclass
class World:
    """The application, its keys for addresses, and a signed-in visitor for each letter."""

    app: Flask
    keys: dict[str, str]
    visitors: dict[str, Visitor]
    tokens: dict[str, str]
    kept: sqlite3.Connection
    live: sqlite3.Connection
    version: int = -1

    def put_back(self) -> None:
        """Everything as it was, where anything was changed."""
        (version,) = self.live.execute("PRAGMA data_version").fetchone()  # goes up when others write
        if version != self.version:
            self.kept.backup(self.live)
            self.app.extensions["xueshi_quick"].close()
            self.version = version


def make(folder: Path) -> World:
    """Build it below a folder."""
    settings = Settings(
        data_dir=folder,
        search_dir=folder / "search",
        secret_key=KEY,
        vault_key=KEY,
        index_key=KEY[::-1],
        log_level="CRITICAL",
        sign_in_tries=1000,
    )
    path = folder / "xueshi.sqlite"
    create_all(f"sqlite:///{path}")
    app = create_app(settings, now=lambda: NOW)
    keys = town.make(app)
    with app.app_context(), app.extensions["xueshi_db"].writing() as session:
        keys |= extend(session, app, keys)
    visitors, tokens = sign_everybody_in(app)
    assert Visitor(app).sign_in(CAST["L"], PASSWORD).status_code == 303  # a second device
    with app.extensions["xueshi_db"].writing() as session:
        keys |= last_keys(session, keys)
    film(app, keys, holder=secret_of(visitors["L"]))
    with app.test_request_context():
        keys["sealed"] = twin.sealer().dumps(
            {
                "order": keys["order"],
                "amount": 9900,
                "currency": "cny",
                "name": "课程",
                "success_url": "http://localhost/orders/",
                "cancel_url": "http://localhost/orders/",
            }
        )
    live = sqlite3.connect(path)
    live.execute("PRAGMA synchronous=OFF")
    kept = sqlite3.connect(":memory:")
    live.backup(kept)
    return World(app, keys, visitors, tokens, kept, live)


def extend(session: Session, app: Flask, keys: dict[str, str]) -> dict[str, str]:
    """What the demonstration lacks: a second enterprise, somebody unregistered, an order, an upload."""
    vault = app.extensions["xueshi_vault"]
    newcomers(session, vault)
    learner = city.actor(session, vault, CAST["L"])
    official = city.actor(session, vault, CAST["W"])
    found = oversight.search(
        session,
        vault,
        actor=official,
        name="陆思远",
        reason="双随机抽查：学时是否真实。",
        today=NOW.date(),
        now=NOW,
    )
    taking = enrolment.taking(
        session,
        enrolment.for_subject(session, keys["enrolment"], subject_key=learner.subject_key),
    )
    opened = playbacks.open(
        session, taking.enrolment, lesson=taking.lesson(keys["lesson"]), device="phone", now=NOW
    )
    school = select(Organisation.id).where(Organisation.name == "常州示例培训学校")
    policy = select(Requirement.policy).where(Requirement.subject_key == learner.subject_key)
    return {
        "order": ordered(session, keys["priced"], learner.subject_key),
        "order_line": session.scalars(select(OrderLine.id).limit(1)).one(),
        "coupon": couponed(session, keys["institution"], learner.subject_key),
        **dict.fromkeys(("no_refund", "no_request", "no_payment", "no_checkout"), "nothing"),
        "search": found.id,
        "open_playback": opened.id,
        "prompt": prompted(session, opened),
        "photographed": photographed(session, app, opened),
        "person": learner.person_id,
        "school": session.scalars(school).one(),
        "policy_label": session.scalars(policy).first() or "",
        **files(session, keys["institution"]),
        **staffed(session, vault, keys["priced"]),
    }


def staffed(session: Session, vault: Vault, course_id: str) -> dict[str, str]:
    """A roster that is being read, the invitation and an order of the chemical works."""
    manager = city.actor(session, vault, CAST["M"])
    [works] = manager.organisations(Role.ENTERPRISE_MANAGER)
    learner = persons.documents_of(session, city.actor(session, vault, CAST["L"]).person_id)[0]
    uploaded = roster_imports.begin(
        session, vault, manager, organisation_id=works, file_name="staff.csv", data=b"a,b", now=NOW
    )
    lines = select(RosterLine.id).where(RosterLine.number_index != learner.number_index)
    return {
        "seats_order": ordered(session, course_id, manager.subject_key, organisation_id=works, quantity=5),
        "roster_import": uploaded.id,
        "roster_line": session.scalars(lines.where(RosterLine.organisation_id == works).limit(1)).one(),
        "assignment": session.scalars(select(Assignment.id).where(Assignment.done_at.is_(None)).limit(1)).one(),
        "invitation": invitations.renew(session, manager, organisation_id=works, now=NOW).id,
    }


def newcomers(session: Session, vault: Vault) -> None:
    """The machine works with its manager, and somebody who only has an account."""
    hashed = session.scalars(select(accounts.Account.password_hash)).first() or ""
    machines = organisations.create(
        session,
        kind=OrganisationKind.ENTERPRISE,
        name="常州示例机械有限公司",
        supervised_by="CZ-XB",
        uscc_code="91320400MA0T0002XN",
    )
    rival = accounts.create(session, vault, name=CAST["m"], password_hash=hashed, now=NOW)
    organisations.join(
        session,
        person_id=rival.person_id,
        organisation_id=machines.id,
        role=Role.ENTERPRISE_MANAGER,
        from_on=date(2026, 1, 1),
    )
    accounts.create(session, vault, name=CAST["N"], password_hash=hashed, now=NOW)


def ordered(
    session: Session, course_id: str, subject_key: str, *, organisation_id: str | None = None, quantity: int = 1
) -> str:
    """An open order of somebody's own, or of an enterprise's."""
    priced = session.get_one(Course, course_id)
    edition = current(session, priced.id)
    assert edition is not None
    price = Money(priced.price_minor, priced.currency)
    line = placing.Wanted(priced.id, edition.number, priced.organisation_id, priced.title, price, quantity)
    return placing.place(
        session, subject_key=subject_key, wanted=[line], organisation_id=organisation_id, now=NOW
    ).id


def couponed(session: Session, institution_id: str, subject_key: str) -> str:
    """A coupon of the institution's."""
    return coupons.create(
        session, code="WORLD-10", institution_id=institution_id, percent=10, amount_minor=None, currency="CNY",
        most_uses=None, most_each=None, from_at=NOW, until_at=None, made_by=subject_key, now=NOW,
    ).id  # fmt: skip


def files(session: Session, institution_id: str) -> dict[str, str]:
    """An upload that has begun, and a draft that nobody outside the institution knows."""
    institution = session.get_one(Organisation, institution_id)
    upload = uploads.begin(
        session,
        owner=institution_id,
        kind=AssetKind.VIDEO,
        file_name="lecture.mp4",
        size_bytes=10,
        now=NOW,
    )
    draft = shelves.draft(session, institution, title="受限草稿：只有本机构可见", now=NOW)
    lesson = lessons.in_order(session, draft)[0]
    return {"upload": upload.id, "hidden_draft": draft.id, "hidden_lesson": lesson.id}


def sign_everybody_in(app: Flask) -> tuple[dict[str, Visitor], dict[str, str]]:
    """A browser for each letter, and its token for forms."""
    visitors, tokens = {}, {}
    for letter, name in CAST.items():
        visitor = Visitor(app)
        if name:
            assert visitor.sign_in(name, PASSWORD).status_code == 303, letter
        found = TOKEN.search(visitor.get("/people/consent").text)
        assert found is not None
        visitors[letter], tokens[letter] = visitor, found[1]
    return visitors, tokens


def secret_of(visitor: Visitor) -> str:
    """The random token that a browser's cookie carries."""
    signer = SecureCookieSessionInterface().get_signing_serializer(visitor.app)
    assert signer is not None
    return str(signer.loads(visitor.cookie())["sign_in"])


def film(app: Flask, keys: dict[str, str], *, holder: str) -> None:
    """Files behind one asset, and a link to them that belongs to one sign-in."""
    store = app.extensions["xueshi_store"]
    store.put("hls/world/master.m3u8", b"#EXTM3U\n")
    store.put("images/world/small.webp", b"RIFF")
    with app.extensions["xueshi_db"].writing() as session:
        asset = session.get_one(Asset, keys["asset"])
        asset.hls_prefix, asset.image_prefix = "hls/world", "images/world"
    keys["token"] = playback.sign(
        KEY,
        asset_id=keys["asset"],
        holder=playback.holder_of(KEY, holder),
        playback_id=keys["open_playback"],
        expires_at=NOW + timedelta(hours=1),
    )


def prompted(session: Session, opened: Playback) -> str:
    """A presence prompt that waits."""
    prompt = Prompt(playback_id=opened.id, way="tap", shown_at=NOW, answer_by=NOW + timedelta(minutes=1))
    session.add(prompt)
    session.flush()
    return prompt.id


def photographed(session: Session, app: Flask, opened: Playback) -> str:
    """A prompt answered by a photo that did not match; the photo, and the one it was compared with."""
    album = app.extensions["xueshi_faces"].album
    prompt = Prompt(playback_id=opened.id, way="tap", shown_at=NOW, answer_by=NOW + timedelta(minutes=1), is_face=True)
    session.add(prompt)
    session.flush()
    session.add(
        FaceCheck(prompt_id=prompt.id, distance=840_000, limit=600_000, engine="dlib", fingerprint=bytes(32), at=NOW)
    )
    for prompt_id, key, ends in ((None, "faces/given", None), (prompt.id, "faces/unlike", NOW + timedelta(days=30))):
        album.keep(key, b"picture")
        session.add(
            FacePicture(
                key=key, subject_key=opened.subject_key, prompt_id=prompt_id, fingerprint=bytes(32),
                taken_at=NOW, delete_at=ends,
            )
        )  # fmt: skip
    session.flush()
    return prompt.id


def last_keys(session: Session, keys: dict[str, str]) -> dict[str, str]:
    """Keys of rows that came with the demonstration or with signing in."""
    account = session.scalars(
        select(accounts.Account).where(accounts.Account.person_id == keys["person"])
    ).one()
    ready = select(Asset.id).where(
        Asset.owner == keys["institution"], Asset.state == AssetState.READY
    )
    found = {
        "rating": session.scalars(select(Rating.id).where(Rating.enrolment_id == keys["rated"])),
        "requirement": session.scalars(
            select(Requirement.id).where(Requirement.subject_key == keys["subject"])
        ),
        "appointment": session.scalars(
            select(Appointment.id).where(Appointment.subject_key == keys["subject"])
        ),
        "membership": session.scalars(
            select(Membership.id).where(
                Membership.person_id == keys["person"], Membership.role == Role.EMPLOYEE
            )
        ),
        "class_session": session.scalars(
            select(ClassSession.id).where(ClassSession.run_id == keys["class_open"])
        ),
        "claim_file": session.scalars(
            select(EvidenceFile.id).where(EvidenceFile.about == keys["claim"])
        ),
        "class_file": session.scalars(
            select(EvidenceFile.id).where(EvidenceFile.about == keys["class_closed"])
        ),
        "sign_in": session.scalars(
            select(SignIn.id).where(SignIn.account_id == account.id)
        ),
        "asset": session.scalars(ready.order_by(Asset.id)),
    }
    playback_id, reason, began_ms = keys["appealed"].split("/")
    appealed = {"appealed_playback": playback_id, "appealed_reason": reason, "appealed_from_ms": began_ms}
    return appealed | {name: next(iter(rows)) for name, rows in found.items()}
