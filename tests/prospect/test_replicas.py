"""A site that no sheet knows: each replica portal is looked at as if it were one, and its articles read as the invented world knows them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache

import pytest

from demo.serve import Running, running
from demo.world import Truth
from pipelines.sources import Listing
from spiders.prospect.look import Prospect
from spiders.prospect.reader import Reader
from spiders.prospect.zones import Zones
from tests.extract.shared import sheet
from tests.prospect.conftest import looked

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITES = {
    "storm_mg, its list": ("storm_mg", "https://www.storm.mg/articles", {"sitemap", "listing"}),
    "storm_mg, a feed of short links": ("storm_mg", "https://www.storm.mg/api/getRss/channel_id/2", {"sitemap", "feed"}),
    "storm_mg, an article": ("storm_mg", "https://www.storm.mg/article/5400124", {"sitemap"}),
    "park6": ("park6", "https://www.6parknews.com/newspark/index.php", {"listing"}),
    "dw_zh, its list": ("dw_zh", "https://www.dw.com/zh/在线报导/s-9058", {"listing"}),
    "dw_zh, its feed": ("dw_zh", "https://rss.dw.com/rdf/rss-chi-all", {"feed"}),
    "bbc_zh, its front page": ("bbc_zh", "https://www.bbc.com/zhongwen/simp", {"listing"}),
    "bbc_zh, its feed": ("bbc_zh", "https://feeds.bbci.co.uk/zhongwen/trad/rss.xml", {"feed", "listing"}),
}


@pytest.fixture(scope="module")
def world() -> Iterator[Running]:
    """The replica portals with enough articles for lists."""
    with running(now=NOW, articles=160) as up:
        yield up


@pytest.fixture(scope="module")
def looks(world: Running, reader: Reader) -> Callable[[str], Prospect]:
    """What a look at one of SITES finds; each is looked at once."""
    return cache(lambda name: looked(world.url, SITES[name][1], reader))


@pytest.fixture(params=SITES)
def found(request: pytest.FixtureRequest, looks: Callable[[str], Prospect]) -> tuple[str, set[str], Prospect]:
    """(the portal, the kinds of its sources, what the look found)."""
    portal, _, kinds = SITES[request.param]
    return portal, kinds, looks(request.param)


@pytest.fixture(scope="module")
def truths(world: Running) -> Mapping[tuple[str, str], Truth]:
    """What every page says, by portal and address."""
    return {(true.portal, url): true for true in world.world.truth() for url in true.urls}


def test_its_sources_are_found(found: tuple[str, set[str], Prospect]) -> None:
    _, kinds, prospect = found
    assert {source.type for source in prospect.draft.discovery} == kinds


def test_five_articles_read_as_they_are(found: tuple[str, set[str], Prospect], truths: Mapping[tuple[str, str], Truth]) -> None:
    portal, _, prospect = found
    assert len(prospect.proofs) == 5
    for proof in prospect.proofs:
        true, article = truths[portal, proof.url.partition("?utm")[0].partition("?maca")[0].partition("?at_")[0]], proof.article
        assert article is not None, proof
        assert (article.title, article.published_at) == (true.title, true.published_at)
        lines = article.text.split("\n")
        assert lines[: len(true.paragraphs)] == list(true.paragraphs)
        assert len(lines) <= len(true.paragraphs) + 1, "a line of rights at most"
        assert proof.key
        assert proof.warnings == ()


def test_the_draft_knows_every_article_by_a_key_of_its_own(found: tuple[str, set[str], Prospect], world: Running) -> None:
    portal, _, prospect = found
    drafted, shipped, keys = prospect.draft.sheet(), sheet(portal), {}
    for true in world.world.truth():
        known = drafted.identify(true.urls[0]) if true.portal == portal else None
        if known:
            keys.setdefault(known[0], set()).add(shipped.identify(true.urls[0])[0])  # type: ignore[index]
            assert drafted.serves(known[1])
    assert len(keys) >= 30
    assert all(len(same) == 1 for same in keys.values())


def test_the_language_and_the_zone_are_said_or_guessed(found: tuple[str, set[str], Prospect]) -> None:
    portal, _, prospect = found
    draft = prospect.draft
    assert draft.timezone == {"storm_mg": "Asia/Taipei"}.get(portal, draft.timezone)
    assert "guess" in draft.notes["timezone"]
    assert draft.language == ("zh-Hant" if portal == "storm_mg" or "trad" in draft.origin else "zh-Hans")


def test_a_list_is_named_by_a_short_selector(looks: Callable[[str], Prospect]) -> None:
    items = {}
    for name in ("storm_mg, its list", "park6", "dw_zh, its list", "bbc_zh, its front page"):
        source = looks(name).draft.discovery[-1]
        assert isinstance(source, Listing)
        items[SITES[name][0]] = (source.item, source.next)
    assert items == {
        "storm_mg": (".card_link", "https://www.storm.mg/articles/{n}"),
        "park6": ("#main li", None),
        "dw_zh": (".teaser", None),
        "bbc_zh": (".promo-text", None),
    }


def test_a_zone_is_written_where_one_selector_holds_the_text_and_its_sheet_reads_by_it(looks: Callable[[str], Prospect]) -> None:
    park6 = looks("park6")
    assert park6.draft.zones.zones == ("#shownewsc",)
    assert all(proof.article and proof.article.rung.startswith("sheet zone") for proof in park6.proofs)
    assert looks("storm_mg, its list").draft.zones == Zones(
        zones=("#CMS_wrapper", '[data-test-comp="ArticleContent"]'), remove=("blockquote",)
    )


def test_the_end_of_the_titles_is_written_with_any_date_for_the_one_it_holds(looks: Callable[[str], Prospect]) -> None:
    assert looks("park6").draft.suffixes == (r"\s*-6park\.com",)
    assert looks("dw_zh, its feed").draft.suffixes == (r"\s*–\s*DW\s*–\s*\d+年\d+月\d+日",)


WIDE = {
    "rfi_zh": "https://www.rfi.fr/cn/rss",
    "voa_zh": "https://www.voachinese.com/api/zm_yql-vomx-tpeybti",
    "udn": "https://udn.com/rssfeed/news/2/6638?ch=news",
    "ltn": "https://news.ltn.com.tw/rss/all.xml",
    "cna": "https://www.cna.com.tw/GoogleNewsSitemap_fromRemote_cfp.xml",
    "chinatimes": "https://www.chinatimes.com/sitemaps/sitemap_todaynews.xml",
    "yahoo_tw": "https://tw.news.yahoo.com/rss",
}


@pytest.mark.parametrize("portal", WIDE)
def test_the_feed_or_sitemap_of_any_replica_portal_gives_a_draft_that_names_its_articles_right(
    world: Running, reader: Reader, portal: str
) -> None:
    found = looked(world.url, WIDE[portal], reader)
    titles = {piece.title for piece in world.world.scene.wider if piece.portal == portal}
    assert {proof.article.title for proof in found.proofs if proof.article} <= titles
    assert len({proof.key for proof in found.proofs}) == len(found.proofs) >= 3
    shipped = sheet(portal)
    assert all(shipped.identify(proof.url) for proof in found.proofs)
