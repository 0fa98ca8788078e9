"""The standalone verifier: copied out alone, and how it refuses."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from courses.credit import recompute
from courses.credit.evidence import BadEvidence
from tests.pure.credit_cases import writing
from tests.pure.credit_cases.writing import MINUTE, at, course, evidence, policy, stretch

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "credit_cases"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds the package `courses.credit` and nothing else."""
    directory = tmp_path_factory.mktemp("alone")
    shutil.copytree(
        ROOT / "courses/credit",
        directory / "courses/credit",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (directory / "courses/__init__.py").write_text("")
    return directory


def run(alone: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The verifier without site packages, without zone data, without environment."""
    start = (
        "import runpy, sys, zoneinfo\n"
        f"sys.path.insert(0, {str(alone)!r})\n"
        "zoneinfo.reset_tzpath(to=())\n"
        "sys.argv = ['courses.credit', *sys.argv[1:]]\n"
        "runpy.run_module('courses.credit', run_name='__main__', alter_sys=True)\n"
    )
    return subprocess.run(  # noqa: PLW1510 - the status is what is looked at
        [sys.executable, "-I", "-S", "-c", start, *arguments],
        input=given,
        capture_output=True,
        cwd=alone,
        timeout=60,
    )


def refused(found: subprocess.CompletedProcess[bytes]) -> str:
    """The one line of a refusal."""
    assert (found.returncode, found.stdout) == (2, b"")
    [line] = found.stderr.decode().splitlines()
    assert "Traceback" not in line
    return line


def test_copied_out_alone_it_prints_the_expected_statement(alone: Path) -> None:
    found = run(alone, "recompute", str(CASES / "A.json"))
    assert (found.returncode, found.stderr) == (0, b"")
    assert json.loads(found.stdout) == json.loads((CASES / "A.expected.json").read_text("utf-8"))
    assert found.stdout.startswith(b'{\n  "format": "xueshi-statement/1",\n')


def test_standard_input_is_read_where_the_name_is_a_dash(alone: Path) -> None:
    found = run(alone, "recompute", "-", given=(CASES / "A.json").read_bytes())
    assert json.loads(found.stdout)["learner"] == "L-1"


def test_chinese_is_printed_as_utf8(alone: Path) -> None:
    given = json.dumps(evidence(learner="学员甲"), ensure_ascii=False).encode()
    found = run(alone, "recompute", "-", given=given)
    assert '"learner": "学员甲"' in found.stdout.decode()


@pytest.mark.parametrize(
    "arguments", [(), ("recompute",), ("check", "x.json"), ("recompute", "a", "b")]
)
def test_wrong_arguments_are_told_in_one_line(alone: Path, arguments: tuple[str, ...]) -> None:
    assert refused(run(alone, *arguments)).startswith("usage: ")


def test_an_unreadable_file_is_told_in_one_line(alone: Path) -> None:
    assert "cannot be read" in refused(run(alone, "recompute", "nowhere.json"))
    assert "cannot be read" in refused(run(alone, "recompute", str(alone)))
    assert "cannot be read" in refused(run(alone, "recompute", "no\nwhere.json"))


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"[]",
        b"null",
        b"NaN",
        b"7" * 5000,
        b'"' + b"x" * 100_000 + b'"',
        b'{"format": "xueshi-evidence/1", "format": "xueshi-evidence/1"}',
        b'{"\\ud800\\n": 1}',
    ],
)
def test_what_is_no_evidence_is_told_in_one_line(alone: Path, given: bytes) -> None:
    assert len(refused(run(alone, "recompute", "-", given=given))) <= 500


def test_the_refusal_names_the_path_in_the_file(alone: Path) -> None:
    rows = [stretch(0, 1, name=str(index)) for index in range(4)]
    rows[3]["wall_from"] = "yesterday"
    given = json.dumps(evidence(stretches=rows)).encode()
    line = refused(run(alone, "recompute", "-", given=given))
    assert line == "stretches[3].wall_from: is not an instant like 2020-05-06T19:00:00+08:00"


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity", "1e999", "1.0", "9" * 5000])
def test_numbers_that_are_no_integers_are_told(alone: Path, name: str) -> None:
    given = json.dumps(evidence(stretches=[stretch(0, 1)])).replace(
        '"media_to_ms": 60000', f'"media_to_ms": {name}'
    )
    line = refused(run(alone, "recompute", "-", given=given.encode()))
    assert line.startswith("stretches[0].media_to_ms: ")


def path_of(given: dict[str, Any]) -> str:
    """Where the refusal of some evidence points to."""
    with pytest.raises(BadEvidence) as caught:
        recompute.recompute(given)
    assert str(caught.value) == f"{caught.value.path}: {caught.value.message}"
    return caught.value.path


def with_stretch(**fields: object) -> dict[str, Any]:
    return evidence(stretches=[{**stretch(0, 1), **fields}])


def with_policy(**fields: object) -> dict[str, Any]:
    return evidence(policies=[{**policy(), **fields}])


def exam(**fields: Any) -> dict[str, Any]:
    return {"enrolment": "E", "at": at(), "mark": "80", **fields}


def transfer(**fields: Any) -> dict[str, Any]:
    return {
        "id": "T",
        "from": "X",
        "taken_on": "2020-01-01",
        "applied_at": at(),
        "hours": "4",
        "hour_ms": 2_700_000,
        "kind": "online",
        "factor": "1",
        "evidence_ok": True,
        **fields,
    }


def without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


BAD: list[tuple[str, dict[str, Any]]] = [
    ("format", evidence(format="xueshi-evidence/2")),
    ("learner", evidence(learner=1)),
    ("learner", evidence(learner="")),
    ("as_of", evidence(as_of="2020-06-30T00:00:00")),
    ("as_of", evidence(as_of="2020-02-30T00:00:00+08:00")),
    ("as_of", evidence(as_of="2020-06-30T24:00:00+08:00")),
    ("as_of", evidence(as_of="2020-06-30T00:00:00.0001+08:00")),
    ("as_of", evidence(as_of="2020-06-30T00:00:00+25:00")),
    ("as_of", evidence(as_of="99999-06-30T00:00:00+08:00")),
    ("as_of", evidence(as_of="0000-06-30T00:00:00+08:00")),
    ("as_of", evidence(as_of="२०२०-06-30T00:00:00+08:00")),
    ("as_of", evidence(as_of=None)),
    ("colour", evidence(colour="red")),
    ("exams", without(evidence(), "exams")),
    ("exams", evidence(exams={})),
    ("exams[0]", evidence(exams=[[]])),
    ("exams[0].enrolment", evidence(exams=[exam(enrolment="F")])),
    ("exams[0].mark", evidence(exams=[exam(mark=80)])),
    ("exams[0].mark", evidence(exams=[exam(mark="80.5")])),
    ("exams[0].mark", evidence(exams=[exam(mark="1/0")])),
    ("exams[0].mark", evidence(exams=[exam(mark=" 1")])),
    ("exams[0].mark", evidence(exams=[exam(mark="1\n")])),
    ("exams[0].mark", evidence(exams=[exam(mark="9" * 41)])),
    ("policies[0].hour_ms", with_policy(hour_ms=0)),
    ("policies[0].hour_ms", with_policy(hour_ms=True)),
    ("policies[0].hour_ms", with_policy(hour_ms=2.7e6)),
    ("policies[0].hour_ms", with_policy(hour_ms=10**30)),
    ("policies[0].ratio", with_policy(ratio="-1")),
    ("policies[0].ratio", with_policy(ratio=1)),
    ("policies[0].ratio_steps[0].hours", with_policy(ratio_steps=[{"at_least_ms": 1}])),
    ("policies[0].completion_threshold", with_policy(completion_threshold="0")),
    ("policies[0].completion_threshold", with_policy(completion_threshold="21/20")),
    ("policies[0].partial_credit", with_policy(partial_credit="some")),
    ("policies[0].exam.pass_mark", with_policy(exam={"pass_mark": 80})),
    ("policies[0].exam.max_attempts", with_policy(exam={"max_attempts": 0})),
    ("policies[0].exam.cooldown_ms", with_policy(exam={"cooldown_ms": -1})),
    ("policies[0].exam.colour", with_policy(exam={"colour": 1})),
    ("policies[0].presence", with_policy(presence="void_course")),
    ("policies[0].presence.on_fail", with_policy(presence={"on_fail": "shrug"})),
    ("policies[0].rounding.quantum", with_policy(rounding={"mode": "floor"})),
    ("policies[0].rounding.quantum", with_policy(rounding={"mode": "floor", "quantum": "0"})),
    ("policies[0].share_cap.share", with_policy(share_cap={"share": "3/2"})),
    ("policies[0].daily_cap_ms", with_policy(daily_cap_ms=-1)),
    ("policies[0].timezone", with_policy(timezone="Atlantis/Capital")),
    ("policies[0].timezone", with_policy(timezone="../etc/passwd")),
    ("policies[0].timezone", with_policy(timezone="+8")),
    ("policies[0].document", evidence(policies=[without(policy(), "document")])),
    ("policies[0].effective_to", evidence(policies=[without(policy(), "effective_to")])),
    ("policies[0].transfer_applies_ratio", with_policy(transfer_applies_ratio=1)),
    ("policies[1].version", evidence(policies=[policy(), policy(ratio="1/2")])),
    ("policies[1].timezone", evidence(policies=[policy(), policy(version="2", timezone="+09:00")])),
    ("courses[0].lessons", evidence(course(lessons=[]))),
    ("courses[0].lessons[0].duration_ms", evidence(course(0))),
    ("courses[0].lessons[0].duration_ms", evidence(course(-1))),
    ("courses[0].exam", evidence(course(45, exam="maybe"))),
    ("courses[0].withdrawn.rule", evidence(course(45, withdrawn={"at": at(), "rule": "x"}))),
    ("courses[1].edition", evidence(course(45), course(44))),
    ("enrolments[0].course", evidence(enrolments=[writing.enrolment(course="D")])),
    ("enrolments[0].edition", evidence(enrolments=[writing.enrolment(edition=2)])),
    ("enrolments[0].expires_at", evidence(enrolments=[writing.enrolment(expires_at=None)])),
    ("enrolments[1].id", evidence(enrolments=[writing.enrolment(), writing.enrolment(at=at())])),
    ("stretches[0].enrolment", with_stretch(enrolment="F")),
    ("stretches[0].lesson", with_stretch(lesson="L2")),
    ("stretches[0].media_to_ms", with_stretch(media_to_ms=1.5)),
    ("stretches[0].media_to_ms", with_stretch(media_to_ms=True)),
    ("stretches[0].media_to_ms", with_stretch(media_to_ms="1")),
    ("stretches[0].wall_to", with_stretch(wall_to=5)),
    ("stretches[0].id", with_stretch(id="\ud800")),
    ("stretches[0].rate", with_stretch(rate=1)),
    ('stretches[0]."a b"', with_stretch(**{"a b": 1})),
    (
        "stretches[1].playback",
        evidence(
            course(1, 1),
            stretches=[stretch(0, 1, playback="p"), stretch(1, 1, lesson="L2", playback="p")],
        ),
    ),
    ("stretches[1].id", evidence(stretches=[stretch(0, 1, name="a"), stretch(2, 1, name="a")])),
    ("transfers[0].evidence_ok", evidence(transfers=[transfer(evidence_ok="yes")])),
    ("transfers[0].taken_on", evidence(transfers=[transfer(taken_on="2020-1-1")])),
    ("transfers[0].factor", evidence(transfers=[without(transfer(), "factor")])),
    ("transfers[0].fingerprints[0]", evidence(transfers=[transfer(fingerprints=[1])])),
    ("offline[0].kind", evidence(offline=[{"id": "O", "on": "2020-01-01", "hours": "1", "kind": "online"}])),
    ("refunds[0].enrolment", evidence(refunds=[{"id": "F", "enrolment": "G", "at": at()}])),
    ("requirements[0].policy", evidence(requirements=[writing.requirement(policy="P@2")])),
    ("requirements[0].hours", evidence(requirements=[writing.requirement("-1")])),
    ("requirements[0].to", evidence(requirements=[writing.requirement(to="1999-01-01T00:00:00Z")])),
    (
        "corrections[0].subject",
        evidence(corrections=[{"id": "K", "subject": "X", "at": at(), "hours": "1", "reason": "r"}]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "given"), BAD, ids=[f"{n}-{p}" for n, (p, _) in enumerate(BAD)])
def test_bad_input_is_refused_at_its_path(path: str, given: dict[str, Any]) -> None:
    assert path_of(given) == path


def test_a_time_with_no_version_in_force_is_refused_where_it_is_needed() -> None:
    late = [policy(effective_from=at(30))]
    assert path_of(evidence(policies=late)) == "enrolments[0].at"
    gap = [policy(effective_to=at(0)), policy(version="2", effective_from=at(30))]
    assert path_of(evidence(policies=gap, stretches=[stretch(-10, 20)])) == "stretches[0].wall_from"
    assert path_of(evidence(policies=[])) == "enrolments[0].at"
    transfers = [transfer(applied_at=at(10))]
    assert path_of(evidence(policies=gap, transfers=transfers)) == "transfers[0].applied_at"


def test_evidence_that_is_not_an_object_is_refused() -> None:
    for value in (None, [], "x", 5, 1.5, True):
        assert path_of(value) == "evidence"  # type: ignore[arg-type]


def test_a_year_of_twenty_thousand_stretches_is_computed_in_time() -> None:
    lessons, each = 200, 100
    part = 45 * MINUTE // each
    rows = [
        {
            **stretch(0, 1, lesson=f"L{lesson + 1}", name=f"{lesson}/{index}"),
            "playback": f"p{lesson}",
            "wall_from": at(days=lesson, ms=index * part),
            "wall_to": at(days=lesson, ms=(index + 1) * part),
            "media_from_ms": index * part,
            "media_to_ms": (index + 1) * part,
        }
        for lesson in range(lessons)
        for index in range(each)
    ]
    given = evidence(
        course(*[45] * lessons),
        stretches=rows,
        policies=[policy(partial_credit="pro_rata", daily_cap_ms=21_600_000)],
    )
    started = time.process_time()
    assert writing.first(given)["posted_hours"] == "200"
    assert time.process_time() - started < 10
