"""Health: what can be wrong with the house (doctor), and what ails portals, topics and channels, judged by their own past."""

from pipelines.health.doctor import USUAL, Finding, examine

__all__ = ["USUAL", "Finding", "examine"]
