"""What becomes of an article after it was told: absent, corrected, gone by its page's own word, and asked for by command."""

import json
from datetime import timedelta

from sqlalchemy import select, update

from pipelines.store.database import reading, writing
from pipelines.store.tables import ArticleRow, PageRow
from spiders.job import now
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
URL = "http://cape.example/article/3"
REMOVED = "<html><head><title>頁面不存在</title></head><body><h1>404 頁面不存在</h1><p>您要找的文章不存在或已被刪除。</p></body></html>"


def look_again(house: House) -> dict[str, int]:
    """The outcomes of a crawl for which every page is due."""
    with writing(house.database) as session:
        session.execute(update(PageRow).values(due_at=now() - timedelta(minutes=1)))
    outcomes: dict[str, int] = house.crawl("cape")["outcomes"]
    return outcomes


def vanished(house: House) -> set[str]:
    with reading(house.database) as session:
        return set(session.scalars(select(ArticleRow.url).where(ArticleRow.vanished_at.is_not(None))))


def test_only_its_pages_own_word_makes_an_article_vanish_and_a_correction_is_told_with_what_changed(fresh: House, cape: Portal) -> None:
    cape.publishes(1, 2, 3)
    fresh.crawl("cape")
    first = {mail["subject"] for mail in fresh.world.inbox()}
    cape.lists()
    fresh.crawl("cape")
    assert vanished(fresh) == set()
    cape.article(1, status=503)
    cape.article(2, body=b"")
    look_again(fresh)
    assert (vanished(fresh), len(fresh.world.inbox())) == (set(), 3)

    cape.article(1, status=404)
    cape.answers["/article/2"] = Answer(REMOVED.encode())
    cape.answers["/article/3"] = Answer(page("第3號渡輪復航").replace("</div>", "<p>海巡署說,船上12人平安。</p></div>").encode())
    assert look_again(fresh).items() >= {"not_article": 2, "revised": 1}.items()
    assert vanished(fresh) == {"http://cape.example/article/1", "http://cape.example/article/2"}
    later = {mail["subject"]: mail for mail in fresh.world.inbox() if mail["subject"] not in first}
    assert set(later) == {"下架｜渡輪｜第1號渡輪復航", "下架｜渡輪｜第2號渡輪復航", "更新｜渡輪｜第3號渡輪復航"}
    assert "[增：海巡署說,船上12人平安。]" in later["更新｜渡輪｜第3號渡輪復航"]["text"]

    told = json.loads(fresh.run("stories", "revisions", URL, "--json").stdout)
    assert (told["revision"], told["against"], told["material"], told["why"]) == (1, 0, True, "a statement was added (11 letters)")
    assert [(change["kind"], change["added"]) for change in told["changes"]] == [("added", "海巡署說,船上12人平安。")]
    assert "{+海巡署說,船上12人平安。+}" in fresh.run("stories", "revisions", URL, "--revision", "1").stdout
    assert "gone: its page says that it is gone" in fresh.run("stories", "revisions", "http://cape.example/article/1").stdout
    refused = fresh.run("stories", "revisions", URL, "--revision", "7")
    assert (refused.returncode, "has no revision 7; it has 1" in refused.stderr) == (1, True)
    assert fresh.run("stories", "revisions", "https://unknown.example/1").returncode == 1
