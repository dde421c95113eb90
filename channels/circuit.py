"""When to stop calling a provider: its set-up is wrong, or it fails too often (design/delivery.md).

A circuit is the memory of one lane, of one provider and sender, shared by all workers: they keep it in the store. It
holds no clock: `now` is handed in.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected

BURST = 50
BURST_WITHIN = timedelta(seconds=60)
SAMPLE = 200
SHARE = 0.2
IN_A_ROW = 5
PAUSE = timedelta(minutes=1)
GOOD, BAD, NOBODY = "+-x"
"""Marks of the sample; the last one stands for a service that could not even be reached."""


class Circuit:
    """Opens at once on a wrong set-up, at 50 errors in 60 s, when 20 % of the last 200 failed, or nobody answers.

    Nobody answers when five calls in a row found no connection: a run of twenty mails need not wait for fifty errors
    before the next provider sends them. Codes of such refusals are names, those of answers begin with a digit.

    Errors are those of the provider and of ours; a wrong address or a bad message says nothing about the lane. Once
    the pause is over one call may try: if it is accepted the circuit closes, else the pause begins again. An answer
    that comes while the pause lasts, to a call made before, closes nothing.

    Args:
        errors: when the last ones were, oldest first.
        sample: the last outcomes: `+` for each good one, `-` for each error, `x` where nobody was there.
        open_until: None for a closed circuit.
        reason: why it is open.
    """

    def __init__(
        self,
        *,
        errors: Iterable[datetime] = (),
        sample: Iterable[str] = "",
        open_until: datetime | None = None,
        reason: str = "",
    ) -> None:
        self._errors: deque[datetime] = deque(errors, maxlen=BURST)
        self._sample: deque[str] = deque(sample, maxlen=SAMPLE)
        self.open_until = open_until
        self.reason = reason
        """Why it is open: the error's code, `many_errors`, `nobody_answers`; '' when it is closed."""

    @property
    def errors(self) -> list[datetime]:
        """When the last errors were."""
        return list(self._errors)

    @property
    def sample(self) -> str:
        """The last outcomes."""
        return "".join(self._sample)

    def record(self, outcome: Outcome, *, now: datetime) -> None:
        """Take in the outcome of one attempt."""
        if isinstance(outcome, Rejected) or _said_already(outcome):
            return
        good = isinstance(outcome, Accepted)
        self._sample.append(GOOD if good else NOBODY if _unreachable(outcome) else BAD)
        if good:
            if self.open_until is not None and now >= self.open_until:
                self._close()
            return
        self._errors.append(now)
        if isinstance(outcome, Refused) and outcome.error is ErrorClass.CONFIG:
            self._open(outcome.code, now + max(outcome.wait, PAUSE))
        elif self.sample.endswith(NOBODY * IN_A_ROW):
            self._open("nobody_answers", now + PAUSE)
        elif self._half_open or self._many(now):
            self._open("many_errors", now + PAUSE)

    def allowed(self, claim: int, *, now: datetime) -> int:
        """Return how many messages may be claimed now: all, one to try, or none."""
        if self.open_until is None:
            return claim
        return 1 if now >= self.open_until else 0

    @property
    def _half_open(self) -> bool:
        return self.open_until is not None

    def _many(self, now: datetime) -> bool:
        burst = len(self._errors) == BURST and now - self._errors[0] <= BURST_WITHIN
        share = len(self._sample) == SAMPLE and SAMPLE - self._sample.count(GOOD) >= SHARE * SAMPLE
        return burst or share

    def _open(self, reason: str, until: datetime) -> None:
        self.open_until = until
        self.reason = reason

    def _close(self) -> None:
        self._errors.clear()
        self._sample.clear()
        self.open_until = None
        self.reason = ""


def _said_already(outcome: Outcome) -> bool:
    """Whether it repeats the answer to another message, which alone says that we are too fast."""
    return isinstance(outcome, Refused) and outcome.error is ErrorClass.THROTTLE and not outcome.called


def _unreachable(outcome: Outcome) -> bool:
    return (
        isinstance(outcome, Refused)
        and outcome.error is ErrorClass.TRANSIENT
        and not outcome.code[:1].isdigit()
    )
