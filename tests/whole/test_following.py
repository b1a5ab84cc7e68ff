"""What belongs to one article but stands on several pages: its further pages and its comments."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Revision, Run
from spiders.job import now
from tests.conftest import wait_for
from tests.whole.conftest import House, house
from tests.whole.portal import Answer, Portal, page, paragraphs, portal, write_sheet

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡轮, channels: [ferry]}
  bridge: {title: 吊橋, query: 钢索吊桥, channels: [bridge]}
  seat: {title: 船票, query: "comments:靠窗", channels: [seat]}
channels:
  ferry: {type: mail, to: [ferry@example.org]}
  bridge: {type: mail, to: [bridge@example.org]}
  seat: {type: mail, to: [seat@example.org]}
"""
COMMENTS = {
    "item": ".remark",
    "text": ".said",
    "author": {"css": ".who"},
    "up": {"css": ".up"},
    "floor": {"css": ".floor"},
    "key": {"css": ".remark", "attr": "id"},
    "pages": {"url": "/thread/{id}?p={n}", "most": 5},
}
EXTRACT = {"comments": COMMENTS, "comment_count": [{"css": "#count", "pattern": r"(\d+)"}]}


@dataclass(slots=True)
class Play:
    """A house, its portal, and the outcomes of each crawl; `killed` is what was held of an article when its crawl was killed."""

    house: House
    cape: Portal
    told: list[dict[str, object]]
    asked: list[str] = field(default_factory=list)
    killed: tuple[list[object], int | None, list[str]] | None = None

    def crawl(self) -> None:
        """Crawl once more, with every known article due."""
        with writing(self.house.database) as session:
            session.execute(update(PageRow).values(due_at=now() - timedelta(minutes=1)))
        self.cape.asked.clear()
        self.told.append(self.house.crawl("cape"))
        self.asked += self.cape.asked

    def kill(self, number: int, at: str) -> None:
        """Kill a crawl that waits for the answer `at`, with one article before it."""
        self.cape.answers[at].after = held = threading.Event()
        crawl = self.house.start("crawl", "cape", "--json")
        wait_for(lambda: at in self.cape.asked, 60)
        crawl.kill()
        crawl.communicate()
        held.set()
        self.house.forget_heartbeats()
        told = self.article(number)
        self.killed = (told.comments, told.comments_read, self.mailed("ferry"))

    def article(self, number: int) -> ArticleRow:
        with reading(self.house.database) as session:
            return session.scalars(select(ArticleRow).join(PageRow).where(PageRow.identity == str(number))).one()

    def evidence(self, run: int) -> dict[str, str]:
        with reading(self.house.database) as session:
            found = session.scalars(select(Run).order_by(Run.id)).all()[run]
        return {item["url"].removeprefix("http://cape.example"): item["why"] for item in found.evidence}

    def mailed(self, name: str) -> list[str]:
        """The articles that one recipient was told of."""
        with reading(self.house.database) as session:
            query = select(PageRow.identity).join(ArticleRow, ArticleRow.page_id == PageRow.id).join(AlertRow)
            return list(session.scalars(query.where(AlertRow.recipient == f"{name}@example.org").order_by(PageRow.identity)))


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[Play]:
    """A portal whose learning run is over, with articles of several pages and of many comments, crawled often and killed once."""
    with house(tmp_path_factory.mktemp("following"), valkey) as made, portal() as cape:
        write_sheet(made.home / "config", cape.url, extract=EXTRACT)
        (made.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        made.learned("cape")
        played = Play(made, cape, [])
        for act in (_first, _second, _third):
            act(cape)
            played.crawl()
        _fourth(cape)
        played.kill(20, "/thread/20?p=2")
        played.crawl()
        yield played


def pages(cape: Portal, number: int, *seeds: str, foot: str = "") -> None:
    """An article over as many pages as there are seeds; each but the last links to the next, and to another article."""
    for at, seed in enumerate(seeds, 1):
        following = f'<a href="/article/{number}_{at + 1}">下一頁</a>' if at < len(seeds) else ""
        links = f'<span id=count>0</span>{following}<a href="/article/{number + 1}">下一篇</a>'
        name = f"/article/{number}" + (f"_{at}" if at > 1 else "")
        cape.answers[name] = Answer(page(f"第{number}號渡輪復航", seed=seed, foot=foot + links).encode())


def talk(cape: Portal, number: int, size: int, *extra: str) -> None:
    """The comments of an article, newest first and two a page; `extra` are the texts of the newest."""
    said = [f"第{floor}樓的話" for floor in range(1, size + 1 - len(extra))] + list(extra)
    newest = [(floor, text) for floor, text in enumerate(said, 1)][::-1]
    for at in range(0, size + 2, 2):
        cape.answers[f"/thread/{number}?p={at // 2 + 1}"] = Answer(f"<html><body>{remarks(newest[at : at + 2])}</body></html>".encode())


def remarks(said: list[tuple[int, str]]) -> str:
    """Comments as the portal prints them."""
    return "".join(
        f"<div class=remark id=c{floor}><b class=floor>{floor}</b><i class=who>讀者{floor}</i><p class=said>{text}</p><u class=up>{floor}</u></div>"
        for floor, text in said
    )


def _first(cape: Portal) -> None:
    cape.answers["/list"] = Answer(_list("2", "3", "2_2", "4", "5", "6", "7", "8"))
    pages(cape, 2, "甲", "乙", "丙鋼索吊橋")
    pages(cape, 4, "丁", "戊", "己")
    bridge = page("第4號渡輪復航", seed="戊").replace("</p></div>", "</p><p>北岸的鋼索吊橋也在檢修之列。</p></div>")
    cape.answers["/article/4_2"] = Answer(status=403, body=bridge.encode())
    cape.article(3, body=page("第3號渡輪復航", foot='<span id=count>0</span><a rel="next" href="/article/4">下一頁</a>').encode())
    for number, count in ((5, 5), (6, 4), (7, 3), (8, 0)):
        hot = remarks([(1, "第1樓的話")]) if count else ""
        cape.article(number, body=page(f"第{number}號渡輪復航", foot=f"<span id=count>{count}</span>{hot}").encode())
        talk(cape, number, count)
    cape.answers["/thread/6?p=2"] = Answer(status=403)
    cape.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /thread/7\n")


def _second(cape: Portal) -> None:
    cape.answers["/article/4_2"].status = 200
    cape.answers["/article/2_3"].status = 403
    cape.article(5, body=page("第5號渡輪復航", foot="<span id=count>6</span>").encode())
    talk(cape, 5, 6, "靠窗的船票還有嗎")
    talk(cape, 6, 4)


def _third(cape: Portal) -> None:
    cape.answers["/article/2_3"].status = 200


def _fourth(cape: Portal) -> None:
    cape.answers["/list"] = Answer(_list("20"))
    cape.article(20, body=page("第20號渡輪復航", foot="<span id=count>3</span>").encode())
    talk(cape, 20, 3)


def _list(*names: str) -> bytes:
    return ("<html><ul id=news>" + "".join(f'<li><a href="/article/{name}">{name}</a></li>' for name in names) + "</ul></html>").encode()


def test_an_article_over_several_pages_is_read_as_one(play: Play) -> None:
    told = play.article(2)
    assert told.text.split("\n") == [*paragraphs("甲"), *paragraphs("乙"), *paragraphs("丙鋼索吊橋")]
    assert (told.url, told.revision, told.partial) == ("http://cape.example/article/2", 0, None)


def test_a_listing_that_names_a_later_page_names_the_same_article(play: Play) -> None:
    assert play.told[0]["discovered"] == 7
    assert set(play.mailed("ferry")) == {"2", "3", "4", "5", "6", "7", "8", "20"}


def test_a_link_to_the_next_article_is_not_followed(play: Play) -> None:
    assert play.article(3).text.split("\n") == paragraphs("第3號渡輪復航")
    assert not [path for path in play.asked if path.startswith(("/article/3_", "/article/9"))]


def test_a_page_that_fails_leaves_what_is_there_and_says_so(play: Play) -> None:
    assert play.evidence(0)["/article/4"] == "partial: page 2 answered 403"
    assert play.told[0]["outcomes"] == {"new": 7}


def test_an_article_that_becomes_whole_is_matched_again_and_is_no_revision(play: Play) -> None:
    told = play.article(4)
    assert told.text.split("\n") == [*paragraphs("丁"), *paragraphs("戊"), "北岸的鋼索吊橋也在檢修之列。"]
    assert (told.revision, told.partial, play.told[1]["outcomes"]) == (0, None, {"unchanged": 7})
    assert play.mailed("bridge") == ["4"]
    assert play.mailed("ferry") == ["2", "20", "3", "4", "5", "6", "7", "8"]


def test_a_whole_article_of_which_a_page_fails_stays_as_it_was(play: Play) -> None:
    assert play.evidence(1)["/article/2"] == "partial: page 3 answered 403"
    with reading(play.house.database) as session:
        assert session.scalar(select(func.count()).select_from(Revision)) == 8


def test_a_thread_is_read_to_its_end_and_only_again_when_there_is_more(play: Play) -> None:
    said = play.article(5)
    assert sorted((each["floor"], each["up"]) for each in said.comments) == [(floor, floor) for floor in range(1, 7)]
    assert (said.comment_count, said.comments_read) == (6, 6)
    assert [path for path in play.asked if path.startswith("/thread/5")] == [f"/thread/5?p={page}" for page in (1, 2, 3, 1)]


def test_a_comment_on_the_article_and_in_the_thread_is_one(play: Play) -> None:
    assert [each["key"] for each in play.article(5).comments].count("c1") == 1


def test_a_topic_may_match_on_a_later_comment(play: Play) -> None:
    assert play.mailed("seat") == ["5"]
    with reading(play.house.database) as session:
        match = session.scalars(select(Match).where(Match.topic == "seat")).one()
    assert (match.revision, match.hits[0]["as_written"]) == (0, "靠窗")


def test_a_comment_page_that_fails_leaves_the_article_and_is_tried_again(play: Play) -> None:
    assert play.evidence(0)["/article/6"] == "page 2 of its comments: answered 403"
    said = play.article(6)
    assert (sorted(each["floor"] for each in said.comments), said.comments_read) == ([1, 2, 3, 4], 4)


def test_comments_that_robots_txt_forbids_are_not_asked_for(play: Play) -> None:
    assert play.evidence(0)["/article/7"] == "page 1 of its comments: robots.txt does not allow it"
    said = play.article(7)
    assert ([each["floor"] for each in said.comments], said.comments_read) == ([1], None)


def test_an_article_without_comments_has_no_thread_to_read(play: Play) -> None:
    assert play.article(8).comments_read is None
    assert not [path for path in play.asked if path.startswith("/thread/8")]


def test_a_crawl_that_is_killed_before_the_comments_has_told_of_the_article_and_reads_them_later(play: Play) -> None:
    assert play.killed is not None
    comments, read, mailed = play.killed
    assert (comments, read, "20" in mailed) == ([], None, True)
    assert play.article(20).comments_read == 3
    assert play.mailed("ferry").count("20") == 1
