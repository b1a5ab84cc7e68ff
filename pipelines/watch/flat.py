"""Long tables as a few flat buffers: read from a file in no time, and a row made into objects only when somebody asks for it."""

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of whole numbers, one after another; `ends` holds where each ends, 32 bits each as `values`."""

    values: memoryview
    ends: memoryview

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]]) -> "Lists":
        """The lists, flat."""
        kept = list(lists)
        return cls(_words(value for each in kept for value in each), _words(accumulate(map(len, kept))))

    @classmethod
    def read(cls, values: memoryview, ends: memoryview) -> "Lists":
        """From the two buffers' bytes."""
        return cls(values.cast("I"), ends.cast("I"))

    def __getitem__(self, index: int) -> list[int]:
        """One list."""
        return self.values[self.ends[index - 1] if index else 0 : self.ends[index]].tolist()

    def __len__(self) -> int:
        """How many lists."""
        return len(self.ends)


@dataclass(frozen=True, slots=True)
class Rows:
    """JSON values, one after another; `ends` holds where each ends, 32 bits each."""

    values: memoryview
    ends: memoryview

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "Rows":
        """The values, flat."""
        kept = [json.dumps(row, separators=(",", ":")).encode("ascii") for row in rows]
        return cls(memoryview(b"".join(kept)), _words(accumulate(map(len, kept))))

    @classmethod
    def read(cls, values: memoryview, ends: memoryview) -> "Rows":
        """From the two buffers' bytes."""
        return cls(values, ends.cast("I"))

    def __getitem__(self, index: int) -> Any:
        """One value, read anew."""
        return json.loads(bytes(self.values[self.ends[index - 1] if index else 0 : self.ends[index]]))

    def __len__(self) -> int:
        """How many values."""
        return len(self.ends)


def _words(numbers: Iterable[int]) -> memoryview:
    return memoryview(array("I", numbers))
