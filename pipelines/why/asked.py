"""What a reference means: an address in any of its forms, an article's number, or a headline in either script."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.sheet import Sheet
from pipelines.store.tables import ArticleRow, PageRow
from pipelines.text import fold, letters
from pipelines.why.stage import Case, Mark, Stage

TITLES = 200_000
"""Stored titles that a headline is compared with, the newest first."""
LIKE = 0.6
"""Share of a headline's pairs of characters that a title holds, from which on it may be meant."""
MOST = 10
"""Titles that are shown where several may be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored article whose title may be the one that is meant. `likeness`: 1 is equal but for script and punctuation."""

    article: int
    portal: str
    title: str
    url: str
    likeness: float


def by_url(case: Case, url: str, sheets: Mapping[str, Sheet]) -> list[Stage]:
    """Take up the article of an address; gives the stages that say whose it is."""
    case.url = url
    forms = list(_forms(url))
    serving = [sheet for sheet in sheets.values() if any(map(sheet.serves, forms))]
    named = [(sheet, *known) for sheet in serving for form in forms if sheet.serves(form) and (known := sheet.identify(form))]
    if not named:
        stored = _stored(case.session, forms)
        return _take_up(case, sheets, stored) if stored else [_nobodys(url, serving, sheets, case.unread)]
    kept = [each for each in named if _page(case.session, each[0].slug, each[1])]
    sheet, case.identity, case.url = (kept or named)[0]
    case.sheet, case.portal = sheet, sheet.slug
    case.page = _page(case.session, sheet.slug, case.identity)
    return _whose(case)


def by_number(case: Case, number: int, sheets: Mapping[str, Sheet]) -> list[Stage] | None:
    """Take up an article by its number; None where there is none."""
    row = case.session.get(ArticleRow, number)
    page = case.session.get(PageRow, row.page_id) if row else None
    return _take_up(case, sheets, page) if page else None


def by_headline(session: Session, headline: str) -> list[Candidate]:
    """The stored articles whose titles are most like it, in either script: one where one is meant, several where that is not sure."""
    wanted = letters(fold(headline))
    query = select(ArticleRow.id, ArticleRow.portal, ArticleRow.title, ArticleRow.url).order_by(ArticleRow.id.desc()).limit(TITLES)
    liked = [
        Candidate(article=row.id, portal=row.portal, title=row.title, url=row.url, likeness=likeness)
        for row in session.execute(query)
        if (likeness := _likeness(wanted, letters(fold(row.title)))) >= LIKE
    ]
    equal = [each for each in liked if each.likeness == 1]
    return sorted(equal or liked, key=lambda each: -each.likeness)[:MOST]


def _likeness(wanted: str, title: str) -> float:
    if wanted == title:
        return 1.0
    if len(wanted) >= 4 and wanted in title:
        return 0.99
    pairs = set(pairwise(wanted))
    return 0.98 * len(pairs & set(pairwise(title))) / len(pairs) if pairs else 0.0


def _forms(url: str) -> Iterator[str]:
    """The address as given, and by the other scheme: patterns may name one."""
    yield url
    scheme, _, rest = url.partition("://")
    yield f"{'http' if scheme == 'https' else 'https'}://{rest}"


def _page(session: Session, portal: str, identity: str) -> PageRow | None:
    return session.scalar(select(PageRow).where(PageRow.portal == portal, PageRow.identity == identity))


def _stored(session: Session, urls: list[str]) -> PageRow | None:
    """The page kept under such an address, though no sheet knows it any more."""
    query = select(PageRow).outerjoin(ArticleRow, ArticleRow.page_id == PageRow.id).where(PageRow.url.in_(urls) | ArticleRow.url.in_(urls))
    return session.scalar(query.limit(1))


def _take_up(case: Case, sheets: Mapping[str, Sheet], page: PageRow) -> list[Stage]:
    case.page, case.portal, case.identity, case.url = page, page.portal, page.identity, page.url
    case.sheet = sheets.get(page.portal)
    return _whose(case)


def _whose(case: Case) -> list[Stage]:
    if case.page is not None:
        case.article = case.session.scalar(select(ArticleRow).where(ArticleRow.page_id == case.page.id))
    name = f" ({case.sheet.name})" if case.sheet else ""
    host = f"{case.portal}{name} reads {', '.join(case.sheet.hosts)}" if case.sheet else f"{case.portal} read it; it has no sheet now"
    told = {"portal": case.portal, "identity": case.identity}
    return [
        Stage(name="portal", mark=Mark.YES if case.sheet else Mark.NOTE, says=host),
        Stage(name="identity", mark=Mark.YES, says=f"identity {case.identity}", evidence=(case.url or "",), told=told),
    ]


def _nobodys(url: str, serving: list[Sheet], sheets: Mapping[str, Sheet], unread: Mapping[str, str]) -> Stage:
    """That no sheet knows the address: neither its host, nor as an article's."""
    if not serving:
        hosts = ", ".join(sorted(host for slug, sheet in sheets.items() if slug not in unread for host in sheet.hosts))
        broken = tuple(f"{slug}: {why}" for slug, why in unread.items() if slug not in sheets)
        evidence = (f"watched: {hosts}", f"`portalwatch portals add {url}` drafts a sheet", *broken)
        return Stage(name="portal", mark=Mark.NO, says="no portal is watched under this host", evidence=evidence)
    sheet = serving[0]
    if any(url in (source.url, f"{source.url}/") for source in sheet.discovery):
        return Stage(name="identity", mark=Mark.NO, says=f"a listing of {sheet.slug}, no article")
    patterns = tuple(identity.pattern for each in serving for identity in each.articles)
    says = f"{sheet.slug} knows the host, and no article under such an address; its sheet's patterns are"
    return Stage(name="identity", mark=Mark.NO, says=says, evidence=patterns)
