"""A topic's samples, tried when the watchlist is checked: what it must match, and what it must not."""

from collections.abc import Iterator

from pipelines.errors import ConfigError
from pipelines.watch.engine import Matcher
from pipelines.watch.file import Sample, SampleArticle, TopicEntry, WatchlistFile
from pipelines.watch.readable import Readable
from pipelines.yamlfile import Document


def check_samples(document: Document, file: WatchlistFile, matcher: Matcher) -> None:
    """ConfigError names every sample that does not do what it should."""
    sampled = ((slug, entry) for slug, entry in file.topics.items() if entry.must_match or entry.must_not_match)
    problems = [problem for slug, entry in sampled for problem in _failing(document, slug, entry, matcher)]
    if problems:
        raise ConfigError(problems)


def _failing(document: Document, slug: str, entry: TopicEntry, matcher: Matcher) -> Iterator[str]:
    for key, samples, wanted in (("must_match", entry.must_match, True), ("must_not_match", entry.must_not_match, False)):
        for index, sample in enumerate(samples):
            words = _matched_words(slug, entry, sample, matcher)
            if (words is not None) != wanted:
                why = f"matches by {', '.join(words)}" if words else "does not match"
                yield f"{document.where(('topics', slug, key, index))}: {key}: the query of `{slug}` {why}"


def _matched_words(slug: str, entry: TopicEntry, sample: Sample, matcher: Matcher) -> list[str] | None:
    """The words by which a sample matches, None where it does not. A bare string is tried as a title and as a text."""
    for readable in _readables(entry, sample):
        for match in matcher.match(readable):
            if match.topic == slug:
                return list(dict.fromkeys(hit.as_written for hit in match.hits))
    return None


def _readables(entry: TopicEntry, sample: Sample) -> tuple[Readable, ...]:
    """A sample that names no publisher or language is of one that the topic reads."""
    if isinstance(sample, str):
        sampled = (SampleArticle(title=sample), SampleArticle(text=sample))
        return tuple(each for article in sampled for each in _readables(entry, article))
    publisher, language = sample.publisher or entry.publishers[:1], sample.language or next(iter(entry.languages), None)
    return (Readable(**sample.model_dump() | {"publisher": publisher, "language": language}),)
