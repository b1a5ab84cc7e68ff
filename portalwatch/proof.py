"""How articles read, printed for the person who wrote their sheet."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pipelines.models import Article
from portalwatch.show import counted, plain
from spiders.trial import SHOWN, Proof, Tried

_START = 80
"""Characters of a text that are shown."""


def told(proofs: Sequence[Proof]) -> Iterator[str]:
    """A few lines an article; what the page is where it is none."""
    for number, proof in enumerate(proofs, 1):
        if proof.article is None:
            yield plain(f"{number}. NO ARTICLE: {proof.why}")
        else:
            yield from (plain(line) for line in _told(number, proof.article))
        yield plain(f"   {proof.url}" + (f"  (key {proof.key})" if proof.key else ""))
        yield from (plain(f"   ! {warning}") for warning in proof.warnings)


def _told(number: int, article: Article) -> Iterator[str]:
    yield f"{number}. {article.title or 'no title'}"
    yield f"   published  {_moment(article)}"
    yield f"   publisher  {'、'.join(article.publisher) or 'unknown'}; author {article.author or 'unknown'}"
    quality = f", quality {article.quality:.2f}" if article.quality is not None else ""
    yield f"   text       {len(article.text)} characters ({article.rung}{quality}): {article.text[:_START]}…"


def _moment(article: Article) -> str:
    if article.published_at is None:
        return "unknown"
    at = article.published_at
    written = f"{at:%Y-%m-%d %H:%M %z}" if isinstance(at, datetime) else f"{at}, a day without a time"
    return f"{written} ({article.published_from})"


def sources(tried: Sequence[Tried]) -> Iterator[str]:
    """What each discovery address named, and the first links that no pattern knows."""
    for source in tried:
        counts = f"{counted(source.links, 'link')}, {counted(len(source.articles), 'article')}"
        yield plain(f"{source.kind:<8} {source.url}: {counts}" + (f"; {source.why}" if source.why else ""))
        if source.unmatched:
            yield f"         {len(source.unmatched)} match no pattern, first:"
            yield from (plain(f"         {url}") for url in source.unmatched[:SHOWN])
