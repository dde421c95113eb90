"""Every table in one place. Instants end in `_at` and are UTC, dates in `_on`, money is numeric with its currency.

The invariants of design/delivery.md are constraints here, so that no path through the code can break them. Four keys of
what is written for every message are triggers (`migrations.versions.0010_known`), which look once for all new rows.
`brand` is a brand's id or `all`.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from tidings.channel import Channel
from tidings.role import Role
from tidings.state import (
    OPEN_ATTEMPT,
    OPEN_DELIVERY,
    AttemptState,
    DeliveryState,
    MessageState,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

APPEND_ONLY = ("consents", "statements", "audit", "audit_chain", "merges")
"""Tables whose rows a trigger protects from UPDATE, DELETE and TRUNCATE."""

STUCK = (
    "purpose_class = 'required' AND (state = 'undeliverable' OR (state = 'held' AND reason = 'no_channel'))"
)
"""Messages that must be delivered and have no channel left: a call task for support."""


def _one_of(column: str, values: object, *extra: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in (*values, *extra))  # type: ignore[misc]
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _instant(name: str, *, nullable: bool = False, default: bool = False) -> Column[object]:
    now = func.now() if default else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=now)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _customer(*, nullable: bool = False) -> Column[int]:
    return Column("customer_id", ForeignKey("customers.id"), nullable=nullable)


def _brand() -> Column[str]:
    return Column("brand", Text, nullable=False, server_default="all")


def _provenance() -> list[Column[object]]:
    """Who said it, where it came from, and what proves it."""
    return [
        Column("source", Text, nullable=False, comment="form, import:<file>, api, reply, provider"),
        Column("proof", Text, nullable=False, server_default="", comment="'' = none (legacy)"),
        Column("actor", Text, nullable=False, comment="customer, staff:<name>, system"),
        _instant("at"),
        _instant("recorded_at", default=True),
    ]


def _on_behalf() -> Column[str]:
    return Column(
        "on_behalf",
        Text,
        nullable=False,
        server_default="",
        comment="who spoke for the customer, '' = the customer",
    )


installation = Table(
    "installation",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

brands = Table(
    "brands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", JSONB, nullable=False, comment="the brand's part of organisation.toml"),
    _instant("updated_at", default=True),
)

customers = Table(
    "customers",
    metadata,
    _id(),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("company", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, comment="BCP 47 with _, for example pt_BR"),
    Column("time_zone", Text, nullable=False, comment="IANA name"),
    Column("country", Text, nullable=False, comment="ISO 3166-1 alpha-2, '' = unknown"),
    Column("standing", Text, nullable=False, server_default="customer"),
    Column("holds", ARRAY(Text), nullable=False, server_default="{}"),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    _instant("created_at", default=True),
    _instant("updated_at", default=True),
    _one_of("standing", ("prospect", "customer", "former", "deceased")),
    Index("ix_customers_updated", "updated_at", "id"),
)

Index(
    "ix_customers_last_name",
    func.lower(customers.c.last_name).label("last"),
    func.lower(customers.c.first_name).label("first"),
    postgresql_ops={"last": "text_pattern_ops", "first": "text_pattern_ops"},
)
Index(
    "ix_customers_company",
    func.lower(customers.c.company).label("firm"),
    postgresql_ops={"firm": "text_pattern_ops"},
    postgresql_where=text("company <> ''"),
)

customer_references = Table(
    "customer_references",
    metadata,
    Column("source", Text, primary_key=True, comment="the system that gave the reference"),
    Column("reference", Text, primary_key=True),
    _customer(),
    UniqueConstraint("customer_id", "source"),
    Index("ix_customer_references_reference", "reference"),
)

merges = Table(
    "merges",
    metadata,
    _id(),
    Column("action", Text, nullable=False),
    Column("kept_id", ForeignKey("customers.id"), nullable=False),
    Column("gone_id", ForeignKey("customers.id"), nullable=False),
    Column("undoes", ForeignKey("merges.id"), unique=True, comment="split: the merge that it takes back"),
    Column("since", BigInteger, nullable=False, comment="the last consent at that moment, see store.persons"),
    Column("held", ARRAY(UUID(as_uuid=False)), nullable=False, server_default="{}", comment="sent once only"),
    Column("because", Text, nullable=False),
    Column("actor", Text, nullable=False),
    _instant("at"),
    _one_of("action", ("merge", "split")),
    CheckConstraint("(action = 'split') = (undoes IS NOT NULL)", name="takes_back"),
)

persons = Table(
    "persons",
    metadata,
    Column("customer_id", ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("person_id", ForeignKey("customers.id"), nullable=False, index=True, comment="who is kept"),
    Column("since", BigInteger, nullable=False, comment="what was said later counts for all of the person"),
)

addresses = Table(
    "addresses",
    metadata,
    _id(),
    _customer(),
    Column("channel", Text, nullable=False),
    Column("value", Text, nullable=False, comment="e-mail, E.164, token, or the letter's lines"),
    Column("postal", JSONB, comment="tidings.address.PostalAddress, letters only"),
    Column("platform", Text, nullable=False, server_default="", comment="apns, fcm, web; push only"),
    Column("device", Text, nullable=False, server_default="", comment="the app's id of the device"),
    Column("state", Text, nullable=False, server_default="usable"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("position", SmallInteger, nullable=False, server_default="0", comment="0 is tried first"),
    Column(
        "source", Text, nullable=False, server_default="", comment="import:<system>; others leave it empty"
    ),
    _instant("verified_at", nullable=True),
    _instant("created_at", default=True),
    _instant("removed_at", nullable=True),
    UniqueConstraint("customer_id", "channel", "value"),
    _one_of("channel", Channel),
    _one_of("state", ("usable", "unusable")),
    Index("ix_addresses_value", "channel", "value"),
    Index(
        "ix_addresses_postcode",
        text("upper(replace(postal ->> 'postcode', ' ', ''))"),
        postgresql_where=text("channel = 'letter'"),
    ),
)

consents = Table(
    "consents",
    metadata,
    _id(),
    _customer(),
    _brand(),
    Column("topic", Text, nullable=False, comment="a purpose, a topic below it, or all"),
    Column("channel", Text, nullable=False, server_default="all"),
    Column("action", Text, nullable=False),
    *_provenance(),
    _on_behalf(),
    Column("expires_at", DateTime(timezone=True), comment="exclusive"),
    Column(
        "record",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="ISO/IEC TS 27560, see preferences.receipt",
    ),
    _one_of("channel", Channel, "all"),
    _one_of("action", ("given", "legacy", "withdrawn", "objected")),
    Index("ix_consents_customer", "customer_id"),
)

statements = Table(
    "statements",
    metadata,
    _id(),
    _customer(),
    _brand(),
    Column("topic", Text, nullable=False, server_default="all"),
    Column("kind", Text, nullable=False),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}", comment="order: most wished first"),
    Column("value", JSONB, nullable=False, server_default="{}", comment="see preferences.statement"),
    Column("from_at", DateTime(timezone=True), comment="temporary: begins"),
    Column("until_at", DateTime(timezone=True), comment="temporary: ends (exclusive)"),
    *_provenance(),
    _on_behalf(),
    _one_of(
        "kind",
        (
            *("order", "pause", "quiet_hours", "language", "tracking", "manner"),
            *("best_days", "frequency", "household"),
        ),
    ),
    Index("ix_statements_customer", "customer_id", "topic"),
    Index("ix_statements_manner", "customer_id", postgresql_where=text("kind = 'manner'")),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    _brand(),
    Column("channel", Text, nullable=False),
    Column("value", Text, nullable=False, comment="as in addresses.value"),
    Column("reason", Text, nullable=False),
    *_provenance(),
    _instant("lifted_at", nullable=True),
    _one_of("channel", Channel),
    Index(
        "uq_suppressions_active",
        "channel",
        "value",
        "brand",
        "reason",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

notices = Table(
    "notices",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the text"),
    Column("language", Text, nullable=False),
    Column("words", Text, nullable=False, comment="what customers were shown"),
    _instant("first_at"),
)

registers = Table(
    "registers",
    metadata,
    _id(),
    Column("country", Text, nullable=False, comment="ISO 3166-1 alpha-2"),
    Column("kind", Text, nullable=False),
    Column("dated", Date, nullable=False, comment="of the file; the newest counts"),
    Column("file", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the file"),
    Column("entries", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    _instant("recorded_at", default=True),
    Column("applied_at", DateTime(timezone=True), comment="what had waited for it was decided again then"),
    _one_of("kind", ("letter", "phone", "email")),
    UniqueConstraint("country", "kind", "dated"),
)

register_entries = Table(
    "register_entries",
    metadata,
    Column("register_id", ForeignKey("registers.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256, see work.registers"),
)

customer_states = Table(
    "customer_states",
    metadata,
    Column("customer_id", BigInteger, nullable=False, index=True),
    Column("language", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("holds", ARRAY(Text), nullable=False),
    Column("until_at", DateTime(timezone=True), nullable=False, comment="when it was changed"),
)
"""How customers were before a change; a trigger writes it."""

address_states = Table(
    "address_states",
    metadata,
    Column("address_id", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("verified_at", DateTime(timezone=True)),
    Column("position", SmallInteger, nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Column("until_at", DateTime(timezone=True), nullable=False, comment="when it was changed"),
)
"""How addresses were before a change; a trigger writes it."""

touchpoints = Table(
    "touchpoints",
    metadata,
    _id(),
    Column("customer_id", BigInteger, nullable=False),
    Column("brand", Text, nullable=False, server_default="all"),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False, comment="unique in its source: sent twice, kept once"),
    Column("direction", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="a channel, or call, visit, web, payment"),
    Column("kind", Text, nullable=False, comment="sent, delivered, opened, clicked, replied, paid, ..."),
    Column("purpose", Text, nullable=False, server_default=""),
    Column("machine", Boolean, nullable=False, server_default="false"),
    Column("message_id", UUID(as_uuid=False)),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    _instant("at"),
    _instant("recorded_at", default=True),
    UniqueConstraint("source", "external_id"),
    _one_of("direction", ("in", "out")),
    Index("ix_touchpoints_customer", "customer_id", "at"),
    Index("ix_touchpoints_recorded", "recorded_at", postgresql_using="brin"),
    Index("ix_touchpoints_ahead", "at", postgresql_where=text("at > recorded_at")),
    Index("ix_touchpoints_redeemed", "customer_id", postgresql_where=text("kind = 'redeemed'")),
)

behaviour = Table(
    "behaviour",
    metadata,
    Column("customer_id", BigInteger, autoincrement=False, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("purpose_class", Text, primary_key=True),
    Column("reached", Float, nullable=False, comment="exponentially forgotten count at as_of"),
    Column("engaged", Float, nullable=False),
    Column("observations", Integer, nullable=False),
    _instant("last_engaged_at", nullable=True),
    _instant("as_of"),
)

best_hours = Table(
    "best_hours",
    metadata,
    Column("customer_id", BigInteger, autoincrement=False, primary_key=True),
    Column("time_zone", Text, nullable=False, comment="whose clock the cells are on"),
    Column("cells", ARRAY(SmallInteger), nullable=False, comment="24 * weekday (Monday 0) + hour"),
    Column("weights", ARRAY(Float), nullable=False, comment="exponentially forgotten counts at as_of"),
    Column("observations", Integer, nullable=False),
    _instant("as_of"),
)
base_rates = Table(
    "base_rates",
    metadata,
    Column("version", Integer, Identity(), primary_key=True),
    Column("rates", JSONB, nullable=False, comment="by class and channel: reached, engaged at as_of"),
    Column("hours", JSONB, nullable=False, comment="168 counts of the whole population at as_of"),
    _instant("as_of"),
    _instant("learnt_at"),
)
policies = Table(
    "policies",
    metadata,
    Column("version", Integer, Identity(), primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("rules", JSONB, nullable=False),
    _instant("created_at", default=True),
)

templates = Table(
    "templates",
    metadata,
    _id(),
    _brand(),
    Column("name", Text, nullable=False, comment="offer/autumn"),
    Column("version", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("purpose_class", Text, nullable=False),
    Column("content_hash", Text, nullable=False, comment="SHA-256 of the folder"),
    Column("links", JSONB, nullable=False, server_default="{}", comment="name to target URL, for /l/"),
    _instant("created_at", default=True),
    Column(
        "texts",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="text file to content; {} when recorded before 0014",
    ),
    UniqueConstraint("brand", "name", "version", "content_hash"),
)

segments = Table(
    "segments",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("rule", JSONB, nullable=False, comment="tidings.segment.Node"),
    Column("created_by", Text, nullable=False),
    _instant("created_at", default=True),
    UniqueConstraint("name", "version"),
)

drafts = Table(
    "drafts",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("definition", JSONB, nullable=False, comment="see work.drafts.Draft"),
    Column("state", Text, nullable=False, server_default="draft"),
    Column(
        "asked_for", Text, nullable=False, server_default="", comment="digest of what approval is asked of"
    ),
    Column("asked_by", Text, nullable=False, server_default=""),
    _instant("asked_at", nullable=True),
    Column("approved_by", Text, nullable=False, server_default=""),
    _instant("approved_at", nullable=True),
    Column("note", Text, nullable=False, server_default="", comment="why it was sent back"),
    Column("run_id", ForeignKey("runs.id")),
    Column("created_by", Text, nullable=False),
    _instant("created_at", default=True),
    Column("updated_by", Text, nullable=False),
    _instant("updated_at", default=True),
    _one_of("state", ("draft", "waiting_approval", "approved", "dropped")),
    CheckConstraint("state <> 'approved' OR approved_by <> ''", name="approved"),
    Index("uq_drafts_edition", "name", "edition", unique=True, postgresql_where=text("state <> 'dropped'")),
)

seeds = Table(
    "seeds",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    _instant("created_at", default=True),
    UniqueConstraint("channel", "address"),
    _one_of("channel", Channel),
)

campaigns = Table(
    "campaigns",
    metadata,
    _id(),
    _brand(),
    Column("name", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the definition"),
    Column("definition", JSONB, nullable=False, comment="tidings.campaign.Campaign"),
    Column("created_by", Text, nullable=False),
    _instant("starts_at", nullable=True),
    _instant("created_at", default=True),
    UniqueConstraint("name", "edition"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True, comment="readable: autumn-2026.1, inv-20261121-1"),
    Column("kind", Text, nullable=False),
    _brand(),
    Column("title", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("purpose_class", Text, nullable=False),
    Column("template_id", ForeignKey("templates.id"), nullable=False),
    Column("policy_version", ForeignKey("policies.version"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("options", JSONB, nullable=False, server_default="{}", comment="channels, waits, tracking"),
    Column("audience", Integer, nullable=False, server_default="0"),
    Column("already_sent", Integer, nullable=False, server_default="0"),
    Column("rejected", JSONB, nullable=False, server_default="{}", comment="documents held by reason"),
    Column("paused_from", Text, comment="the state that a paused run goes back to"),
    Column("repeats", Text, comment="the run whose audience this one found already decided"),
    Column("shards", Integer, nullable=False, server_default="0"),
    Column("requested_by", Text, nullable=False),
    Column("released_by", Text),
    _instant("released_at", nullable=True),
    _instant("starts_at"),
    _instant("created_at", default=True),
    _instant("finished_at", nullable=True),
    _one_of("kind", ("campaign", "invoice_run")),
    _one_of("mode", ("outbox", "test", "live", "rehearsal")),
    _one_of(
        "state",
        ("scheduled", "planning", "waiting_release", "sending", "paused", "stopped", "finished"),
    ),
    Index("ix_runs_created", "created_at"),
)

rehearsals = Table(
    "rehearsals",
    metadata,
    Column("id", Text, primary_key=True, comment="rehearsal-NAME-EDITION-xxxxxxxx, of what was asked"),
    Column("name", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("definition", JSONB, nullable=False, comment="tidings.campaign.Campaign"),
    Column("seed", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("policy_version", ForeignKey("policies.version"), comment="null: not worked through yet"),
    Column("result", JSONB, nullable=False, server_default="{}", comment="work.rehearsal.as_json"),
    Column("requested_by", Text, nullable=False),
    _instant("known_at"),
    _instant("until_at"),
    _instant("created_at", default=True),
    _one_of("state", ("waiting", "done", "failed")),
    Index("ix_rehearsals_edition", "name", "edition", "known_at"),
)

rehearsed = Table(
    "rehearsed",
    metadata,
    Column("rehearsal_id", ForeignKey("rehearsals.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), primary_key=True, autoincrement=False, index=True),
    Column("state", Text, nullable=False, comment="as of messages, at the end of the rehearsal"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("first_channel", Text),
    Column("channel", Text),
    Column("ground", Text, nullable=False, server_default="", comment="why first on first_channel"),
    Column("wait", Text, nullable=False, server_default="", comment="why it did not leave at once"),
    Column("tried", ARRAY(Text), nullable=False, server_default="{}"),
    Column("due_at", DateTime(timezone=True), comment="of the first choice"),
)

recalls = Table(
    "recalls",
    metadata,
    Column("message_id", UUID(as_uuid=False), primary_key=True),
    Column("channel", Text, primary_key=True, comment="that it did not have to take"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("because", Text, nullable=False, comment="kind of the touchpoint that overtook it"),
    _instant("at"),
    Index("ix_recalls_run", "run_id"),
)

went_on = Table(
    "went_on",
    metadata,
    Column("message_id", UUID(as_uuid=False), primary_key=True),
    Column("channel", Text, primary_key=True, comment="that had taken it before the next one"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("cost", Numeric(18, 5), nullable=False),
    Index("ix_went_on_run", "run_id"),
)
"""Kept by a trigger: messages that left on one channel and had to go on, after silence or because they came back."""

set_in_full = Table(
    "set_in_full",
    metadata,
    Column("message_id", UUID(as_uuid=False), primary_key=True),
    Column("kind", Text, primary_key=True, comment="letter or invoice"),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("cause", Text, nullable=False, comment="templates.typeset.Cause"),
    Index("ix_set_in_full_run", "run_id"),
)
"""Documents that were laid out in full although there is a faster way."""

campaign_runs = Table(
    "campaign_runs",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("campaign_id", ForeignKey("campaigns.id"), nullable=False),
)

invoice_runs = Table(
    "invoice_runs",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("file_hash", Text, nullable=False, comment="SHA-256 of file and mapping"),
    Column("documents", Integer, nullable=False),
    Column("control_sums", JSONB, nullable=False, server_default="{}", comment="currency to gross total"),
)

invoices = Table(
    "invoices",
    metadata,
    _id(),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    _brand(),
    _customer(),
    Column("number", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("net", Numeric(18, 2), nullable=False),
    Column("tax", Numeric(18, 2), nullable=False),
    Column("gross", Numeric(18, 2), nullable=False),
    Column("document", JSONB, nullable=False, comment="tidings.invoice.Invoice"),
    Column("pdf_hash", Text, comment="SHA-256 of the archived PDF"),
    Column("xml_hash", Text, comment="SHA-256 of the archived UBL file"),
    Column("due", Numeric(18, 2), comment="left to pay; null: gross, from before it was kept"),
    Column("credits", Text, nullable=False, server_default="", comment="number that a credit note credits"),
    Column("keep_until", Date, comment="the law wants the archived files so long"),
    UniqueConstraint("brand", "number"),
    Index("ix_invoices_customer", "customer_id"),
    Index("ix_invoices_run", "run_id", "id"),
    Index("ix_invoices_credits", "brand", "credits", postgresql_where=text("credits <> ''")),
)

invoice_events = Table(
    "invoice_events",
    metadata,
    _id(),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Numeric(18, 2), comment="paid or credited; null: all that was due"),
    Column("step", SmallInteger, comment="of a reminder, from 1"),
    Column("source", Text, nullable=False, comment="who says so: a system, a person, `credit-note`"),
    Column("external_id", Text, nullable=False, comment="its identity there; said twice, kept once"),
    _instant("at"),
    _instant("recorded_at", default=True),
    _one_of("kind", ("paid", "credited", "cancelled", "disputed", "resolved", "reminded")),
    UniqueConstraint("source", "external_id"),
    Index("ix_invoice_events_invoice", "invoice_id"),
)
"""What became of an invoice after it was issued; nothing is ever changed or taken out."""

run_tally = Table(
    "run_tally",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("backend", Integer, primary_key=True, comment="whose row: no two connections write one"),
    Column("state", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("first_channel", Text, primary_key=True, comment="'' = none"),
    Column("channel", Text, primary_key=True, comment="'' = none"),
    Column("messages", BigInteger, nullable=False, comment="may be negative: the sum over backends counts"),
    Column("cost", Numeric(18, 5), nullable=False),
)
"""What a scan of a run's messages would count, kept by triggers (`migrations.versions.0017_bills`)."""

delivery_tally = Table(
    "delivery_tally",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("backend", Integer, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("fallback", Boolean, primary_key=True, comment="not its message's first delivery"),
    Column("deliveries", BigInteger, nullable=False),
)

ground_tally = Table(
    "ground_tally",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("backend", Integer, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("ground", Text, primary_key=True, comment="tidings.reason.Reason of the first choice"),
    Column("messages", BigInteger, nullable=False),
)

reactions = Table(
    "reactions",
    metadata,
    Column("message_id", UUID(as_uuid=False), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("channel", Text, nullable=False, comment="by which the message was sent"),
    Column("ground", Text, nullable=False, comment="why by that channel; '' = unknown"),
    _instant("at"),
    _one_of("kind", ("answered", "complained", "stopped")),
    Index("ix_reactions_run", "run_id", "kind", "channel", "ground"),
)

bill_files = Table(
    "bill_files",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the bytes"),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("brought_by", Text, nullable=False),
    _instant("brought_at"),
    Column("mapping", JSONB, nullable=False, server_default="{}", comment="work.bills.BillMapping"),
    Column("brand", Text, nullable=False, server_default=""),
    Column("expected", JSONB, nullable=False, server_default="{}", comment="currency to gross total"),
    Index("ix_bill_files_brought", "brought_at"),
)

undecided = Table(
    "undecided",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True, comment="the smallest of `customers`"),
    Column("customers", ARRAY(BigInteger), nullable=False, comment="sorted"),
    Column("document", Text, nullable=False),
    Column("key_prefix", Text, nullable=False, comment="of their dedupe keys; the customer follows"),
    _instant("planned_at"),
)
"""Who of a frozen audience has no message yet: it is written with its decision (`store.undecided`)."""

messages = Table(
    "messages",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True, comment="UUIDv7"),
    Column("run_id", Text, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    _brand(),
    Column("purpose", Text, nullable=False),
    Column("purpose_class", Text, nullable=False),
    Column("document", Text, nullable=False, comment="invoice number or campaign/edition"),
    Column("invoice_id", ForeignKey("invoices.id")),
    Column("dedupe_key", Text, unique=True, comment="never reused, across runs; null: held, not sent"),
    Column("copy", SmallInteger, nullable=False, server_default="0"),
    Column("copy_because", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("reason", Text, nullable=False, server_default="", comment="held, waiting, failed: why"),
    Column("channel", Text, comment="the lane: channel to try next, or that accepted"),
    Column("first_channel", Text, comment="first choice at planning"),
    Column("language", Text, nullable=False, server_default=""),
    Column("data", JSONB, nullable=False, server_default="{}", comment="frozen inputs of the render"),
    Column("decision", JSONB, nullable=False, server_default="[]", comment="ranked, with reason, evidence"),
    Column("input_digest", Text, nullable=False, server_default=""),
    Column(
        "propensity", Float, nullable=False, server_default="1", comment="of the first channel, as decided"
    ),
    Column("tried", ARRAY(Text), nullable=False, server_default="{}", comment="channels used up"),
    Column(
        "over_budget",
        ARRAY(Text),
        comment="channels that the run's budget closes; null: it was not shared out, or there is none",
    ),
    Column("gain", Float, comment="what its share of the budget gains, by unit"),
    Column(
        "covered_by", UUID(as_uuid=False), comment="the message whose letter goes to the household instead"
    ),
    Column("shard", Integer, nullable=False, server_default="0"),
    Column("cost", Numeric(12, 5), nullable=False, server_default="0"),
    Column("cost_currency", Text, nullable=False, server_default=""),
    _instant("due_at", nullable=True),
    _instant("planned_at"),
    _instant("updated_at", default=True),
    _one_of("state", MessageState),
    CheckConstraint(
        "state NOT IN ('held', 'suppressed', 'undeliverable', 'cancelled') OR reason <> ''", name="why"
    ),
    CheckConstraint("state = 'held' OR dedupe_key IS NOT NULL", name="keyed"),
    CheckConstraint("copy = 0 OR copy_because <> ''", name="copy_why"),
    Index(
        "ix_messages_lane",
        "channel",
        "run_id",
        "shard",
        "due_at",
        "id",
        postgresql_where=text("state = 'ready'"),
    ),
    Index("ix_messages_run", "run_id", "state", "shard"),
    Index("ix_messages_covered", "covered_by", postgresql_where=text("covered_by IS NOT NULL")),
    Index(
        "ix_messages_without",
        "run_id",
        "reason",
        "id",
        postgresql_where=text("state IN ('held', 'suppressed', 'cancelled', 'undeliverable')"),
    ),
    Index("ix_messages_stuck", "id", postgresql_where=text(STUCK)),
    Index("ix_messages_fallen", "id", postgresql_where=text("state = 'ready' AND tried <> '{}'")),
    Index("ix_messages_customer", "customer_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("message_id", UUID(as_uuid=False), nullable=False),
    Column("number", SmallInteger, nullable=False, comment="1, 2, ... of its message"),
    Column("channel", Text, nullable=False),
    Column("address_id", BigInteger),
    Column("address", Text, nullable=False, comment="frozen"),
    Column("state", Text, nullable=False),
    Column("content_hash", Text, comment="SHA-256 of the bytes that left"),
    Column("reference", Text, nullable=False, unique=True, comment="short, spoken on the phone"),
    Column("parts", SmallInteger, nullable=False, server_default="1"),
    _instant("created_at"),
    _instant("updated_at", default=True),
    UniqueConstraint("message_id", "number"),
    _one_of("state", DeliveryState),
    Index(
        "uq_deliveries_open",
        "message_id",
        unique=True,
        postgresql_where=text("state IN ({})".format(", ".join(f"'{s}'" for s in OPEN_DELIVERY))),
    ),
)

envelopes = Table(
    "envelopes",
    metadata,
    Column("delivery_id", UUID(as_uuid=False), primary_key=True, comment="a letter inside"),
    Column(
        "top_id", UUID(as_uuid=False), nullable=False, comment="the delivery whose address is in the window"
    ),
    Column("sheets", SmallInteger, nullable=False, comment="of the whole envelope"),
    Column("saved", Numeric(12, 5), nullable=False, comment="postage, in the currency of the message's cost"),
    _instant("at"),
    Index("ix_envelopes_top", "top_id"),
)
"""Letters that went in the envelope of another one of their customer (`work.comail`)."""

attempts = Table(
    "attempts",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True, comment="goes to every provider"),
    Column("delivery_id", UUID(as_uuid=False), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error_class", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("provider_reference", Text),
    Column("owner", Integer, nullable=False, comment="advisory lock of the sending process, see store.owner"),
    Column("settled_by", Text, nullable=False, server_default="", comment="evidence or policy"),
    _instant("started_at"),
    _instant("lease_until"),
    _instant("ended_at", nullable=True),
    UniqueConstraint("delivery_id", "number"),
    _one_of("state", AttemptState),
    Index(
        "uq_attempts_open",
        "delivery_id",
        unique=True,
        postgresql_where=text("state IN ({})".format(", ".join(f"'{s}'" for s in OPEN_ATTEMPT))),
    ),
    Index(
        "uq_attempts_accepted",
        "delivery_id",
        unique=True,
        postgresql_where=text("state = 'accepted'"),
    ),
    Index("ix_attempts_started", "started_at", postgresql_using="brin"),
    Index(
        "ix_attempts_reference",
        "provider",
        "provider_reference",
        postgresql_where=text("provider_reference IS NOT NULL"),
    ),
)

lanes = Table(
    "lanes",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("sender", Text, primary_key=True, comment="the brand's sender on the channel"),
    Column("errors", ARRAY(DateTime(timezone=True)), nullable=False, server_default="{}", comment="the last"),
    Column("sample", Text, nullable=False, server_default="", comment="the last outcomes, + or -"),
    Column("reason", Text, nullable=False, server_default="", comment="why the circuit is open, '' closed"),
    _instant("open_until", nullable=True),
    Column("rests_until", DateTime(timezone=True), comment="throttled"),
    Column("probe_until", DateTime(timezone=True), comment="somebody tries one message"),
    Column("paced_until", DateTime(timezone=True), comment="calls are taken up to here"),
)

receipts = Table(
    "receipts",
    metadata,
    _id(),
    Column("provider", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("attempt_id", UUID(as_uuid=False)),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    _instant("at"),
    _instant("received_at", default=True),
    Column("provider_reference", Text),
    Column(
        "folded_at",
        DateTime(timezone=True),
        comment="null: waits for what it speaks of, or speaks of nothing of ours",
    ),
    UniqueConstraint("provider", "event_id"),
    Index("ix_receipts_attempt", "attempt_id"),
    Index(
        "ix_receipts_waiting",
        "provider",
        "provider_reference",
        postgresql_where=text("folded_at IS NULL"),
    ),
)

calls = Table(
    "calls",
    metadata,
    _id(),
    Column("message_id", ForeignKey("messages.id"), nullable=False, unique=True),
    Column("because", Text, nullable=False),
    _instant("opened_at"),
    _instant("closed_at", nullable=True),
    Column("closed_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column(
        "taken_by",
        Text,
        nullable=False,
        server_default="",
        comment="staff:<name> who makes it, '' nobody yet",
    ),
    _instant("taken_at", nullable=True),
    CheckConstraint("closed_at IS NULL OR closed_by <> ''", name="who"),
)

replies = Table(
    "replies",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True, server_default=func.gen_random_uuid()),
    Column("provider", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), comment="null: nobody we know"),
    Column("message_id", UUID(as_uuid=False)),
    _brand(),
    Column("channel", Text, nullable=False),
    Column("reference", Text, nullable=False, server_default="", comment="deliveries.reference"),
    Column("sender", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    _instant("at"),
    _instant("due_at"),
    _instant("sent_at", nullable=True),
    UniqueConstraint("provider", "event_id"),
    _one_of("state", ("waiting", "sent", "held")),
    Index("ix_replies_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_replies_sender", "sender", "at"),
)

print_confirmations = Table(
    "print_confirmations",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("letter", Text, primary_key=True, comment="as the print house names it; '' = the whole batch"),
    Column("message_id", UUID(as_uuid=False)),
    Column("status", Text, nullable=False),
    Column("letters", Integer, comment="of the whole batch"),
    Column("sheets", Integer),
    Column("times", SmallInteger, nullable=False, server_default="1", comment="in one file"),
    Column("file", Text, nullable=False),
    _instant("at"),
    _one_of("status", ("printed", "posted", "failed")),
)

print_discrepancies = Table(
    "print_discrepancies",
    metadata,
    _id(),
    Column("batch", Text, nullable=False),
    Column("letter", Text, nullable=False, comment="'' = the whole batch"),
    Column("kind", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Column("found", Text, nullable=False),
    _instant("found_at"),
    _instant("resolved_at", nullable=True),
    Index(
        "uq_print_discrepancies_open",
        "batch",
        "letter",
        "kind",
        unique=True,
        postgresql_where=text("resolved_at IS NULL"),
    ),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _instant("at", default=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Index("ix_audit_actor", "actor", "id"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column(
        "position",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="1, 2, 3 in the order of commits",
    ),
    Column("audit_id", BigInteger, nullable=False, unique=True),
    Column("previous", LargeBinary, nullable=False, comment="hash of the row before; empty for the first"),
    Column("hash", LargeBinary, nullable=False, comment="see store.audit"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("subject", Text, primary_key=True, comment="of which lane, run, brand; '' the whole"),
    _instant("since"),
    _instant("told_at", nullable=True),
    Column("telling_until", DateTime(timezone=True), comment="somebody tells it now"),
    _instant("cleared_at", nullable=True),
)

erased = Table(
    "erased",
    metadata,
    Column(
        "digest", LargeBinary, primary_key=True, comment="SHA-256 of salt, kind and value; see 0008_backup"
    ),
    Column("kind", Text, nullable=False),
    _instant("at"),
    _one_of("kind", ("address", "dedupe_key")),
)

departed = Table(
    "departed",
    metadata,
    Column("message", UUID(as_uuid=False), primary_key=True, comment="may be one that is planned only later"),
    Column("channel", Text, nullable=False),
    Column("provider", Text, nullable=False),
    _instant("at"),
)

slips = Table(
    "slips",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    _customer(nullable=True),
    _brand(),
    Column("channel", Text, nullable=False),
    Column("value", Text, nullable=False, comment="where it goes; '' once it is settled"),
    Column("language", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default="{}", comment="a code or a link; {} once settled"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    _instant("asked_at"),
    _instant("due_at"),
    _instant("settled_at", nullable=True),
    _one_of("kind", ("link", "document", "code", "confirm", "saved", "mismatch")),
    _one_of("state", ("waiting", "sent", "dropped")),
    Index("ix_slips_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_slips_customer", "customer_id"),
)

codes = Table(
    "codes",
    metadata,
    _id(),
    _customer(),
    _brand(),
    Column("kind", Text, nullable=False, comment="address: to be added; data, document: opens them"),
    Column("channel", Text, nullable=False),
    Column("value", Text, nullable=False, comment="the address that the code went to"),
    Column("digest", LargeBinary, nullable=False, comment="HMAC of id and code under the signing key"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    _instant("made_at"),
    _instant("expires_at"),
    _instant("used_at", nullable=True),
    _one_of("kind", ("address", "data", "document")),
    Index("ix_codes_customer", "customer_id"),
)

tries = Table(
    "tries",
    metadata,
    _id(),
    Column("subject", LargeBinary, nullable=False, comment="HMAC of what is limited: an address, a client"),
    _instant("at"),
    Index("ix_tries_subject", "subject", "at"),
)

erasures = Table(
    "erasures",
    metadata,
    _id(),
    _customer(),
    _brand(),
    _instant("asked_at"),
    _instant("closed_at", nullable=True),
    Column("closed_by", Text, nullable=False, server_default=""),
    Index(
        "uq_erasures_open",
        "customer_id",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256; the key is never kept"),
    _instant("created_at", default=True),
    _instant("revoked_at", nullable=True),
    Column(
        "scopes", ARRAY(Text), nullable=False, server_default="{}", comment="empty: all that the role may"
    ),
    _instant("expires_at", nullable=True),
    _instant("used_at", nullable=True),
    _one_of("role", Role),
)

staff = Table(
    "staff",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True, comment="of a removed account too: audits name it"),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hash", Text, nullable=False, server_default="", comment="'' = none, see store.staff"),
    Column("subject", Text, unique=True, comment="issuer and subject of the single sign-on"),
    Column("language", Text, nullable=False, server_default="", comment="of the pages; '' = the browser's"),
    Column("invitation", LargeBinary, unique=True, comment="SHA-256 of the link that sets a password, once"),
    _instant("invited_until", nullable=True),
    _instant("created_at"),
    _instant("removed_at", nullable=True),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", LargeBinary, primary_key=True, comment="SHA-256 of the cookie, which is never kept"),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    _instant("created_at"),
    _instant("seen_at"),
)

login_tries = Table(
    "login_tries",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="SHA-256 of a name or a client"),
    Column("tries", Integer, nullable=False),
    _instant("since"),
)

sign_ons = Table(
    "sign_ons",
    metadata,
    Column(
        "state", LargeBinary, primary_key=True, comment="SHA-256 of a state that came back: it counts once"
    ),
    _instant("used_at"),
)

api_requests = Table(
    "api_requests",
    metadata,
    Column("api_key_id", ForeignKey("api_keys.id"), primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("status", Integer),
    Column("answer", JSONB),
    _instant("created_at", default=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False, server_default="{}", comment="empty: all kinds"),
    Column("personal", Boolean, nullable=False, server_default="false", comment="more than ids is sent"),
    Column("secret", Text, nullable=False, comment="whsec_...; signs, so it cannot be a hash"),
    Column("previous_secret", Text, nullable=False, server_default="", comment="signs too, until it ends"),
    _instant("previous_until", nullable=True),
    _instant("created_at"),
    _instant("failing_since", nullable=True),
    _instant("disabled_at", nullable=True),
    Column("disabled_because", Text, nullable=False, server_default=""),
)

events = Table(
    "events",
    metadata,
    _id(),
    Column("kind", Text, nullable=False, comment="message.sent, preference.changed, ..."),
    Column("customer_id", BigInteger),
    Column("data", JSONB, nullable=False, server_default="{}", comment="ids, codes and instants only"),
    _instant("at"),
    _instant("taken_at", nullable=True),
    Column(
        "transaction",
        BigInteger,
        nullable=False,
        server_default=text("txid_current()"),
        comment="lists go by it: what commits late has its place at the end",
    ),
    Index("ix_events_waiting", "id", postgresql_where=text("taken_at IS NULL")),
    Index("ix_events_order", "transaction", "id"),
    Index("ix_events_at", "at"),
    Index(
        "uq_events_preference",
        "customer_id",
        "at",
        unique=True,
        postgresql_where=text("kind = 'preference.changed'"),
    ),
)

webhook_calls = Table(
    "webhook_calls",
    metadata,
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True),
    Column("event_id", ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("answer", Text, nullable=False, server_default="", comment="the last one: a status or why not"),
    _instant("due_at"),
    _instant("since"),
    _instant("sent_at", nullable=True),
    _one_of("state", ("waiting", "sent", "failed")),
    Index("ix_webhook_calls_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_webhook_calls_event", "event_id"),
)

exports = Table(
    "exports",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True, server_default=func.gen_random_uuid()),
    _customer(),
    Column("requested_by", Text, nullable=False),
    _instant("requested_at"),
    _instant("expires_at"),
)

dropped_files = Table(
    "dropped_files",
    metadata,
    Column("kind", Text, primary_key=True, comment="the folder: customers, invoices, ..."),
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 of file and mapping"),
    Column("name", Text, nullable=False),
    Column("place", Text, nullable=False, comment="folder or bucket"),
    Column("state", Text, nullable=False, server_default="taken"),
    Column("report", JSONB, nullable=False, server_default="{}"),
    _instant("taken_at"),
    _instant("ended_at", nullable=True),
    _one_of("state", ("taken", "done", "wrong")),
)
