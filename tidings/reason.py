"""Why a message is held, waits or failed, and why a channel has its rank. Sentences: `preferences.explain`."""

from enum import StrEnum


class Reason(StrEnum):
    """One code per cause; stored with the message, counted in reports."""

    # Held: nothing will be sent unless something changes.
    ALREADY_SENT = "already_sent"
    WRONG_TOTAL = "wrong_total"
    WRONG_DOCUMENT = "wrong_document"
    UNKNOWN_CUSTOMER = "unknown_customer"
    DUPLICATE_NUMBER = "duplicate_number"
    NO_CONSENT = "no_consent"
    NO_CHANNEL = "no_channel"
    STANDING = "standing"
    OPEN_MATTER = "open_matter"
    REHEARSAL = "rehearsal"
    STOPPED = "stopped"
    RECALLED = "recalled"
    ERASED = "erased"
    REDEEMED = "redeemed"
    PAID = "paid"
    CREDITED = "credited"
    VOIDED = "voided"
    DISPUTED = "disputed"
    MERGED = "merged"
    HOUSEHOLD = "household"
    HOLDOUT = "holdout"
    OFFER_OVER = "offer_over"

    # Waiting: it will be sent later by itself, or after a release.
    QUIET_HOURS = "quiet_hours"
    HOLIDAY = "holiday"
    BEST_DAY = "best_day"
    LAW = "law"
    CAP = "cap"
    FREQUENCY = "frequency"
    PRIORITY = "priority"
    PAUSE = "pause"
    BEST_HOUR = "best_hour"
    CUT_OFF = "cut_off"
    RELEASE = "release"
    BACK_OFF = "back_off"
    FALLBACK = "fallback"

    # A channel's place in the ranked list.
    STATED_TEMPORARY = "stated_temporary"
    STATED_TOPIC = "stated_topic"
    STATED_PURPOSE = "stated_purpose"
    STATED_ALL = "stated_all"
    OBSERVED = "observed"
    EXPLORED = "explored"
    DEFAULT_ORDER = "default_order"
    CHEAPEST = "cheapest"

    # Why a channel has no place.
    NO_ADDRESS = "no_address"
    UNUSABLE_ADDRESS = "unusable_address"
    UNVERIFIED_ADDRESS = "unverified_address"
    SUPPRESSED = "suppressed"
    NOT_ALLOWED = "not_allowed"
    CHANNEL_NO_CONSENT = "channel_no_consent"
    OBJECTED = "objected"
    NEVER_WISHED = "never_wished"
    EXPIRED = "expired"
    REGISTER = "register"
    WASH_DUE = "wash_due"
    TRIED = "tried"
    BUDGET = "budget"

    # What a letter went with.
    CO_MAILED = "co_mailed"

    # Why a person calls although the message goes out.
    CALL_WISHED = "call_wished"
