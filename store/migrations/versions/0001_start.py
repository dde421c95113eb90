"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001_start"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256; the key is never kept"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('marketing', 'billing', 'support', 'system')", name=op.f("ck_api_keys_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "brands",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "profile",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the brand's part of organisation.toml",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the definition"),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="tidings.campaign.Campaign",
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", "edition", name=op.f("uq_campaigns_name_edition")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("first_name", sa.Text(), server_default="", nullable=False),
        sa.Column("last_name", sa.Text(), server_default="", nullable=False),
        sa.Column("company", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=False, comment="BCP 47 with _, for example pt_BR"),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column("country", sa.Text(), nullable=False, comment="ISO 3166-1 alpha-2, '' = unknown"),
        sa.Column("standing", sa.Text(), server_default="customer", nullable=False),
        sa.Column("holds", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "standing IN ('prospect', 'customer', 'former', 'deceased')", name=op.f("ck_customers_standing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_table(
        "installation",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_installation")),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
        sa.UniqueConstraint("digest", name=op.f("uq_policies_digest")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_receipts_provider_event_id")),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="as in addresses.value"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="form, import:<file>, api, reply, provider"),
        sa.Column("proof", sa.Text(), server_default="", nullable=False, comment="'' = none (legacy)"),
        sa.Column("actor", sa.Text(), nullable=False, comment="customer, staff:<name>, system"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'push', 'letter')", name=op.f("ck_suppressions_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(
        "uq_suppressions_active",
        "suppressions",
        ["channel", "value", "brand"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="offer/autumn"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_class", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="SHA-256 of the folder"),
        sa.Column(
            "links",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="name to target URL, for /l/",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_templates")),
        sa.UniqueConstraint(
            "brand",
            "name",
            "version",
            "content_hash",
            name=op.f("uq_templates_brand_name_version_content_hash"),
        ),
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="e-mail, E.164, token, or the letter's lines"),
        sa.Column(
            "postal",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="tidings.address.PostalAddress, letters only",
        ),
        sa.Column(
            "platform", sa.Text(), server_default="", nullable=False, comment="apns, fcm, web; push only"
        ),
        sa.Column(
            "device", sa.Text(), server_default="", nullable=False, comment="the app's id of the device"
        ),
        sa.Column("state", sa.Text(), server_default="usable", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "position", sa.SmallInteger(), server_default="0", nullable=False, comment="0 is tried first"
        ),
        sa.Column(
            "source",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="import:<system>; others leave it empty",
        ),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'push', 'letter')", name=op.f("ck_addresses_channel")
        ),
        sa.CheckConstraint("state IN ('usable', 'unusable')", name=op.f("ck_addresses_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_addresses_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint(
            "customer_id", "channel", "value", name=op.f("uq_addresses_customer_id_channel_value")
        ),
    )
    op.create_index("ix_addresses_value", "addresses", ["channel", "value"], unique=False)
    op.create_table(
        "api_requests",
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_api_requests_api_key_id")),
        sa.PrimaryKeyConstraint("api_key_id", "idempotency_key", name=op.f("pk_api_requests")),
    )
    op.create_table(
        "behaviour",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose_class", sa.Text(), nullable=False),
        sa.Column("reached", sa.Float(), nullable=False, comment="exponentially forgotten count at as_of"),
        sa.Column("engaged", sa.Float(), nullable=False),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.Column("last_engaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_behaviour_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "channel", "purpose_class", name=op.f("pk_behaviour")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("topic", sa.Text(), nullable=False, comment="a purpose, a topic below it, or all"),
        sa.Column("channel", sa.Text(), server_default="all", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="form, import:<file>, api, reply, provider"),
        sa.Column("proof", sa.Text(), server_default="", nullable=False, comment="'' = none (legacy)"),
        sa.Column("actor", sa.Text(), nullable=False, comment="customer, staff:<name>, system"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "action IN ('given', 'legacy', 'withdrawn', 'objected')", name=op.f("ck_consents_action")
        ),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'push', 'letter', 'all')", name=op.f("ck_consents_channel")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consents_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_customer", "consents", ["customer_id"], unique=False)
    op.create_table(
        "customer_references",
        sa.Column("source", sa.Text(), nullable=False, comment="the system that gave the reference"),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_references_customer_id")
        ),
        sa.PrimaryKeyConstraint("source", "reference", name=op.f("pk_customer_references")),
        sa.UniqueConstraint("customer_id", "source", name=op.f("uq_customer_references_customer_id_source")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False, comment="readable: autumn-2026.1, inv-20261121-1"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("purpose_class", sa.Text(), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="channels, waits, tracking",
        ),
        sa.Column("audience", sa.Integer(), server_default="0", nullable=False),
        sa.Column("already_sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "rejected",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="documents held by reason",
        ),
        sa.Column(
            "repeats",
            sa.Text(),
            nullable=True,
            comment="the run whose audience this one found already decided",
        ),
        sa.Column("shards", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('campaign', 'invoice_run')", name=op.f("ck_runs_kind")),
        sa.CheckConstraint("mode IN ('outbox', 'test', 'live', 'rehearsal')", name=op.f("ck_runs_mode")),
        sa.CheckConstraint(
            "state IN ('scheduled', 'planning', 'waiting_release', 'sending', 'paused', 'stopped', 'finished')",
            name=op.f("ck_runs_state"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policies.version"], name=op.f("fk_runs_policy_version")
        ),
        sa.ForeignKeyConstraint(["template_id"], ["templates.id"], name=op.f("fk_runs_template_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("topic", sa.Text(), server_default="all", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "channels",
            sa.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="order: most wished first",
        ),
        sa.Column(
            "value",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="see preferences.statement",
        ),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True, comment="temporary: begins"),
        sa.Column(
            "until_at", sa.DateTime(timezone=True), nullable=True, comment="temporary: ends (exclusive)"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="form, import:<file>, api, reply, provider"),
        sa.Column("proof", sa.Text(), server_default="", nullable=False, comment="'' = none (legacy)"),
        sa.Column("actor", sa.Text(), nullable=False, comment="customer, staff:<name>, system"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('order', 'pause', 'quiet_hours', 'language', 'tracking')",
            name=op.f("ck_statements_kind"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_statements_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_customer", "statements", ["customer_id"], unique=False)
    op.create_table(
        "touchpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "external_id", sa.Text(), nullable=False, comment="unique in its source: sent twice, kept once"
        ),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="a channel, or call, visit, web, payment"),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="sent, delivered, opened, clicked, replied, paid, ..."
        ),
        sa.Column("purpose", sa.Text(), server_default="", nullable=False),
        sa.Column("machine", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("message_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_touchpoints_direction")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_touchpoints_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoints")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_touchpoints_source_external_id")),
    )
    op.create_index("ix_touchpoints_customer", "touchpoints", ["customer_id", "at"], unique=False)
    op.create_index("ix_touchpoints_recorded", "touchpoints", ["recorded_at"], unique=False)
    op.create_table(
        "campaign_runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_runs_campaign_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_campaign_runs_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_campaign_runs")),
    )
    op.create_table(
        "invoice_runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.Text(), nullable=False, comment="SHA-256 of file and mapping"),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column(
            "control_sums",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="currency to gross total",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_invoice_runs_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_invoice_runs")),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("gross", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="tidings.invoice.Invoice",
        ),
        sa.Column("pdf_hash", sa.Text(), nullable=True, comment="SHA-256 of the archived PDF"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_invoices_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("brand", "number", name=op.f("uq_invoices_brand_number")),
    )
    op.create_index("ix_invoices_customer", "invoices", ["customer_id"], unique=False)
    op.create_index("ix_invoices_run", "invoices", ["run_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False, comment="UUIDv7"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_class", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="invoice number or campaign/edition"),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "dedupe_key", sa.Text(), nullable=True, comment="never reused, across runs; null: held, not sent"
        ),
        sa.Column("copy", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("copy_because", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column(
            "reason", sa.Text(), server_default="", nullable=False, comment="held, waiting, failed: why"
        ),
        sa.Column(
            "channel", sa.Text(), nullable=True, comment="the lane: channel to try next, or that accepted"
        ),
        sa.Column("first_channel", sa.Text(), nullable=True, comment="first choice at planning"),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="frozen inputs of the render",
        ),
        sa.Column(
            "decision",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
            comment="ranked, with reason, evidence",
        ),
        sa.Column("input_digest", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "tried", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="channels used up"
        ),
        sa.Column("shard", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=12, scale=5), server_default="0", nullable=False),
        sa.Column("cost_currency", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("copy = 0 OR copy_because <> ''", name=op.f("ck_messages_copy_why")),
        sa.CheckConstraint("state = 'held' OR dedupe_key IS NOT NULL", name=op.f("ck_messages_keyed")),
        sa.CheckConstraint(
            "state IN ('planned', 'ready', 'in_delivery', 'done', 'undeliverable', 'cancelled', 'suppressed', 'held')",
            name=op.f("ck_messages_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('held', 'suppressed', 'undeliverable', 'cancelled') OR reason <> ''",
            name=op.f("ck_messages_why"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_messages_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_messages_invoice_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_messages_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_messages_dedupe_key")),
    )
    op.create_index("ix_messages_customer", "messages", ["customer_id"], unique=False)
    op.create_index(
        "ix_messages_lane",
        "messages",
        ["channel", sa.literal_column("purpose_class DESC"), "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_messages_run", "messages", ["run_id", "state"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("message_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="1, 2, ... of its message"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False, comment="frozen"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=True, comment="SHA-256 of the bytes that left"),
        sa.Column("reference", sa.Text(), nullable=False, comment="short, spoken on the phone"),
        sa.Column("parts", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('ready', 'sending', 'accepted', 'delivered', 'bounced', 'expired', 'silent', 'rejected', 'recalled', 'in_doubt')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(["address_id"], ["addresses.id"], name=op.f("fk_deliveries_address_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", "number", name=op.f("uq_deliveries_message_id_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_deliveries_reference")),
    )
    op.create_index(
        "uq_deliveries_open",
        "deliveries",
        ["message_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('ready', 'sending', 'in_doubt')"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False, comment="goes to every provider"),
        sa.Column("delivery_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error_class", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column(
            "owner",
            sa.Integer(),
            nullable=False,
            comment="advisory lock of the sending process, see store.owner",
        ),
        sa.Column("settled_by", sa.Text(), server_default="", nullable=False, comment="evidence or policy"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('sending', 'accepted', 'rejected', 'refused', 'cancelled', 'unknown', 'absent', 'abandoned')",
            name=op.f("ck_attempts_state"),
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_attempts_delivery_id_number")),
    )
    op.create_index(
        "ix_attempts_lease",
        "attempts",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_attempts_reference", "attempts", ["provider", "provider_reference"], unique=False)
    op.create_index(
        "uq_attempts_accepted",
        "attempts",
        ["delivery_id"],
        unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "uq_attempts_open",
        "attempts",
        ["delivery_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('sending', 'unknown')"),
    )
