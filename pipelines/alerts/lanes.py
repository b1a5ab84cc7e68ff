"""Fairness between channels: each has turns on a bounded pool of threads, and a slow one never has more than one of them."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from pipelines.store.claims import Lane

THREADS = 16
LANE_THREADS = 4  # that a quick channel may have at a time
MOST = 16  # messages of a turn
QUICK = 0.5  # seconds that a message may take on average, for its channel to count as quick
TICK = 5.0  # seconds after which something is told though no turn ended


@dataclass(slots=True, kw_only=True)
class Turn:
    """What came of one turn of a lane: how many messages it took, their new states, and how many seconds it lasted."""

    lane: Lane
    taken: int = 0
    states: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Pace:
    """How much a lane may do: messages of its next turn, and turns at a time."""

    size: int = 1
    running: int = 0

    def after(self, turn: Turn) -> int:
        """Learn from a turn that ended; gives how many the lane begins in its place."""
        self.running -= 1
        if not turn.taken:
            return 0
        is_quick = turn.seconds <= QUICK * turn.taken
        self.size = min(self.size * 2, MOST) if is_quick else 1
        return min(2, LANE_THREADS - self.running) if is_quick else int(self.running == 0)


def in_turns(lanes: Sequence[Lane], take: Callable[[Lane, int], Turn], over: Event, threads: int = THREADS) -> Generator[Turn | None]:
    """Let every lane have turns, first come first served, until it takes nothing more; gives each turn that ended, and None each TICK.

    `take(lane, size)` does one turn of at most `size` messages. However this ends, `over` is set and the turns that run are waited for.
    """
    paces = {lane: _Pace() for lane in lanes}
    with ThreadPoolExecutor(threads, thread_name_prefix="deliver") as pool:
        running: dict[Future[Turn], Lane] = {}

        def begin(lane: Lane) -> None:
            paces[lane].running += 1
            running[pool.submit(take, lane, paces[lane].size)] = lane

        try:
            for lane in lanes:
                begin(lane)
            while running:
                ended = wait(running, TICK, FIRST_COMPLETED).done
                if not ended:
                    yield None
                for future in ended:
                    lane, turn = running.pop(future), future.result()
                    yield turn
                    for _ in range(paces[lane].after(turn)):
                        begin(lane)
        finally:
            over.set()
