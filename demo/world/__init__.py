"""The invented news world: what is there at which phase, and the truth about it."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from demo.world.addresses import addresses
from demo.world.generated import generated
from demo.world.piece import Piece, Said, Truth
from demo.world.scene import PORTALS, WIDER, Scene
from demo.world.scripts import piece_in_hant
from demo.world.thread import thread
from demo.world.written import drafts, wider, written

__all__ = ["LIVE_PIECES", "PHASES", "PORTALS", "WIDER", "Piece", "Said", "Scene", "Truth", "World", "truth"]

PHASES = 5  # 0..3 are the written cycle; from 4 on the world lives on with generated pieces
LIVE_PIECES = 6  # a phase, where no number of articles was asked for
_LIVE = PHASES - 1
_HANT = {"storm_mg", "udn", "ltn", "cna", "setn", "chinatimes", "yahoo_tw"}


class World:
    """The world at its present phase. A change of phase swaps one immutable scene, so that any thread may read it.

    `now` (aware) freezes the clock and makes everything deterministic; without it the world starts at the present minute.
    `articles` is how many pieces stand there in all from phase 4 on; with it and without `phase` the world begins there.
    """

    def __init__(self, *, now: datetime | None = None, articles: int = 0, phase: int | None = None) -> None:
        self._clock: Callable[[], datetime] = (lambda: now) if now is not None else (lambda: datetime.now(UTC))
        self.started_at = self._clock().replace(second=0, microsecond=0)
        self.articles = articles
        self.phases = PHASES
        self._live: list[Piece] = []
        self._live_phase = _LIVE - 1
        self._changing = threading.Lock()
        self.set_phase(phase if phase is not None else (_LIVE if articles else 0))

    @property
    def phase(self) -> int:
        """The present phase, 0 or more."""
        return self.scene.phase

    def set_phase(self, phase: int) -> None:
        """Go to `phase`, forward or back; ValueError for a negative one or one beyond 10,000."""
        if not 0 <= phase <= 10_000:
            raise ValueError(f"phase {phase} is not in 0..10000")
        with self._changing:
            self._live_on(phase)
            pieces = [*written(self.started_at, phase), *(piece for piece in self._live if piece.phase <= phase)]
            self.scene = Scene(phase, pieces, wider(self.started_at, phase))

    def truth(self) -> list[Truth]:
        """What a perfect extraction finds on every article page that is there at the present phase."""
        return [each for piece in self.scene.readable for each in _truths(piece)]

    def wider_truth(self) -> list[Truth]:
        """The same for the portals beyond the demo's four."""
        return [each for piece in self.scene.wider if not self.scene.is_gone(piece) for each in _truths(piece)]

    def _live_on(self, phase: int) -> None:
        for step in range(self._live_phase + 1, phase + 1):
            count = max(self.articles - len(drafts()), LIVE_PIECES if not self.articles else 0) if step == _LIVE else LIVE_PIECES
            self._live += generated(count, first=len(self._live), phase=step, at=self._moment())
            self._live_phase = step

    def _moment(self) -> datetime:
        return self._clock().replace(second=0, microsecond=0)


def truth(phase: int, *, now: datetime | None = None, articles: int = 0) -> list[Truth]:
    """The truth of a world of its own at `phase`; times hang on `now`, the present minute where it is left out."""
    return World(now=now, articles=articles, phase=phase).truth()


def _truths(piece: Piece) -> Iterator[Truth]:
    if piece.portal != "bbc_zh":
        yield _truth(piece, "Hant" if piece.portal in _HANT else "Hans", addresses(piece))
        return
    yield _truth(piece, "Hans", addresses(piece, "simp"))
    yield _truth(piece_in_hant(piece), "Hant", addresses(piece, "trad"))


def _truth(piece: Piece, script: str, urls: tuple[str, ...]) -> Truth:
    on_park6 = piece.portal == "park6"
    return Truth(
        article=f"{piece.portal}:{piece.number}",
        portal=piece.portal,
        urls=urls,
        script=script,
        phase=piece.phase,
        stories=piece.stories,
        topics=piece.topics,
        title=piece.title,
        paragraphs=piece.paragraphs,
        publisher=piece.publisher,
        author=piece.author or None,
        published_at=piece.published_at,
        captions=piece.captions,
        rights=piece.rights or None,
        comments=piece.comments,
        thread=thread(piece) if on_park6 else (),
        comment_count=piece.comment_count if on_park6 else None,
        reactions={"鲜花": piece.flowers, "鸡蛋": piece.eggs} if on_park6 else {},
    )
