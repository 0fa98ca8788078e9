"""`make bench-search`: CPU per query of the course supermarket at 10 000 generated courses, on both engines.

The whole way of a search page is measured (words, engine, counts of every filter, order, one page), in
CPU time of this process and, on PostgreSQL, of its server process too. tantivy (Rust) answers the same
queries on the same terms in the same run, hits and scores only. One JSON line.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tantivy
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

import app.tables
from app.db import Database
from courses.catalogue import documents, facts, indexing, shelf, taxonomy, trade, words
from courses.catalogue.finder import Finder
from courses.catalogue.models import CatalogueCounter, Course, Edition
from courses.catalogue.postgres_search import PostgresSearch
from courses.catalogue.search import Ask
from courses.catalogue.whoosh_search import WhooshSearch
from courses.people.jurisdictions import Jurisdiction
from courses.people.organisations import Organisation, OrganisationKind
from media.base import Base
from tests.postgres import Server

assert app.tables
COURSES = int(os.environ.get("BENCH_COURSES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
KINDS = ("初次培训", "再培训", "复审", "事故案例", "实务", "入门", "应知应会", "专题讲座", "班组课", "警示教育")
SURNAMES, GIVEN = "恽庄赵钱孙李周吴郑王蒋瞿盛", "立新志明建国秀英小红卫东海燕文博"
QUERIES = (
    "安全", "作业", "培训课程", "有限空间", "空间", "危化", "危化 负责人 初训", "电工", "低压电工作业复审",
    "动火作业", "高处作业 事故案例", "dgzy", "yxkj", "diangong", "weixian huaxuepin", "confined space", "welding",
    "weldign", "有限空问", "电公作业", "应急 预案 消防", "安全生产管理人员再培训", "事故", "双重预防机制 隐患排查",
    "恽立新", "无人机", "safety", "班组长 机械伤害", "粉尘防爆", "制冷 液氨", "职业健康", "",
)  # fmt: skip


def rows(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Courses with their editions, the same in every run."""
    chance = random.Random(20260601)
    teachers = [(f"t{n:015d}", chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2))) for n in range(200)]
    hazards = [word for word in trade.WORDS if len(word) > 2]
    axes = {axis.name: list(axis.terms) for axis in taxonomy.AXES.values()}
    for number in range(1, count + 1):
        about = chance.sample(hazards, 3)
        stated = {axis.field: chance.sample(axes[axis.name], chance.randint(1, 2)) for axis in taxonomy.AXES.values()}
        told: dict[str, Any] = {
            "title": f"{about[0]}{chance.choice(KINDS)}" + (f"（第{number}期）" if number % 3 == 0 else ""),
            "summary": f"讲{about[0]}与{about[1]}的安全要求，{about[2]}的风险和措施，附考试要点。" * chance.randint(1, 2),
            "language": "en" if number % 20 == 0 else "zh_CN",
            **stated,
            "price": {"amount_minor": chance.choice((0, 0, 0, 9900, 12000)), "currency": "CNY"},
            "exam": chance.choice(("none", "required")),
            "cover": None,
            "institution": f"o{number % 40:015d}",
            "instructors": [{"id": key, "name": name} for key, name in chance.sample(teachers, 1)],
            "lessons": [
                {"id": f"l{n}", "title": f"第{n}讲 {chance.choice(hazards)}", "asset": "a", "preview": n == 1,
                 "duration_ms": chance.randint(300, 3000) * 1000, "fingerprint": "", "questions": []}
                for n in range(1, chance.randint(3, 10))
            ],
        }  # fmt: skip
        at = NOW + timedelta(minutes=number)
        key = f"c{number:015d}"
        course = {
            "id": key, "organisation_id": told["institution"], "state": "published", "title": told["title"],
            **stated, "current_edition": 1, "created_at": at, "changed_at": at, "revision": number,
            "text_revision": number, "finished_count": chance.randint(0, 5000),
            "rating_score_num": chance.randint(20, 50), "rating_score_den": 10, "rating_count": chance.randint(0, 90),
        }  # fmt: skip
        edition = {"id": f"e{number:015d}", "course_id": key, "number": 1, "facts": told,
                   "facts_hash": facts.digest(told), "published_at": at}  # fmt: skip
        yield course, edition


def fill(kept: Database) -> None:
    """The generated town of courses in a fresh database."""
    Base.metadata.create_all(kept.engine)
    with kept.writing() as session:
        session.add(Jurisdiction(id="CZ", parent_id=None, name_zh="常州市", name_en="CZ", bureau_zh="局"))
        session.flush()
        session.add_all(
            Organisation(id=f"o{n:015d}", kind=OrganisationKind.INSTITUTION, name=f"示例培训中心{n}",
                         name_en=f"Example Centre {n}", supervised_by="CZ")
            for n in range(40)
        )  # fmt: skip
        session.flush()
        made = list(rows(COURSES))
        session.execute(insert(Course), [course for course, _edition in made])
        session.execute(insert(Edition), [edition for _course, edition in made])
        session.add(CatalogueCounter(id=1, value=COURSES))


def spread(took: list[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    took = sorted(took)
    return {"p50_ms": round(took[len(took) // 2], 2), "p99_ms": round(took[len(took) * 99 // 100], 2)}


def timed(ask: Callable[[str], object], clock: Callable[[], float]) -> tuple[list[float], dict[str, float]]:
    """Every query in several rounds, and the slowest few by name; the first round has cold caches."""
    took, worst = [], {}
    for _round in range(ROUNDS):
        for query in QUERIES:
            began = clock()
            ask(query)
            spent = (clock() - began) * 1000
            took.append(spent)
            worst[query] = max(spent, worst.get(query, 0))
    slowest = sorted(worst.items(), key=lambda row: -row[1])[:3]
    return took, {query: round(spent, 1) for query, spent in slowest}


def searching(kept: Database, finder: Finder, clock: Callable[[Session], float]) -> dict[str, Any]:
    """Build the index, then ask, as a process does that has been warmed; what one change costs the next."""
    began = time.process_time()
    indexing.rebuild(engine=finder.engine, reading=kept.reading, writing=kept.writing)
    built_s = time.process_time() - began
    with kept.reading() as session:
        began = time.process_time()
        finder.warm(session)
        loaded_s = time.process_time() - began
        took, slowest = timed(lambda query: shown(finder, session, query), lambda: clock(session))
    with kept.writing() as session:
        shelf.mark(session, session.get_one(Course, f"c{COURSES:015d}"), text=True)
    with kept.reading() as session:
        began = clock(session)
        shown(finder, session, "dgzy")
        changed_ms = (clock(session) - began) * 1000
    return {**spread(took), "after_change_ms": round(changed_ms, 1), "rebuild_s": round(built_s, 1), "load_s": round(loaded_s, 1), "slowest": slowest}


def shown(finder: Finder, session: Session, query: str) -> object:
    """One page of the list, as the API makes it."""
    return finder.find(session, Ask(query)).after(None, size=24)


def server_cpu(session: Session) -> float:
    """CPU of the server process behind this session plus our own, in seconds."""
    pid = session.scalar(text("SELECT pg_backend_pid()"))
    run_ns = int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0])
    return time.process_time() + run_ns / 1e9


def tantivy_figures(kept: Database, folder: Path) -> dict[str, float]:
    """The same terms in the same fields, asked as one boolean query, every hit counted, the best 24 read."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw")
    for field in words.FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace")
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(heap_size=100_000_000, num_threads=1)
    with kept.reading() as session:
        for document in documents.of(session, documents.wanted(session)):
            terms = {field: " ".join(words.terms(held)) for field, held in document.texts.items()}
            writer.add_document(tantivy.Document(key=document.course_id, **terms))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def term(field: str, one: str) -> tuple[tantivy.Occur, tantivy.Query]:
        return tantivy.Occur.Must, tantivy.Query.term_query(index.schema, field, one)

    def ask(typed: str) -> object:
        ways = []
        for word in words.query(typed).required:
            names = [
                (tantivy.Occur.Should, tantivy.Query.boolean_query([term(field, one) for one in name]))
                for name in word.names for field in words.FIELDS
            ]  # fmt: skip
            ways.append((tantivy.Occur.Must, tantivy.Query.boolean_query(names)))
        asked = tantivy.Query.boolean_query(ways) if ways else tantivy.Query.all_query()
        found = searcher.search(asked, limit=24, count=True)
        return [searcher.doc(address) for _score, address in found.hits]

    return spread(timed(ask, time.process_time)[0])


def main() -> None:
    """Three engines, one line."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tantivy").mkdir()
        embedded = Database(f"sqlite:///{folder / 'search.sqlite'}")
        fill(embedded)
        found["embedded"] = searching(
            embedded, Finder(WhooshSearch(folder / "index")), lambda _session: time.process_time()
        )
        found["tantivy"] = tantivy_figures(embedded, folder / "tantivy")
    server = Server()
    server.start()
    try:
        server.create("bench")
        scaled = Database(server.url("bench"))
        fill(scaled)
        found["postgresql"] = searching(scaled, Finder(PostgresSearch()), server_cpu)
        scaled.engine.dispose()
    finally:
        server.stop()
    print(json.dumps({"bench": "search", "courses": COURSES, "queries": len(QUERIES) * ROUNDS, **found}, ensure_ascii=False))


if __name__ == "__main__":
    main()
