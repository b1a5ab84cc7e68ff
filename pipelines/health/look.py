"""One run as health looks at it: when, whether it saw the portal, what it found, and the figures of what it read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.models import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One ended run. `figures` as of `Tally.told`, empty for a run of an older release; `learning`: a first look, whose news is none."""

    at: datetime
    succeeded: bool
    finish_reason: str = "finished"
    reason: str = ""
    learning: bool = False
    outcomes: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def new(self) -> int:
        """Articles that it found."""
        return 0 if self.learning else self.outcomes.get(Outcome.NEW.value, 0)

    @property
    def saw(self) -> bool:
        """Whether the portal was asked and listed something: its news counts, also where there was none."""
        return self.finish_reason not in ("not_started", "killed") and (self.succeeded or self.figures.get("listed", 0) > 0)
