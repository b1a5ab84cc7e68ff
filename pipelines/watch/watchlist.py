"""The watchlist: every topic, channel and recipient, read from YAML and checked whole before anything runs on it."""

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipelines.errors import ConfigError, QueryError
from pipelines.watch.aliases import TERRITORIES, AliasLists, read_aliases, unknown_name
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.file import Channel, MailChannel, Revisions, Sample, TopicEntry, WatchlistFile
from pipelines.watch.plan import Part
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.yamlfile import Document, validated

ALIASES_FILE = "aliases.yaml"
SHIPPED = Path(__file__).resolve().parents[2] / "config"
SHIPPED_ALIASES = SHIPPED / ALIASES_FILE
NO_WATCHLIST = (
    "cannot be read: no such file. Write a watchlist (docs/topics.md){copy}, or name the folder that holds one with PORTALWATCH_CONFIG"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A stored query with its title and channels. `portals` empty: all of them. `expires`: the last day on which it alerts."""

    slug: str
    title: str
    query: str
    aliases: tuple[str, ...]
    portals: tuple[str, ...]
    channels: tuple[str, ...]
    must_match: tuple[Sample, ...]
    must_not_match: tuple[Sample, ...]
    owner: str | None
    tags: tuple[str, ...]
    expires: date | None
    revisions: Revisions
    priority: str
    part: Part = field(repr=False, compare=False)

    def is_active(self, day: date) -> bool:
        """Whether the topic still alerts on that day."""
        return self.expires is None or day <= self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A watchlist that holds together: every name in it is known, every query reads, every sample does what it should.

    `source` is the text of watchlist.yaml and of aliases.yaml, enough to restore it by `from_text`; `version` is their hash.
    """

    name: str
    topics: Mapping[str, Topic]
    channels: Mapping[str, Channel]
    aliases: AliasLists = field(repr=False, compare=False)
    source: tuple[str, str] = field(repr=False)
    version: str

    @classmethod
    def from_text(cls, text: str, name: str = "watchlist.yaml", aliases_text: str = "", *, aliases_name: str = ALIASES_FILE) -> "Watchlist":
        """The watchlist of two YAML texts; `name` and `aliases_name` stand in complaints. ConfigError as `load_watchlist`."""
        with _collector_paused():
            aliases = read_aliases(Document(aliases_name, aliases_text))
            document = Document(name, text)
            file = validated(WatchlistFile, document)
            topics = _topics(document, file, aliases)
            _check_samples(document, topics)
        source = (text, aliases_text)
        return cls(name=name, topics=topics, channels=file.channels, aliases=aliases, source=source, version=_version(source))

    def recipients(self, topic: Topic) -> tuple[tuple[str, str], ...]:
        """(channel, recipient) of everyone who hears of the topic: each mail address, or a webhook's channel name."""
        named = ((name, recipient) for name in topic.channels for recipient in _recipients(name, self.channels[name]))
        return tuple(dict.fromkeys(named))


def load_watchlist(path: Path, aliases: Path | None = None) -> Watchlist:
    """The watchlist at `path`, with the alias lists of `aliases`, or of aliases.yaml beside it, or else the shipped ones.

    ConfigError names each problem as `file:line:column: what`, with a suggestion where one is near.
    """
    beside = path.with_name(ALIASES_FILE)
    chosen = aliases or next((place for place in (beside, SHIPPED_ALIASES) if place.is_file()), None)
    aliases_text = _read(chosen) if chosen else ""
    return Watchlist.from_text(_read(path), str(path), aliases_text, aliases_name=str(chosen or beside))


def compile_watchlist(watchlist: Watchlist) -> Matcher:
    """The matcher of all topics, in the file's order."""
    with _collector_paused():
        return _matcher(watchlist.topics.values())


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A large watchlist makes a million lasting objects; looking through them for garbage takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _matcher(topics: Iterable[Topic]) -> Matcher:
    return Matcher(program_of([Plan(topic.slug, topic.part, frozenset(topic.portals)) for topic in topics]))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        example = SHIPPED / "watchlist.yaml"
        copy = f", for a start by `mkdir -p {path.parent} && cp {example} {path}`" if example.is_file() else ""
        raise ConfigError(f"{path}: {NO_WATCHLIST.format(copy=copy)}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None


def _version(source: tuple[str, str]) -> str:
    return hashlib.sha256("\0".join(source).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _recipients(name: str, channel: Channel) -> tuple[str, ...]:
    return tuple(dict.fromkeys(channel.to)) if isinstance(channel, MailChannel) else (name,)


def _topics(document: Document, file: WatchlistFile, aliases: AliasLists) -> dict[str, Topic]:
    compiler = Compiler(aliases)
    topics: dict[str, Topic] = {}
    problems: list[str] = []
    for slug, entry in file.topics.items():
        unknown = list(_unknown_names(document, slug, entry, file, aliases))
        problems += unknown
        try:
            topics[slug] = _topic(slug, entry, compiler, entry.aliases if not unknown else ())
        except QueryError as error:
            problems.append(f"{document.where(('topics', slug, 'query'), offset=error.offset)}: {error.message}")
    if problems:
        raise ConfigError(problems)
    return topics


def _topic(slug: str, entry: TopicEntry, compiler: Compiler, taken: tuple[str, ...] | None) -> Topic:
    lists = (TERRITORIES,) if taken is None else taken
    part = compiler.part(parse(entry.query), lists)
    values = {name: getattr(entry, name) for name in TopicEntry.model_fields if name not in ("title", "aliases")}
    return Topic(slug=slug, title=entry.title or slug, aliases=lists, part=part, **values)


def _unknown_names(document: Document, slug: str, entry: TopicEntry, file: WatchlistFile, aliases: AliasLists) -> Iterator[str]:
    for key, names, known, what in (
        ("channels", entry.channels, sorted(file.channels), "channel"),
        ("aliases", entry.aliases or (), sorted(aliases.lists), "alias list"),
    ):
        for index, name in enumerate(names):
            if name not in known:
                yield f"{document.where(('topics', slug, key, index))}: {unknown_name(name, known, what)}"


def _check_samples(document: Document, topics: Mapping[str, Topic]) -> None:
    sampled = [topic for topic in topics.values() if topic.must_match or topic.must_not_match]
    matcher = _matcher(sampled)
    problems = [problem for topic in sampled for problem in _failing(document, topic, matcher)]
    if problems:
        raise ConfigError(problems)


def _failing(document: Document, topic: Topic, matcher: Matcher) -> Iterator[str]:
    for key, samples, wanted in (("must_match", topic.must_match, True), ("must_not_match", topic.must_not_match, False)):
        for index, sample in enumerate(samples):
            words = _matched_words(topic, sample, matcher)
            if (words is not None) != wanted:
                why = f"matches by {', '.join(words)}" if words else "does not match"
                yield f"{document.where(('topics', topic.slug, key, index))}: {key}: the query of `{topic.slug}` {why}"


def _matched_words(topic: Topic, sample: Sample, matcher: Matcher) -> list[str] | None:
    """The words by which a sample matches, None where it does not. A bare string is tried as a title and as a text."""
    for readable in _readables(sample):
        for match in matcher.match(readable):
            if match.topic == topic.slug:
                return list(dict.fromkeys(hit.as_written for hit in match.hits))
    return None


def _readables(sample: Sample) -> tuple[Readable, ...]:
    if isinstance(sample, str):
        return (Readable(title=sample, text=""), Readable(title="", text=sample))
    return (Readable(**sample.model_dump()),)
