"""Promotions have types, states and forms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_PROMOTIONS = sa.table(
    "promotions",
    *map(sa.column, ("id", "type", "status", "active")),
    sa.column("document", sa.JSON),
)
_TERMS = ("units_per_customer", "units_per_order")


def upgrade() -> None:
    """What there is are free rules, published or paused."""
    with op.batch_alter_table("promotions") as table:
        table.add_column(sa.Column("type", sa.String(16)))
        table.add_column(sa.Column("status", sa.String(16)))
        table.add_column(sa.Column("form", sa.JSON))
    status = sa.case((_PROMOTIONS.c.active == sa.true(), "published"), else_="paused")
    op.execute(sa.update(_PROMOTIONS).values(type="rule", status=status))
    with op.batch_alter_table("promotions") as table:
        table.alter_column("type", existing_type=sa.String(16), nullable=False)
        table.alter_column("status", existing_type=sa.String(16), nullable=False)
        table.drop_column("active")
    op.create_index("ix_promotions_status_type", "promotions", ["status", "type"])


def downgrade() -> None:
    """Forms are lost, the rules that they became stay; flash sales are lost, which are several rules each."""
    op.drop_index("ix_promotions_status_type", "promotions")
    connection = op.get_bind()
    _forget_flash_sales(connection)
    with op.batch_alter_table("promotions") as table:
        table.add_column(sa.Column("active", sa.Boolean))
    op.execute(sa.update(_PROMOTIONS).values(active=_PROMOTIONS.c.status == "published"))
    _say_inactive(connection)
    _forget_terms(connection)
    with op.batch_alter_table("promotions") as table:
        table.alter_column("active", existing_type=sa.Boolean, nullable=False)
        for name in ("type", "status", "form"):
            table.drop_column(name)


def _forget_flash_sales(connection: sa.Connection) -> None:
    """With their counters and holds: nothing limits them any more."""
    sales = sa.select(_PROMOTIONS.c.id, _PROMOTIONS.c.document).where(_PROMOTIONS.c.type == "flash_sale")
    for name, document in connection.execute(sales).all():
        for n, _ in enumerate(document["rules"], 1):
            for table in ("holds", "counters"):
                rows = sa.table(table, sa.column("promotion"))
                connection.execute(sa.delete(rows).where(rows.c.promotion == f"{name}#{n}"))
    connection.execute(sa.delete(_PROMOTIONS).where(_PROMOTIONS.c.type == "flash_sale"))


def _say_inactive(connection: sa.Connection) -> None:
    idle = sa.select(_PROMOTIONS.c.id, _PROMOTIONS.c.document).where(_PROMOTIONS.c.status != "published")
    for name, document in connection.execute(idle).all():
        mine = sa.update(_PROMOTIONS).where(_PROMOTIONS.c.id == name)
        connection.execute(mine.values(document={**document, "active": False}))


def _forget_terms(connection: sa.Connection) -> None:
    """Limits that the version before does not know: it would not read these promotions at all."""
    every = sa.select(_PROMOTIONS.c.id, _PROMOTIONS.c.document)
    for name, document in connection.execute(every).all():
        known = {key: value for key, value in document.items() if key not in _TERMS}
        if known != document:
            mine = sa.update(_PROMOTIONS).where(_PROMOTIONS.c.id == name)
            connection.execute(mine.values(document=known))
