"""What matching reads of an article, wherever it comes from."""

from dataclasses import dataclass

from pipelines.models import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """The fields that a query can ask for. `portal` is a sheet's slug, None where it is not known. `language`: zh-Hant, en."""

    title: str
    text: str
    portal: str | None = None
    publisher: tuple[str, ...] = ()
    author: str | None = None
    section: str | None = None
    comments: tuple[str, ...] = ()
    language: str | None = None


def readable(article: Article, portal: str | None) -> Readable:
    """The article as matching reads it."""
    return Readable(
        title=article.title,
        text=article.text,
        portal=portal,
        publisher=article.publisher,
        author=article.author,
        section=article.section,
        comments=tuple(comment.text for comment in article.comments),
        language=language_tag(article.language, article.script),
    )


def language_tag(language: str | None, script: str | None) -> str | None:
    """`zh-Hant`, `zh-Hans`, `zh-mixed`, `en`; None where neither is known."""
    return "-".join(filter(None, (language, script))) or None
