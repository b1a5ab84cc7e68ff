"""Everything that the portals can show at one phase."""

from collections.abc import Iterable
from datetime import datetime

from demo.world.piece import Piece

PORTALS = ("storm_mg", "park6", "dw_zh", "bbc_zh")
EMPTY_LISTINGS = {3: "https://www.storm.mg/category/117"}


class Scene:
    """The world's state at `phase`; never changes. `rendered` keeps answers that were made once."""

    def __init__(self, phase: int, pieces: Iterable[Piece]) -> None:
        self.phase = phase
        self.pieces = sorted(pieces, key=lambda piece: (piece.published_at, piece.number), reverse=True)
        self.empty_listing = EMPTY_LISTINGS.get(phase)
        self.rendered: dict[tuple[str, ...], object] = {}
        self._found = {(piece.portal, piece.number): piece for piece in self.pieces}
        self._listed = {portal: [piece for piece in self.pieces if piece.portal == portal] for portal in PORTALS}

    @property
    def readable(self) -> list[Piece]:
        """The pieces whose page shows the article at this phase."""
        return [piece for piece in self.pieces if not (self.is_gone(piece) or piece.challenged == self.phase)]

    def listed(self, portal: str) -> list[Piece]:
        """The portal's pieces that its feeds and listings name, newest first; those that vanished are not among them."""
        return [piece for piece in self._listed[portal] if not self.is_gone(piece)]

    def known(self, portal: str) -> list[Piece]:
        """All pieces of the portal ever listed, newest first: what a lagging sitemap names."""
        return self._listed[portal]

    def find(self, portal: str, number: int) -> Piece | None:
        """The piece of that number, None where there is none or it vanished."""
        piece = self._found.get((portal, number))
        return None if piece is None or self.is_gone(piece) else piece

    def is_gone(self, piece: Piece) -> bool:
        """Whether the portal denies the piece by now."""
        return piece.gone is not None and piece.gone <= self.phase

    def newest(self, pieces: list[Piece]) -> datetime | None:
        """When the newest change among `pieces` was made."""
        return max((piece.updated_at for piece in pieces), default=None)
