"""False alarms of portals that live, and how soon one that dies is named; the same of topics.

`python -m bench.health [--seeds N] [--seed FIRST] [--only NAME]`.

Synthetic histories (bench/histories.py), 56 days learned and 90 judged, at every run as `pipelines.health.judge` would.
**Dead**: its runs fail. **Silent**: it answers, and nothing new appears; a missed run is one in which the living twin had something.
An alarm while runs really fail is none that is false. Bars: a dead portal named within 3 missed runs, a silent one within 3 missed runs
that bring three or more by the band of their hour, at most one false alarm a portal in 90 days. Exit 1 where missed.
"""

import argparse
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bench import topics
from bench.histories import JUDGED, KINDS, LEARNED, History, Kind, failed, history, silent
from pipelines.health.judge import signs
from pipelines.health.look import Look
from pipelines.health.rhythm import Band, Rhythm, band_of, before_rest, hour_of_week, rest_of, rhythm_of

DEVELOPED_ON = range(100, 150)
"""Seeds that the rules were looked at with; what they are judged by is played on others."""
REACH = timedelta(days=56)
"""What health reads of a portal's past."""
MOST_FALSE, SOON = 1.0, 3
HEAD = (
    "portal | false alarms a portal: mean, most | dead: runs until named, most | silent: missed runs, median, most "
    "| of these with a band of 3 or more, most | hours, median, most"
)
DEATHS = (61.13, 74.42, 97.6, 120.31, 139.83)  # days, at different hours of the day and week
SPEAKS = 3
"""Articles that a run brings at the least, by the band of its hour, from which on an empty one must be told soon."""
LONGEST = 14  # days that a silent portal is watched


@dataclass(slots=True)
class Told:
    """What became of one kind of portal over all seeds."""

    false: list[int] = field(default_factory=list)
    dead: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    hours: list[float] = field(default_factory=list)
    speaking: list[int] = field(default_factory=list)


def false_alarms(past: History) -> int:
    """Alarms of the judged days that begin while no run fails, each counted once however long it stands."""
    count, stands, first = 0, False, past.from_day(LEARNED)
    for index, (rhythm, looks) in enumerate(_days(past.looks, first), first):
        now = past.looks[index].at
        if now in past.outages:
            continue
        rest = rest_of(rhythm, looks)
        told = bool(rest and rest.is_unusual) or (index % WHOLE == 0 and any(sign.is_told for sign in signs(looks, now, rhythm)))
        count, stands = count + (told and not stands), told
    return count


def _days(looks: Sequence[Look], first: int) -> Iterator[tuple[Rhythm, Sequence[Look]]]:
    """(the rhythm up to the last find, learned anew on each day that has one, and the past) as each run from `first` on leaves it."""
    rhythm: Rhythm | None = None
    learned_on = None
    for index in range(first, len(looks)):
        seen = looks[bisect_left(looks, looks[index].at - REACH, key=lambda look: look.at) : index + 1]
        if rhythm is None or (seen[-1].new and learned_on != seen[-1].at.date()):
            rhythm, learned_on = rhythm_of(before_rest(seen)), seen[-1].at.date()
        assert rhythm is not None
        yield rhythm, seen


WHOLE = 96
"""Every how many runs all signs are asked for, and not only the rest."""


def runs_until_dead_is_named(past: History, day: float) -> int:
    """Failed runs until the death of that day is told."""
    first = next(index for index, look in enumerate(past.looks) if look.at >= past.looks[0].at + timedelta(days=day))
    looks, rhythm = [*past.looks[:first]], rhythm_of(past.looks[:first])
    for index in range(first, len(past.looks)):
        looks.append(failed(past.looks[index].at))
        if any(sign.is_told for sign in signs(looks, looks[-1].at, rhythm)):
            break
    return len(looks) - first


def until_silence_is_named(past: History, day: float) -> tuple[int, int, float]:
    """(missed runs, missed runs of which the band says that they bring something, hours) until the silence of that day is told."""
    start = past.looks[0].at + timedelta(days=day)
    first = next(index for index, look in enumerate(past.looks) if look.at >= start)
    looks, missed, speaking = [*past.looks[:first]], 0, 0
    rhythm, bands = rhythm_of(looks), dict[int, Band | None]()
    assert rhythm is not None
    for look in past.looks[first:]:
        looks.append(silent(look))
        missed += look.new > 0
        hour = hour_of_week(look.at)
        band = bands[hour] if hour in bands else bands.setdefault(hour, band_of(past.looks[:first], look.at))
        speaking += bool(band and band.low >= SPEAKS)
        rest = rest_of(rhythm, looks)
        if (rest and rest.is_unusual) or look.at - start > timedelta(days=LONGEST):
            break
    return missed, speaking, (looks[-1].at - start) / timedelta(hours=1)


def judge_kind(kind: Kind, seeds: Sequence[int]) -> Told:
    """All seeds of a kind."""
    told = Told()
    for seed in seeds:
        past = history(kind, seed)
        told.false.append(false_alarms(past))
        for day in DEATHS:
            told.dead.append(runs_until_dead_is_named(past, day))
            missed, speaking, hours = until_silence_is_named(past, day)
            told.silent.append(missed)
            told.speaking.append(speaking)
            told.hours.append(hours)
    return told


def main() -> int:
    """Print a line a kind; 1 where a bar is missed."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--seed", type=int, default=1, help=f"the first of them; {DEVELOPED_ON[0]} to {DEVELOPED_ON[-1]} were developed on")
    asked.add_argument("--only", default="", help="kinds whose name holds this")
    options = asked.parse_args()
    seeds = range(options.seed, options.seed + options.seeds)
    print(f"{len(seeds)} portals of each kind (seeds {seeds[0]} to {seeds[-1]}), {JUDGED} days judged\n{HEAD}")
    failed_bars = 0
    for kind in (each for each in KINDS if options.only in each.name):
        told = judge_kind(kind, seeds)
        good = max(told.false) <= MOST_FALSE and max(told.dead) <= SOON and max(told.speaking) <= SOON
        failed_bars += not good
        cells = (
            f"{kind.name:27}",
            f"{sum(told.false) / len(told.false):.2f}, {max(told.false)}",
            f"{max(told.dead)}",
            f"{_median(told.silent):.0f}, {max(told.silent)}",
            f"{max(told.speaking)}",
            f"{_median(told.hours):.1f}, {max(told.hours):.1f}",
            "" if good else "MISSED",
        )
        print(" | ".join(cells), flush=True)
    failed_bars += sum(_topic(kind, seeds) for kind in topics.TOPICS if options.only in kind.name)
    return int(failed_bars > 0)


def _topic(kind: topics.TopicKind, seeds: Sequence[int]) -> bool:
    """Print a topic's line; whether its bar is missed."""
    pasts = [topics.matches(kind, seed) for seed in seeds]
    false = [topics.false_silences(past) for past in pasts]
    told = [topics.until_told(past, day) for past in pasts for day in topics.DEATHS]
    missed, hours = ([each[place] for each in told] for place in (0, 1))
    is_missed = max(false) > MOST_FALSE
    cells = (
        f"{kind.name:27}",
        f"{sum(false) / len(false):.2f}, {max(false)}",
        f"silent: matches missed {_median(missed):.0f}, {max(missed)}",
        f"hours {_median(hours):.0f}, {max(hours):.0f}",
        "MISSED" if is_missed else "",
    )
    print(" | ".join(cells), flush=True)
    return is_missed


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    sys.exit(main())
