"""Finding courses: right with an index, with a late one, with none; counts that agree with the hits."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db import Database
from courses import errors
from courses.catalogue import (
    bits,
    documents,
    drafts,
    editions,
    indexing,
    shelf,
    summaries,
    taxonomy,
    words,
)
from courses.catalogue.finder import Finder, Late
from courses.catalogue.models import Course, WithdrawalRule
from courses.catalogue.postgres_search import PostgresSearch
from courses.catalogue.search import FIXED, Ask, EngineDown, Found, Measure, Search, Sort
from courses.catalogue.whoosh_search import WhooshSearch
from courses.people.organisations import Role
from courses.units import Money
from tests import shelves

ROOT = Path(__file__).resolve().parents[2]
TITLES = {
    "有限空间作业安全": {"topics": ["TECH:confined_space"], "industries": ["GENERAL"]},
    "受限空间事故案例": {"topics": ["CASE", "TECH:confined_space"], "industries": ["HAZCHEM"]},
    "危险化学品企业负责人初训": {"trainees": ["principal"], "topics": ["LAW"], "industries": ["HAZCHEM"]},
    "低压电工作业复审": {"trainees": ["special_operator:1.2"], "topics": ["TECH:electric"], "industries": ["MACH"]},
    "动火作业与消防": {"topics": ["TECH:fire"], "industries": ["GENERAL", "MACH"], "price": Money(12000, "CNY")},
    "高处作业安全": {"topics": ["TECH:height"], "industries": ["GENERAL"], "price": Money(100, "CNY")},
}


@pytest.fixture
def engine(database: Database, tmp_path: Path) -> Search:
    """Whoosh on SQLite, full text on PostgreSQL: as installed."""
    if database.engine.dialect.name == "postgresql":
        return PostgresSearch()
    return WhooshSearch(tmp_path / "search")


@pytest.fixture
def finder(engine: Search) -> Finder:
    return Finder(engine)


@pytest.fixture
def stocked(database: Database, now: datetime) -> dict[str, str]:
    """Course ids by title, each published a minute after the one before."""
    made = {}
    with database.writing() as session:
        owner = shelves.institution(session)
        teacher = shelves.member(session, owner, role=Role.INSTRUCTOR, name="恽立新", now=now)
        for minute, (title, facts) in enumerate(TITLES.items()):
            at = now + timedelta(minutes=minute)
            course = shelves.published(
                session, owner, title=title, teacher=teacher, durations_ms=(60_000,), summary="考试要点", now=at, **facts
            )
            made[title] = course.id
    return made


def index(database: Database, engine: Search) -> int:
    return indexing.rebuild(engine=engine, reading=database.reading, writing=database.writing)


def work_due(database: Database, engine: Search) -> list[str]:
    with database.reading() as session:
        due = indexing.due(session, engine)
    for course_id in due:
        indexing.work(course_id, engine=engine, reading=database.reading, writing=database.writing)
    return due


def find(database: Database, finder: Finder, text: str = "", **more: object) -> Found:
    with database.reading() as session:
        return finder.find(session, Ask(text, **more))  # type: ignore[arg-type]


def titles(found: Found) -> set[str]:
    return {card.title for card in found.cards}


def test_chinese_words_parts_and_other_names_are_found(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    assert index(database, finder.engine) == len(TITLES)
    assert titles(find(database, finder, "有限空间")) == {"有限空间作业安全", "受限空间事故案例"}
    assert titles(find(database, finder, "空间")) == {"有限空间作业安全", "受限空间事故案例"}
    assert titles(find(database, finder, "危化 负责人")) == {"危险化学品企业负责人初训"}
    assert titles(find(database, finder, "电工")) == {"低压电工作业复审"}
    assert titles(find(database, finder, "恽立新")) == set(TITLES)


def test_the_title_counts_more_than_a_label(database: Database, finder: Finder, stocked: dict[str, str]) -> None:
    index(database, finder.engine)
    found = find(database, finder, "高处作业")
    assert found.cards[0].title == "高处作业安全"


@pytest.mark.parametrize("is_indexed", [True, False])
def test_the_answer_is_the_same_with_the_index_and_without(
    database: Database, finder: Finder, stocked: dict[str, str], is_indexed: bool
) -> None:
    if is_indexed:
        index(database, finder.engine)
    assert titles(find(database, finder, "受限空间")) == {"有限空间作业安全", "受限空间事故案例"}
    assert titles(find(database, finder)) == set(TITLES)


def test_a_late_index_is_not_believed(
    database: Database, finder: Finder, stocked: dict[str, str], now: datetime
) -> None:
    index(database, finder.engine)
    later = now + timedelta(days=1)
    with database.writing() as session:
        course = session.get_one(Course, stocked["动火作业与消防"])
        drafts.begin_edition(session, course, now=later)
        drafts.change(session, course, title="盲板抽堵作业", topics=["MGMT"], now=later)
        shelves.approve(session, course, now=later)
    assert titles(find(database, finder, "盲板抽堵")) == {"盲板抽堵作业"}
    assert find(database, finder, "动火作业与消防", sort=Sort.NEWEST).is_loosened
    assert work_due(database, finder.engine) == [course.id]
    assert work_due(database, finder.engine) == []
    assert titles(find(database, finder, "盲板抽堵")) == {"盲板抽堵作业"}


def test_a_withdrawn_course_is_gone_at_once(
    database: Database, finder: Finder, stocked: dict[str, str], now: datetime
) -> None:
    index(database, finder.engine)
    assert "高处作业安全" in titles(find(database, finder))
    with database.writing() as session:
        course = session.get_one(Course, stocked["高处作业安全"])
        editions.withdraw(session, course, rule=WithdrawalRule.KEEP_POSTED, reason="过时", by="k", now=now)
    assert "高处作业安全" not in titles(find(database, finder))
    assert "高处作业安全" not in titles(find(database, finder, "高处作业"))
    assert work_due(database, finder.engine) == [course.id]
    assert work_due(database, finder.engine) == []


def test_a_draft_is_not_found(database: Database, finder: Finder, now: datetime) -> None:
    with database.writing() as session:
        shelves.draft(session, shelves.institution(session), now=now)
    assert find(database, finder).total == 0


def test_nothing_has_all_the_words_so_some_are_enough(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    index(database, finder.engine)
    found = find(database, finder, "电工 动火")
    assert found.is_loosened
    assert titles(found) == {"低压电工作业复审", "动火作业与消防"}
    assert find(database, finder, "无人机").total == 0


def test_a_finder_notices_another_database(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    ahead = find(database, finder)
    finder.shelf._snapshot = replace(shelf.EMPTY, revision=10**9)
    assert titles(find(database, finder)) == titles(ahead)


@pytest.mark.parametrize(
    ("typed", "first", "meant"),
    [
        ("dgzy", "低压电工作业复审", ""),
        ("diangong", "低压电工作业复审", ""),
        ("dian gong", "低压电工作业复审", ""),
        ("diangzy", "低压电工作业复审", ""),  # a syllable, then initials
        ("weixianhuaxuepin", "危险化学品企业负责人初训", ""),
        ("wxhxp fuzeren", "危险化学品企业负责人初训", ""),
        ("mbkj", "受限空间事故案例", ""),  # none is called 密闭空间, but by its other names; the newest first
        ("yxkj", "有限空间作业安全", ""),
        ("lixin", "高处作业安全", ""),  # the instructor's name; the newest first
        ("电公作业", "低压电工作业复审", "电工作业"),  # sounds the same
        ("有限空问", "有限空间作业安全", "有限空间"),  # looks alike
        ("高处作亚安全", "高处作业安全", "高处作业安全"),
        ("confned space", "受限空间事故案例", "confined space"),
        ("spcae", "受限空间事故案例", "space"),
        ("diangonzuoye", "低压电工作业复审", "电工作业"),
    ],
)
def test_what_was_meant_is_found_on_both_engines_and_on_none(  # noqa: PLR0917
    database: Database, finder: Finder, stocked: dict[str, str], typed: str, first: str, meant: str
) -> None:
    without = find(database, finder, typed)
    index(database, finder.engine)
    for found in (without, find(database, finder, typed)):
        assert [card.title for card in found.cards[:1]] == [first]
        assert found.corrected == meant


def test_nothing_is_bent_into_something_else(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    index(database, finder.engine)
    for typed in ("无人机", "qqxyz", "the", "zzz"):
        assert find(database, finder, typed).total == 0, typed


def test_the_order_does_not_hang_on_the_index(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    texts = ("作业 安全", "电工 动火", "有限空间", "事故案例", "dgzy", "安全")
    without = [find(database, finder, text).cards for text in texts]
    index(database, finder.engine)
    assert [find(database, finder, text).cards for text in texts] == without


def test_what_is_typed_is_completed(database: Database, finder: Finder, stocked: dict[str, str]) -> None:
    def suggested(typed: str) -> list[str]:
        with database.reading() as session:
            return [entry.text for entry in finder.suggest(session, typed, limit=8)]

    assert suggested("有限")[0] == "有限空间"
    assert "低压电工作业复审" in suggested("dydg")
    assert "低压电工作业复审" in suggested("diya")
    assert suggested("conf")[0] == "confined space"
    assert suggested("恽") == suggested("yunlixin") == ["恽立新"]
    assert suggested("") == suggested("。") == []


MEASURE = Measure("1:1", lambda lengths_ms: Fraction(sum(lengths_ms), 2_700_000))


def every_filter() -> Iterator[tuple[str, str]]:
    for axis in taxonomy.AXES.values():
        for code in axis.terms:
            yield axis.name, code
    for kind, codes in FIXED.items():
        for code in codes:
            yield kind, code


CHOSEN = st.dictionaries(
    st.sampled_from(["industry", "topic", "trainee", "price", "hours", "language"]),
    st.sets(st.sampled_from(["GENERAL", "HAZCHEM", "MACH", "TECH", "CASE", "TECH:fire", "principal", "free", "paid", "0-1", "zh_CN"])),
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(["", "作业", "有限空间", "危化", "电工 动火", "。"]), chosen=CHOSEN)
def test_every_count_is_what_choosing_it_gives(
    database: Database, finder: Finder, stocked: dict[str, str], text: str, chosen: dict[str, set[str]]
) -> None:
    asked = {kind: frozenset(codes) for kind, codes in chosen.items() if codes}
    found = find(database, finder, text, chosen=asked, measure=MEASURE)
    for kind, values in found.facets.items():
        counted = {value.code: value.count for value in values}
        for filter_kind, code in every_filter():
            if filter_kind == kind:
                alone = find(database, finder, text, chosen={**asked, kind: frozenset({code})}, measure=MEASURE)
                assert counted.get(code, 0) == alone.total, (kind, code)


def test_length_hours_and_rating_narrow_the_list(
    database: Database, finder: Finder, stocked: dict[str, str]
) -> None:
    with database.writing() as session:
        summaries.write_rating(session, stocked["低压电工作业复审"], score=Fraction(9, 2), count=5)
        summaries.write_rating(session, stocked["高处作业安全"], score=Fraction(5), count=4)  # too few to be shown
    work_due(database, finder.engine)
    rated = replace(finder, rating_minimum=5)
    assert titles(find(database, rated, chosen={"rating": {"4.5"}})) == {"低压电工作业复审"}
    assert find(database, rated, chosen={"rating": {"4.5"}, "price": {"paid"}}).without == {"rating": 2, "price": 1}
    assert find(database, finder, chosen={"length": {"0-15"}}).total == len(TITLES)
    assert find(database, finder, chosen={"length": {"15-45"}}).total == 0
    assert find(database, finder, chosen={"hours": {"0-1"}}, measure=MEASURE).total == len(TITLES)
    dear = Measure("x60", lambda lengths_ms: MEASURE.credited(lengths_ms) * 60)  # type: ignore[operator]
    assert find(database, finder, chosen={"hours": {"1-2"}}, measure=dear).total == len(TITLES)
    assert find(database, finder, chosen={"hours": {"0-1"}}).total == 0  # no rule, no hours


def test_sorting(database: Database, finder: Finder, stocked: dict[str, str]) -> None:
    with database.writing() as session:
        summaries.write_rating(session, stocked["低压电工作业复审"], score=Fraction(73, 20), count=5)
        summaries.write_rating(session, stocked["高处作业安全"], score=Fraction(2), count=9)
        summaries.write_finished(session, stocked["动火作业与消防"], count=3)
    assert len(work_due(database, finder.engine)) == len(TITLES)

    def order(sort: Sort) -> list[str]:
        return [card.title for card in find(database, finder, sort=sort).cards]

    newest = list(reversed(TITLES))
    assert order(Sort.NEWEST) == newest
    assert order(Sort.BEST_RATED)[0] == "低压电工作业复审"
    assert order(Sort.BEST_RATED)[-1] == "高处作业安全"  # rated below what unrated ones are taken for
    assert order(Sort.MOST_FINISHED)[0] == "动火作业与消防"
    assert order(Sort.PRICE)[-2:] == ["高处作业安全", "动火作业与消防"]
    assert find(database, finder, sort=Sort.RELEVANCE).order is Sort.NEWEST  # nothing was asked for


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "作业"])
def test_cursors_walk_the_whole_list_once(
    database: Database, finder: Finder, stocked: dict[str, str], sort: Sort, text: str
) -> None:
    index(database, finder.engine)
    found = find(database, finder, text, sort=sort)
    walked, cursor = [], None
    while True:
        page, cursor = found.after(cursor, size=2)
        walked += page
        if cursor is None:
            break
    assert walked == list(found.cards)


@pytest.mark.parametrize("cursor", ["x", "!!", "WzFd", "bnVsbA", "WyJuZXdlc3QiLCAxXQ"])
def test_a_cursor_that_is_none_is_refused(
    database: Database, finder: Finder, stocked: dict[str, str], cursor: str
) -> None:
    with pytest.raises(errors.Invalid):
        find(database, finder).after(cursor, size=2)


def test_institution_and_instructor_narrow_the_list(
    database: Database, finder: Finder, stocked: dict[str, str], now: datetime
) -> None:
    with database.writing() as session:
        other = shelves.institution(session, name="常州示例培训学校")
        course = shelves.published(session, other, title="职业健康", now=now)
        person_id = editions.instructor_ids(editions.current(session, course.id))[0]  # type: ignore[arg-type]
    assert titles(find(database, finder, chosen={"institution": {other.id}})) == {"职业健康"}
    assert titles(find(database, finder, chosen={"instructor": {person_id}})) == {"职业健康"}
    assert find(database, finder, chosen={"institution": {"nobody"}}).total == 0


QUERIES = st.text(alphabet="有限受空间作业安全电工动火危化高处事故案例考试 ", min_size=1, max_size=8)


def by_words(engine: Search, session: Session, text: str) -> set[str]:
    """The courses of which the engine says that one field or another holds every word."""
    held = engine.held(session)
    together = -1
    for word in words.query(text).required:
        anywhere = 0
        for some in engine.holding(session, [(name, word.names) for name in words.FIELDS]):
            anywhere |= some
        together &= anywhere
    return {held.ids[number] for number in bits.members(together)}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=QUERIES)
def test_the_engine_holds_exactly_what_matching_in_memory_does(
    database: Database, engine: Search, stocked: dict[str, str], text: str
) -> None:
    with database.reading() as session:
        every = documents.of(session, stocked.values())
        try:
            is_empty = not engine.held(session).ids
        except EngineDown:
            is_empty = True
    if is_empty:
        index(database, engine)
    late = Late(every)
    with database.reading() as session:
        held = engine.held(session)
        for word in words.query(text).words:
            asked = [(name, word.names) for name in words.FIELDS]
            both = zip(engine.holding(session, asked), late.holding(asked), strict=True)
            for there, here in both:
                assert {held.ids[n] for n in bits.members(there)} == {late.ids[n] for n in bits.members(here)}


def test_a_directory_without_an_index_says_so(tmp_path: Path, session: Session) -> None:
    with pytest.raises(EngineDown):
        WhooshSearch(tmp_path / "nothing").held(session)


def test_a_damaged_index_is_made_anew(
    database: Database, stocked: dict[str, str], tmp_path: Path
) -> None:
    engine = WhooshSearch(tmp_path / "search")
    index(database, engine)
    for path in (tmp_path / "search").glob("*.toc"):
        path.write_bytes(b"nonsense")
    finder = Finder(WhooshSearch(tmp_path / "search"))
    assert titles(find(database, finder, "电工")) == {"低压电工作业复审"}
    assert len(work_due(database, finder.engine)) == len(TITLES)
    assert work_due(database, finder.engine) == []


def test_two_writers_take_turns(database: Database, stocked: dict[str, str], tmp_path: Path) -> None:
    with database.reading() as session:
        every = documents.of(session, stocked.values())
    threads = [
        Thread(target=WhooshSearch(tmp_path / "search").put, args=(None,), kwargs={"put": [document], "drop": []})
        for document in every
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        held = WhooshSearch(tmp_path / "search")
        assert held.held(session).unheld(documents.wanted(session)) == set()


KILLED = """
import os, sys
from pathlib import Path
from courses.catalogue.whoosh_search import WhooshSearch
with WhooshSearch(Path(sys.argv[1]))._writing() as writer:
    for number in range(50):
        writer.add_document(course_id=str(number), revision=1, title=["\u7535", "\u5de5"])
    print("in the middle", flush=True)
    os.kill(os.getpid(), 9)
"""


def test_a_killed_writer_leaves_the_old_index_and_no_lock(
    database: Database, stocked: dict[str, str], tmp_path: Path
) -> None:
    engine = WhooshSearch(tmp_path / "search")
    index(database, engine)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "search")], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (killed.returncode, killed.stdout.strip()) == (-9, "in the middle")
    with database.reading() as session:
        assert by_words(engine, session, "电工") == {stocked["低压电工作业复审"]}
    engine.put(None, put=[], drop=[stocked["低压电工作业复审"]])
    with database.reading() as session:
        assert by_words(engine, session, "电工") == set()


def test_a_reader_sees_what_another_process_committed(
    database: Database, stocked: dict[str, str], tmp_path: Path
) -> None:
    reader, writer = WhooshSearch(tmp_path / "search"), WhooshSearch(tmp_path / "search")
    index(database, writer)
    with database.reading() as session:
        assert len(by_words(reader, session, "作业")) == 4
        for title in ("动火作业与消防", "高处作业安全"):
            writer.put(None, put=[], drop=[stocked[title]])
            writer.put(None, put=documents.of(session, [stocked[title]]), drop=[])
            found = by_words(reader, session, "作业")
            assert len(found) == 4  # none lost, none twice
        assert reader.held(session).unheld(documents.wanted(session)) == set()
        assert reader.held(session).surplus({}) == set(stocked.values())
