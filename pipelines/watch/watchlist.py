"""The watchlist: every topic, channel and recipient, read from YAML and checked whole before anything runs on it."""

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import TypeAlias

from pipelines.errors import ConfigError, QueryError
from pipelines.policy.plan import Policy
from pipelines.watch.aliases import AliasLists, read_aliases, unknown_name
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.file import Channel, MailChannel, TopicEntry, WatchlistFile
from pipelines.watch.hearing import cron_of, policy_of
from pipelines.watch.kept import Shelf
from pipelines.watch.narrowed import narrowed
from pipelines.watch.packed import key_of, pack, unpack
from pipelines.watch.program import Plan, Program, program_of
from pipelines.watch.query import parse
from pipelines.watch.samples import check_samples
from pipelines.watch.topic import Topic, Topics, taken
from pipelines.yamlfile import Document, text_of, validated

Progress: TypeAlias = Callable[[str, int, int], None]  # told the stage, and how many of how many are done in it (0: not counted)

ALIASES_FILE = "aliases.yaml"
SHIPPED = Path(__file__).resolve().parents[2] / "config"
SHIPPED_ALIASES = SHIPPED / ALIASES_FILE
NO_WATCHLIST = (
    "cannot be read: no such file. Write a watchlist (docs/topics.md), for a start by `portalwatch topics init {path}`, "
    "or name the folder that holds one with PORTALWATCH_CONFIG"
)


def silent(stage: str, done: int, total: int) -> None:
    """No progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A watchlist that holds together: every name in it is known, every query reads, every sample does what it should.

    `source` is the text of watchlist.yaml and of aliases.yaml, enough to restore it by `from_text`; `version` is their hash.
    `program` is what all its topics compile to.
    """

    name: str
    topics: Topics
    channels: Mapping[str, Channel]
    ops: tuple[str, ...] = ()
    program: Program = field(repr=False, compare=False)
    source: tuple[str, str] = field(repr=False)
    version: str

    @classmethod
    def from_text(
        cls,
        text: str,
        name: str = "watchlist.yaml",
        aliases_text: str = "",
        *,
        aliases_name: str = ALIASES_FILE,
        progress: Progress = silent,
    ) -> "Watchlist":
        """The watchlist of two YAML texts; `name` and `aliases_name` stand in complaints. ConfigError as `load_watchlist`."""
        with _collector_paused():
            progress("reading", 0, 0)
            aliases = read_aliases(Document(aliases_name, aliases_text))
            document = Document(name, text)
            file = validated(WatchlistFile, document)
            plans = _plans(document, file, aliases, progress)
            progress("compiling", 0, 0)
            program = program_of(plans)
            topics = Topics.of(file.topics)
            progress("trying the samples", 0, 0)
            check_samples(document, file, Matcher(program))
        source = (text, aliases_text)
        return cls(name=name, topics=topics, channels=file.channels, ops=file.ops, program=program, source=source, version=_version(source))

    @property
    def aliases(self) -> AliasLists:
        """Its alias lists, read anew."""
        return read_aliases(Document(ALIASES_FILE, self.source[1]))

    @property
    def watchmen(self) -> tuple[tuple[str, str], ...]:
        """(channel, recipient) of everyone who hears of the monitor itself."""
        return tuple(dict.fromkeys((name, to) for name in self.ops for to in _recipients(name, self.channels[name])))

    def recipients(self, topic: Topic) -> tuple[tuple[str, str], ...]:
        """(channel, recipient) of everyone who hears of the topic: each mail address, or a webhook's channel name."""
        named = ((name, recipient) for name in topic.channels for recipient in _recipients(name, self.channels[name]))
        return tuple(dict.fromkeys(named))

    def policy(self, slug: str, channel: str, zone: tzinfo) -> Policy:
        """When whoever hears of the topic by the channel does; at once where the watchlist knows one of them no more."""
        topic, entry = self.topics.get(slug), self.channels.get(channel)
        return policy_of(topic, entry, zone, urgent=topic.priority == "high") if topic and entry else Policy(zone=zone)


def load_watchlist(path: Path, aliases: Path | None = None, *, shelf: Path | None = None, progress: Progress = silent) -> Watchlist:
    """The watchlist at `path`, with the alias lists of `aliases`, or of aliases.yaml beside it, or else the shipped ones.

    ConfigError names each problem as `file:line:column: what`, with a suggestion where one is near. `shelf`: see `compiled_once`.
    """
    beside = path.with_name(ALIASES_FILE)
    chosen = aliases or next((place for place in (beside, SHIPPED_ALIASES) if place.is_file()), None)
    text, aliases_text = _read(path), _read(chosen) if chosen else ""

    def read() -> Watchlist:
        return Watchlist.from_text(text, str(path), aliases_text, aliases_name=str(chosen or beside), progress=progress)

    return compiled_once(shelf, str(path), (text, aliases_text), read)


def compiled_once(shelf: Path | None, name: str, source: tuple[str, str], read: Callable[[], Watchlist]) -> Watchlist:
    """The watchlist of a source as `read` gives it; from the folder `shelf`, where a process checked and compiled it before."""
    kept = Shelf(shelf) if shelf else None
    if kept is None or not kept.is_ours:
        return read()
    key = key_of(source)
    if sections := kept.read(key):
        return _unpacked(name, source, sections)
    with kept.one_at_a_time():
        if sections := kept.read(key):
            return _unpacked(name, source, sections)
        watchlist = read()
        kept.write(key, pack(watchlist.topics, watchlist.channels, watchlist.program, watchlist.ops))
    return watchlist


def _unpacked(name: str, source: tuple[str, str], sections: Mapping[str, memoryview]) -> Watchlist:
    topics, channels, program, ops = unpack(sections)
    return Watchlist(name=name, topics=topics, channels=channels, ops=ops, program=program, source=source, version=_version(source))


def compile_watchlist(watchlist: Watchlist) -> Matcher:
    """The matcher of all topics, in the file's order."""
    return Matcher(watchlist.program)


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


def _read(path: Path) -> str:
    if not path.exists():
        raise ConfigError(f"{path}: {NO_WATCHLIST.format(path=path)}")
    return text_of(path)


def _version(source: tuple[str, str]) -> str:
    return hashlib.sha256("\0".join(source).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _recipients(name: str, channel: Channel) -> tuple[str, ...]:
    return tuple(dict.fromkeys(channel.to)) if isinstance(channel, MailChannel) else (name,)


def _plans(document: Document, file: WatchlistFile, aliases: AliasLists, progress: Progress) -> list[Plan]:
    compiler = Compiler(aliases)
    plans: list[Plan] = []
    problems: list[str] = []
    for done, (slug, entry) in enumerate(file.topics.items()):
        progress("understanding the queries", done, len(file.topics))
        unknown = list(_unknown_names(document, slug, entry, file, aliases))
        problems += [*unknown, *_without_moments(document, slug, entry, file)]
        try:
            lists = () if unknown else taken(entry)
            part, whole = compiler.asked(entry.query, lists), narrowed(entry)
            part = part if whole == entry.query else compiler.part(parse(whole), lists)
            plans.append(Plan(slug, part, frozenset(entry.portals)))
        except QueryError as error:
            problems.append(f"{document.where(('topics', slug, 'query'), offset=error.offset)}: {error.message}")
    problems += _unknown(document, ("ops",), file.ops, sorted(file.channels), "channel")
    if problems:
        raise ConfigError(problems)
    return plans


def _without_moments(document: Document, slug: str, entry: TopicEntry, file: WatchlistFile) -> Iterator[str]:
    """Digests of which neither the topic nor the channel says when they go."""
    for index, name in enumerate(entry.channels):
        if name in file.channels and cron_of(entry, file.channels[name]) == "":
            key = ("topics", slug, "when") if entry.when else ("topics", slug, "channels", index)
            yield f'{document.where(key)}: nobody says when the digest goes; write `digest: "0 8,18 * * *"` in the topic or in `{name}`'


def _unknown_names(document: Document, slug: str, entry: TopicEntry, file: WatchlistFile, aliases: AliasLists) -> Iterator[str]:
    for key, names, known, what in (
        ("channels", entry.channels, sorted(file.channels), "channel"),
        ("aliases", entry.aliases or (), sorted(aliases.lists), "alias list"),
    ):
        yield from _unknown(document, ("topics", slug, key), names, known, what)


def _unknown(document: Document, path: tuple[str, ...], names: Sequence[str], known: Sequence[str], what: str) -> Iterator[str]:
    for index, name in enumerate(names):
        if name not in known:
            told = unknown_name(name, list(known), what)
            new = "; write it under `channels:`" if what == "channel" and not told.endswith("?") else ""
            yield f"{document.where((*path, index))}: {told}{new}"
