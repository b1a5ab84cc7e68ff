"""A topic, and all topics of a watchlist, each read from its row when somebody asks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.watch.aliases import TERRITORIES
from pipelines.watch.file import Revisions, Sample, TopicEntry
from pipelines.watch.flat import Rows
from pipelines.watch.hearing import When
from pipelines.watch.narrowed import narrowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A stored query with its title and channels. `portals` empty: all of them. `expires`: the last day on which it alerts.

    `when` to `storm` are what it says itself of when somebody hears.
    """

    slug: str
    title: str
    query: str
    aliases: tuple[str, ...]
    portals: tuple[str, ...]
    not_portals: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    not_publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...]
    must_match: tuple[Sample, ...]
    must_not_match: tuple[Sample, ...]
    owner: str | None
    tags: tuple[str, ...]
    expires: date | None
    revisions: Revisions
    priority: str
    when: When | None = None
    digest: str | None = None
    quiet: str | None = None
    storm: str | None = None

    @property
    def asked(self) -> str:
        """The query with what the topic's other keys leave out, as it is run."""
        return narrowed(self)

    def is_active(self, day: date) -> bool:
        """Whether the topic still alerts on that day."""
        return self.expires is None or day <= self.expires


class Topics(Mapping[str, Topic]):
    """Topics by slug, in the file's order. `rows`: what the file says of each."""

    def __init__(self, slugs: list[str], rows: Rows) -> None:
        self.rows = rows
        self._indexes = {slug: index for index, slug in enumerate(slugs)}
        self._made: dict[str, Topic] = {}

    @classmethod
    def of(cls, entries: Mapping[str, TopicEntry]) -> "Topics":
        """The topics of a file."""
        return cls(list(entries), Rows.of(entry.model_dump(mode="json", exclude_unset=True) for entry in entries.values()))

    def __getitem__(self, slug: str) -> Topic:
        if slug not in self._made:
            self._made[slug] = _topic(slug, TopicEntry.model_validate(self.rows[self._indexes[slug]]))
        return self._made[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)


class Titles(Mapping[str, str]):
    """What messages call each topic, by slug."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self._topics = topics

    def __getitem__(self, slug: str) -> str:
        return self._topics[slug].title

    def __iter__(self) -> Iterator[str]:
        return iter(self._topics)

    def __len__(self) -> int:
        return len(self._topics)


def taken(entry: TopicEntry) -> tuple[str, ...]:
    """The alias lists that a topic takes."""
    return (TERRITORIES,) if entry.aliases is None else entry.aliases


def _topic(slug: str, entry: TopicEntry) -> Topic:
    values = {name: getattr(entry, name) for name in TopicEntry.model_fields if name not in ("title", "aliases")}
    return Topic(slug=slug, title=entry.title or slug, aliases=taken(entry), **values)
