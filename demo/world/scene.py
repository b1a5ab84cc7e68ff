"""Everything that the portals can show at one phase."""

from collections.abc import Iterable

from demo.world.piece import Piece

PORTALS = ("storm_mg", "park6", "dw_zh", "bbc_zh")
WIDER = (
    "rfi_zh",
    "voa_zh",
    "zaobao",
    "udn",
    "ltn",
    "cna",
    "setn",
    "chinatimes",
    "wenxuecity",
    "creaders",
    "yahoo_tw",
)
EMPTY_LISTINGS = {3: "https://www.storm.mg/category/117"}


class Scene:
    """The world's state at `phase`; never changes. `rendered` keeps answers that were made once.

    `pieces` are those of the four portals that tell the demo's stories, `wider` those of all the others.
    """

    def __init__(self, phase: int, pieces: Iterable[Piece], wider: Iterable[Piece] = ()) -> None:
        self.phase = phase
        self.pieces, self.wider = _newest_first(pieces), _newest_first(wider)
        self.empty_listing = EMPTY_LISTINGS.get(phase)
        self.rendered: dict[tuple[str, ...], object] = {}
        self._found = {(piece.portal, piece.number): piece for piece in (*self.pieces, *self.wider)}
        self._known = {portal: [piece for piece in (*self.pieces, *self.wider) if piece.portal == portal] for portal in (*PORTALS, *WIDER)}
        self._listed = {portal: [piece for piece in known if not self.is_gone(piece)] for portal, known in self._known.items()}

    @property
    def readable(self) -> list[Piece]:
        """The demo's pieces whose page shows the article at this phase."""
        return [piece for piece in self.pieces if not (self.is_gone(piece) or piece.challenged == self.phase)]

    def listed(self, portal: str) -> list[Piece]:
        """The portal's pieces that its feeds and listings name, newest first; those that vanished are not among them."""
        return self._listed[portal]

    def known(self, portal: str) -> list[Piece]:
        """All pieces of the portal ever listed, newest first: what a lagging sitemap names."""
        return self._known[portal]

    def others(self, piece: Piece, count: int) -> list[Piece]:
        """The `count` newest of the piece's portal without the piece itself: what stands under an article."""
        return [other for other in self._listed[piece.portal][: count + 1] if other is not piece][:count]

    def find(self, portal: str, number: int) -> Piece | None:
        """The piece of that number, None where there is none or it vanished."""
        piece = self._found.get((portal, number))
        return None if piece is None or self.is_gone(piece) else piece

    def is_gone(self, piece: Piece) -> bool:
        """Whether the portal denies the piece by now."""
        return piece.gone is not None and piece.gone <= self.phase


def _newest_first(pieces: Iterable[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (piece.published_at, piece.number), reverse=True)
