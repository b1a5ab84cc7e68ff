"""What collection and extraction keep beyond the first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    op.add_column("articles", sa.Column("quality", sa.Float(), nullable=True))
    op.add_column("articles", sa.Column("codec_why", sa.Text(), nullable=True))
    for name in ("publisher_from", "images"):
        op.add_column("articles", sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))
    op.create_table(
        "learned",
        sa.Column("portal", sa.String(length=40), nullable=False),
        sa.Column("pages", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("portal", name=op.f("pk_learned")),
    )
