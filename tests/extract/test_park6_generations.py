"""留园网 over the years: three layouts of the article page, two of the comment page, and a list that stands in a script."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from demo.portals import Asked, Reply, answer
from demo.world import Said, Truth, World
from pipelines.extract.dates import clock_for
from pipelines.extract.ladder import extract
from pipelines.extract.remarks import comments_of
from pipelines.extract.tree import parse
from pipelines.models import Comment, Page
from spiders.discovery import read_listing
from tests.extract.shared import sheet

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
PARK6 = sheet("park6")
WORLD = World(now=NOW, phase=3)
TRUTHS = [true for true in WORLD.truth() if true.portal == "park6"]
LAYOUTS = {
    "#newscontent": "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid={}",
    "#article-content": "https://www.toutiaoabc.com/index.php?app=news&act=view&nid={}",
    "#news_content": "https://local.6parknews.com/index.php?app=news&act=view&nid={}&nomobile=0",
}


def fetched(url: str) -> Reply:
    parts = urlsplit(url)
    return answer(Asked(host=parts.netloc, path=parts.path, query=dict(parse_qsl(parts.query))), WORLD.scene)


def nid(true: Truth) -> str:
    return true.article.partition(":")[2]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_article_is_read_alike_in_each_layout(layout: str) -> None:
    for true in TRUTHS:
        url = LAYOUTS[layout].format(nid(true))
        reply = fetched(url)
        assert f'id="{layout[1:]}"'.encode() in reply.body
        article = extract(Page(url=url, body=reply.body, content_type=reply.content_type), PARK6).article
        assert article is not None
        told = (article.title, article.text.split("\n"), article.publisher, article.published_at, article.captions)
        assert told == (true.title, list(true.paragraphs), true.publisher, true.published_at, true.captions)
        assert (article.comment_count, article.reactions, len(article.comments)) == (true.comment_count, true.reactions, len(true.comments))


@pytest.mark.parametrize("host", ["www.6parknews.com/newspark", "www.toutiaoabc.com"])
def test_the_comment_pages_of_both_generations_give_the_whole_thread(host: str) -> None:
    true = max(TRUTHS, key=lambda each: each.comment_count or 0)
    pages = [fetched(f"https://{host}/index.php?act=newsreply&nid={nid(true)}&p={page}") for page in (1, 2)]
    clock = clock_for(PARK6.timezone, None, None)
    trees = [parse(page.body.decode("utf-8" if "utf-8" in page.content_type else "gb18030")) for page in pages]
    read = [comment for tree in trees for comment in comments_of(tree, PARK6.extract, clock)]
    assert [_told(comment) for comment in read] == [_told(said) for said in true.thread]
    assert len(read) > 20
    assert all(comment.key for comment in read)
    assert any(comment.quotes for comment in read)


def _told(said: Said | Comment) -> tuple[object, ...]:
    return said.author, said.text, tuple(said.badges), said.at, said.up, said.down, said.floor, said.quotes


def test_the_two_generations_of_comments_are_not_the_same_markup() -> None:
    bodies = [
        fetched(f"https://{host}/index.php?act=newsreply&nid={nid(TRUTHS[0])}").body
        for host in ("www.6parknews.com/newspark", "www.toutiaoabc.com")
    ]
    assert bodies[0] != bodies[1]


@pytest.mark.parametrize(
    "body",
    [
        '<script>var list = [{"nid":"702744","title":"铁路(图)","url":"view.php?app=news&act=view&nid=702744","num":"3"}];</script>',
        '<script>load({"nid":702744, "title":"铁路", "url":"view.php?app=news\\u0026act=view\\u0026nid=702744"})</script>',
        '<script>x=[{"nid":"702744","url":"https:\\/\\/www.6parknews.com\\/newspark\\/view.php?app=news&act=view&nid=702744"}]</script>',
    ],
)
def test_a_list_in_a_script_is_read(body: str) -> None:
    source = PARK6.discovery[0]
    listed = read_listing(source, source.url, f"<html><body>{body}</body></html>".encode(), "text/html; charset=utf-8")
    assert [PARK6.identify(link.url) for link in listed.links] == [
        ("news:702744", "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=702744")
    ]


def test_a_script_that_is_no_json_gives_no_link() -> None:
    source = PARK6.discovery[0]
    broken = '<html><script>x={"nid":"1","url":"view.php?nid=1\\q"}; y={"nid":"2","title":"a"}</script></html>'
    assert read_listing(source, source.url, broken.encode(), "text/html").links == ()
