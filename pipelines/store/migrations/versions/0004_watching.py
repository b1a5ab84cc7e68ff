"""What watchlists and the questions to them keep."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _listings()
    _verdicts()
    _versions()


def _listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("portal", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("portal", "url", name=op.f("uq_listings_portal_url")),
    )
    op.create_table(
        "listed",
        sa.Column("listing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity", sa.String(length=500), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.id"], name=op.f("fk_listed_listing_id")),
        sa.PrimaryKeyConstraint("listing_id", "identity", name=op.f("pk_listed")),
    )


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", "article_id", name=op.f("pk_verdicts")),
    )


def _versions() -> None:
    op.add_column("watchlists", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("watchlists", sa.Column("topics", sa.Integer(), nullable=True))
