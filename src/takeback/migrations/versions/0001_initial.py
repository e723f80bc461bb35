"""Every table of the first release."""

import sqlalchemy as sa
from alembic import op

import takeback.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step. There is no way back but a backup."""
    op.create_table(
        "audit_events",
        sa.Column("seq", takeback.db.Big, autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=True),
        sa.Column("node", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_events")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_events_commitment", "audit_events", ["commitment"], unique=False)
    op.create_table(
        "audit_salts",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_audit_salts")),
        sqlite_strict=True,
    )
    op.create_table(
        "canary_places",
        sa.Column("canary_id", takeback.db.Big, autoincrement=False, nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("at", takeback.db.Big, nullable=False),
        sa.Column("gone", takeback.db.Flag(), nullable=False),
        sa.PrimaryKeyConstraint("canary_id", "platform_id", name=op.f("pk_canary_places")),
        sqlite_strict=True,
    )
    op.create_table(
        "case_trials",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_case_trials")),
        sqlite_strict=True,
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("opened_on", takeback.db.Day(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("held", takeback.db.Flag(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("partners", takeback.db.Flag(), nullable=False),
        sa.Column("partners_since", takeback.db.Day(), nullable=True),
        sa.Column("keypoints", takeback.db.Flag(), nullable=False),
        sa.Column("keypoints_end", takeback.db.Instant(), nullable=True),
        sa.Column("keypoints_kept", takeback.db.Flag(), nullable=False),
        sa.Column("lock", takeback.db.Flag(), nullable=False),
        sa.Column("unlocks_at", takeback.db.Instant(), nullable=True),
        sa.Column("ends_on", takeback.db.Day(), nullable=True),
        sa.Column("closed_on", takeback.db.Day(), nullable=True),
        sa.Column("erased", takeback.db.Flag(), nullable=False),
        sa.Column("effect_at", takeback.db.Instant(), nullable=True),
        sa.Column("undo_until", takeback.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_strict=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("on", takeback.db.Day(), nullable=False),
        sa.PrimaryKeyConstraint("platform_id", "channel", "bank", name=op.f("pk_deliveries")),
        sqlite_strict=True,
    )
    op.create_table(
        "due",
        sa.Column("id", takeback.db.Big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", takeback.db.Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", takeback.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_due_kind_subject")),
        sqlite_strict=True,
    )
    op.create_index("ix_due_due_at", "due", ["due_at"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", takeback.db.Big, autoincrement=False, nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("signal", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("vouched", takeback.db.Flag(), nullable=False),
        sa.Column("quarantined", takeback.db.Flag(), nullable=False),
        sa.Column("first_seq", takeback.db.Big, nullable=True),
        sa.Column("seq", takeback.db.Big, nullable=True),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.Column("shared_first_seq", takeback.db.Big, nullable=True),
        sa.Column("shared_seq", takeback.db.Big, nullable=True),
        sa.Column("shared_at", takeback.db.Big, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("bank", "type", "signal", name=op.f("uq_entries_bank_type_signal")),
        sqlite_strict=True,
    )
    op.create_index("ix_entries_bank_seq", "entries", ["bank", "seq"], unique=False)
    op.create_index("ix_entries_bank_shared_seq", "entries", ["bank", "shared_seq"], unique=False)
    op.create_index("ix_entries_shared_at", "entries", ["shared_at"], unique=False)
    op.create_table(
        "feed_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("shared_at", takeback.db.Big, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_head")),
        sqlite_strict=True,
    )
    op.create_table(
        "opinions",
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("entry_id", takeback.db.Big, autoincrement=False, nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settled", takeback.db.Flag(), nullable=False),
        sa.Column("at", takeback.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform_id", "entry_id", name=op.f("pk_opinions")),
        sqlite_strict=True,
    )
    op.create_index("ix_opinions_entry_id", "opinions", ["entry_id"], unique=False)
    op.create_table(
        "platforms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("handles_under_18", takeback.db.Flag(), nullable=False),
        sa.Column("counts_opinions", takeback.db.Flag(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("quota_per_day", sa.Integer(), nullable=False),
        sa.Column("active", takeback.db.Flag(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platforms")),
        sa.UniqueConstraint("name", name=op.f("uq_platforms_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "responses",
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entry_id", takeback.db.Big, nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("confirmed_by_person", takeback.db.Flag(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", takeback.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform_id", "id", name=op.f("pk_responses")),
        sqlite_strict=True,
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", takeback.db.Flag(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sqlite_strict=True,
    )
    op.create_table(
        "unvouched_days",
        sa.Column("day", takeback.db.Day(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_unvouched_days")),
        sqlite_strict=True,
    )
    op.create_table(
        "canaries",
        sa.Column("id", takeback.db.Big, nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("signal", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("vouched", takeback.db.Flag(), nullable=False),
        sa.Column("planted_on", takeback.db.Day(), nullable=False),
        sa.Column("appears_at", takeback.db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_canaries_platform_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canaries")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_canaries_platform_id"), "canaries", ["platform_id"], unique=False)
    op.create_table(
        "case_credentials",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("pin_digest", sa.LargeBinary(), nullable=False),
        sa.Column("slip_mac", sa.LargeBinary(), nullable=False),
        sa.Column("attempt_mac", sa.LargeBinary(), nullable=True),
        sa.Column("attempted_on", takeback.db.Day(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_credentials_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_credentials")),
        sa.UniqueConstraint("attempt_mac", name=op.f("uq_case_credentials_attempt_mac")),
        sa.UniqueConstraint("code_mac", name=op.f("uq_case_credentials_code_mac")),
        sa.UniqueConstraint("slip_mac", name=op.f("uq_case_credentials_slip_mac")),
        sqlite_strict=True,
    )
    op.create_table(
        "holds",
        sa.Column("id", takeback.db.Big, nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("entry_id", takeback.db.Big, nullable=False),
        sa.Column("partners", takeback.db.Flag(), nullable=False),
        sa.Column("vouched", takeback.db.Flag(), nullable=False),
        sa.Column("waiting", takeback.db.Flag(), nullable=False),
        sa.Column("withdrawn", takeback.db.Flag(), nullable=False),
        sa.Column("suspended", takeback.db.Flag(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_holds_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("item_id", "entry_id", name=op.f("uq_holds_item_id_entry_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_holds_entry_id", "holds", ["entry_id"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("added_on", takeback.db.Day(), nullable=False),
        sa.Column("signals", sa.Integer(), nullable=False),
        sa.Column("keypoints", takeback.db.Flag(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("waiting", takeback.db.Flag(), nullable=False),
        sa.Column("vouched", takeback.db.Flag(), nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("with_case", takeback.db.Flag(), nullable=False),
        sa.Column("effect_at", takeback.db.Instant(), nullable=True),
        sa.Column("undo_until", takeback.db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_items_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("case_id", "position", name=op.f("uq_items_case_id_position")),
        sqlite_strict=True,
    )
    op.create_table(
        "platform_approvals",
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_approvals_platform_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_platform_approvals_staff_id")
        ),
        sa.PrimaryKeyConstraint("platform_id", name=op.f("pk_platform_approvals")),
        sqlite_strict=True,
    )
    op.create_table(
        "platform_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", takeback.db.Instant(), nullable=False),
        sa.Column("expires_at", takeback.db.Instant(), nullable=True),
        sa.Column("revoked", takeback.db.Flag(), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_keys_platform_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_keys")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_platform_keys_platform_id"), "platform_keys", ["platform_id"], unique=False
    )
    op.create_table(
        "platform_spending",
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", takeback.db.Day(), nullable=False),
        sa.Column("spent", takeback.db.Big, nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["platforms.id"], name=op.f("fk_platform_spending_platform_id")
        ),
        sa.PrimaryKeyConstraint("platform_id", "kind", name=op.f("pk_platform_spending")),
        sqlite_strict=True,
    )
    op.create_table(
        "quarantines",
        sa.Column("entry_id", takeback.db.Big, nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("active", takeback.db.Flag(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("at", takeback.db.Big, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_quarantines_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "platform_id", name=op.f("pk_quarantines")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_quarantines_platform_id_seq", "quarantines", ["platform_id", "seq"], unique=False
    )
    op.create_table(
        "canary_touches",
        sa.Column("canary_id", takeback.db.Big, nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["canary_id"], ["canaries.id"], name=op.f("fk_canary_touches_canary_id")
        ),
        sa.ForeignKeyConstraint(
            ["seen_at"], ["platforms.id"], name=op.f("fk_canary_touches_seen_at")
        ),
        sa.PrimaryKeyConstraint("canary_id", "seen_at", name=op.f("pk_canary_touches")),
        sqlite_strict=True,
    )
    op.create_table(
        "case_texts",
        sa.Column("id", takeback.db.Big, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_texts_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_case_texts_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_texts")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_case_texts_case_id"), "case_texts", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_texts_item_id"), "case_texts", ["item_id"], unique=False)
    op.create_table(
        "removals",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("day", takeback.db.Day(), nullable=False),
        sa.Column("release_at", takeback.db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_removals_item_id")),
        sa.PrimaryKeyConstraint("item_id", "platform_id", "day", name=op.f("pk_removals")),
        sqlite_strict=True,
    )
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("seq", takeback.db.Big, nullable=False),
        sa.Column("on", takeback.db.Day(), nullable=False),
        sa.Column("undone", takeback.db.Flag(), nullable=False),
        sa.Column("keypoints", takeback.db.Flag(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_withdrawals_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_withdrawals_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_withdrawals_case_id"), "withdrawals", ["case_id"], unique=False)
    op.create_index(op.f("ix_withdrawals_seq"), "withdrawals", ["seq"], unique=False)
    op.create_table(
        "withdrawal_confirmations",
        sa.Column("withdrawal_id", sa.Text(), nullable=False),
        sa.Column("platform_id", sa.Text(), nullable=False),
        sa.Column("able", takeback.db.Flag(), nullable=False),
        sa.Column("confirmed_on", takeback.db.Day(), nullable=True),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"],
            ["withdrawals.id"],
            name=op.f("fk_withdrawal_confirmations_withdrawal_id"),
        ),
        sa.PrimaryKeyConstraint(
            "withdrawal_id", "platform_id", name=op.f("pk_withdrawal_confirmations")
        ),
        sqlite_strict=True,
    )
