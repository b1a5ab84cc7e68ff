"""One story with all that is known of it: its tellings in the order of their chain, its relatives, what a person decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pipelines.dedup.altered import Altered, altered
from pipelines.dedup.chain import Chain, Piece, chain_of
from pipelines.store import rulings
from pipelines.store.tables import ArticleRow, Related, Ruling, Story, Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A portal's names as a publisher, its own first, and its zone."""

    own: tuple[str, ...]
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story. `tellings` and `articles` are by article, `also` the other stories that an article tells a part of;
    `related` pairs a link with the title of the story at its other end."""

    story: Story
    chain: Chain
    tellings: Mapping[int, Telling]
    articles: Mapping[int, ArticleRow]
    also: Mapping[int, Sequence[int]]
    related: Sequence[tuple[int, str, Related]]
    rulings: Sequence[Ruling]

    def altered(self, article: int, against: int | None = None) -> Altered:
        """What the article's text made of another one's, of the chain's first where it is left out."""
        before = self.articles[self.chain.steps[0].article_id if against is None else against]
        return altered(before.text, self.articles[article].text)


def told(session: Session, story: int, names: Callable[[str], Names]) -> Told | None:
    """The story, None where no telling has its number. `names` gives those of a portal."""
    found = session.execute(
        select(Telling, ArticleRow).join(ArticleRow, ArticleRow.id == Telling.article_id).where(Telling.story_id == story)
    ).all()
    if not found:
        return None
    pieces = [_piece(telling, article, names(article.portal)) for telling, article in found]
    return Told(
        story=session.get_one(Story, story),
        chain=chain_of(pieces),
        tellings={telling.article_id: telling for telling, _ in found},
        articles={article.id: article for _, article in found},
        also=_also(session, story, [article.id for _, article in found]),
        related=_related(session, story),
        rulings=rulings.rulings_of(session, story),
    )


def _piece(telling: Telling, article: ArticleRow, names: Names) -> Piece:
    return Piece(
        article_id=article.id,
        own=names.own,
        credits=tuple(article.publisher),
        published_at=article.published_at or article.published_on,
        first_seen_at=article.first_seen_at,
        zone=names.zone,
        role=telling.role,
    )


def _also(session: Session, story: int, articles: Sequence[int]) -> dict[int, list[int]]:
    query = select(Telling.article_id, Telling.story_id).where(Telling.article_id.in_(articles), Telling.story_id != story)
    found: dict[int, list[int]] = {}
    for article, other in session.execute(query.order_by(Telling.story_id)):
        found.setdefault(article, []).append(other)
    return found


def _related(session: Session, story: int) -> list[tuple[int, str, Related]]:
    """(the story at the other end, its title, the link), what was joined since under the story that tells it now."""
    ours = [story, *rulings.joined_into(session, story)]
    links = session.scalars(select(Related).where(or_(Related.story_id.in_(ours), Related.other_id.in_(ours))).order_by(Related.story_id))
    ends = [(rulings.survivor(session, link.other_id if link.story_id in ours else link.story_id), link) for link in links]
    rows = {row.id: row for row in session.scalars(select(Story).where(Story.id.in_([end for end, _ in ends])))}
    return [(end, rows[end].title, link) for end, link in ends if end != story and end in rows]
