"""Coupons: templates, terms, audiences, claims, issued coupons, their steps, gifts, codes. The ledger names coupons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from youhui.platform import triggers
from youhui.platform.db import MYSQL, TABLE_OPTIONS, UTCDateTime

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TABLES = (
    "coupon_gifts",
    "coupon_steps",
    "coupon_templates",
    "coupon_terms",
    "coupon_audiences",
    "coupon_claims",
    "coupon_codes",
    "coupons",
)
_UNIQUE = ("order_no", "number", "kind", "promotion")
_NAME = "uq_ledger_order_no_number_kind_promotion"
_RENAMED = "UPDATE ledger SET promotion = {} WHERE coupon <> ''"


def upgrade() -> None:
    """Eight tables, a version of their own, and a column of the ledger."""
    op.create_table(
        "coupon_gifts",
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("paid", sa.BigInteger, nullable=False),
        sa.Column("paid_at", UTCDateTime, nullable=False),
        sa.Column("refunded_at", UTCDateTime),
        sa.Column("settled_at", UTCDateTime),
        sa.PrimaryKeyConstraint("order_no", name=op.f("pk_coupon_gifts")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupon_gifts_settled_at", "coupon_gifts", ["settled_at"])
    op.create_table(
        "coupon_steps",
        sa.Column("id", _ID, nullable=False),
        sa.Column("coupon_id", sa.BigInteger, nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("order_no", sa.String(64)),
        sa.Column("reason", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_steps")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupon_steps_coupon_id_id", "coupon_steps", ["coupon_id", "id"])
    op.create_table(
        "coupon_templates",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(9), nullable=False),
        sa.Column("terms_id", sa.BigInteger, nullable=False),
        sa.Column("ways", sa.String(60), nullable=False),
        sa.Column("audience", sa.String(13), nullable=False),
        sa.Column("audience_groups", sa.JSON, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("per_customer", sa.BigInteger),
        sa.Column("per_customer_per_day", sa.BigInteger),
        sa.Column("claim_from", UTCDateTime),
        sa.Column("claim_until", UTCDateTime),
        sa.Column("budget", sa.BigInteger),
        sa.Column("usage_limit", sa.BigInteger),
        sa.Column("payment_from", sa.BigInteger),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.Column("updated_at", UTCDateTime, nullable=False),
        sa.Column("voided_at", UTCDateTime),
        sa.CheckConstraint(
            "issued >= 0 AND (total IS NULL OR issued <= total)", name=op.f("ck_coupon_templates_issued")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_templates")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupon_templates_created_at", "coupon_templates", ["created_at"])
    op.create_index("ix_coupon_templates_status_claim_until", "coupon_templates", ["status", "claim_until"])
    op.create_table(
        "coupon_terms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("template_id", sa.BigInteger, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_terms")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupon_terms_template_id", "coupon_terms", ["template_id"])
    op.create_table(
        "coupon_audiences",
        sa.Column("template_id", _ID, nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["coupon_templates.id"], name=op.f("fk_coupon_audiences_template_id")
        ),
        sa.PrimaryKeyConstraint("template_id", "customer", name=op.f("pk_coupon_audiences")),
        **TABLE_OPTIONS,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coupon_claims",
        sa.Column("template_id", _ID, nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.CheckConstraint("issued >= 0", name=op.f("ck_coupon_claims_issued")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["coupon_templates.id"], name=op.f("fk_coupon_claims_template_id")
        ),
        sa.PrimaryKeyConstraint("template_id", "customer", "period", name=op.f("pk_coupon_claims")),
        **TABLE_OPTIONS,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coupon_codes",
        sa.Column("code_key", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("template_id", _ID, nullable=False),
        sa.Column("task_id", sa.BigInteger, nullable=False),
        sa.Column("uses_limit", sa.BigInteger, nullable=False),
        sa.Column("per_customer", sa.BigInteger),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("voided_at", UTCDateTime),
        sa.Column("created_at", UTCDateTime, nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= uses_limit", name=op.f("ck_coupon_codes_used")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["coupon_templates.id"], name=op.f("fk_coupon_codes_template_id")
        ),
        sa.PrimaryKeyConstraint("code_key", name=op.f("pk_coupon_codes")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupon_codes_task_id_code_key", "coupon_codes", ["task_id", "code_key"])
    op.create_index("ix_coupon_codes_template_id_code_key", "coupon_codes", ["template_id", "code_key"])
    op.create_table(
        "coupons",
        sa.Column("id", _ID, nullable=False),
        sa.Column("template_id", _ID, nullable=False),
        sa.Column("terms_id", _ID, nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("status", sa.String(7), nullable=False),
        sa.Column("order_no", sa.String(64)),
        sa.Column("locked_until", UTCDateTime),
        sa.Column("starts_at", UTCDateTime, nullable=False),
        sa.Column("ends_at", UTCDateTime, nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("source_id", sa.String(64), nullable=False),
        sa.Column("issue_key", sa.String(200), nullable=False),
        sa.Column("issued_at", UTCDateTime, nullable=False),
        sa.Column("issued_by", sa.String(80), nullable=False),
        sa.Column("used_at", UTCDateTime),
        sa.Column("discount", sa.BigInteger),
        sa.Column("changed_at", UTCDateTime, nullable=False),
        sa.CheckConstraint(
            "(status IN ('locked', 'used')) = (order_no IS NOT NULL)", name=op.f("ck_coupons_order_no")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["coupon_templates.id"], name=op.f("fk_coupons_template_id")
        ),
        sa.ForeignKeyConstraint(["terms_id"], ["coupon_terms.id"], name=op.f("fk_coupons_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("issue_key", name=op.f("uq_coupons_issue_key")),
        **TABLE_OPTIONS,
    )
    op.create_index("ix_coupons_customer_status_ends_at", "coupons", ["customer", "status", "ends_at"])
    op.create_index("ix_coupons_order_no", "coupons", ["order_no"])
    op.create_index("ix_coupons_status_ends_at", "coupons", ["status", "ends_at"])
    op.create_index("ix_coupons_template_id_issued_at", "coupons", ["template_id", "issued_at"])
    op.create_index("ix_coupons_template_id_status", "coupons", ["template_id", "status"])
    with op.batch_alter_table("ledger") as ledger:
        ledger.add_column(sa.Column("coupon", sa.String(20), nullable=False, server_default=""))
        ledger.drop_constraint(_NAME, type_="unique")
        ledger.create_unique_constraint(op.f(f"{_NAME}_coupon"), [*_UNIQUE, "coupon"])
    with op.batch_alter_table("ledger") as ledger:  # the default was for the rows that were there
        ledger.alter_column(
            "coupon", existing_type=sa.String(20), existing_nullable=False, server_default=None
        )
    triggers.protect(op.get_bind(), "ledger")
    op.execute("INSERT INTO rules_version (id, version) VALUES (4, 0)")


def downgrade() -> None:
    """Coupons are lost; what each gave stays in the ledger, under a name of its own."""
    op.execute("DELETE FROM rules_version WHERE id = 4")
    connection = op.get_bind()
    mysql = connection.dialect.name in MYSQL
    triggers.remove(connection, "ledger")
    op.execute(_RENAMED.format("CONCAT('coupon:', coupon)" if mysql else "'coupon:' || coupon"))
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_constraint(f"{_NAME}_coupon", type_="unique")
        ledger.create_unique_constraint(op.f(_NAME), [*_UNIQUE])
        ledger.drop_column("coupon")
    triggers.protect(connection, "ledger")
    for name in reversed(_TABLES):
        op.drop_table(name)
