"""Off-policy evaluation: what another policy would have been worth, from what a run tried and what came of it.

A run that draws some channels by lot knows how likely each choice was; so the answers of those who happened to be given
what the other policy gives tell of all the others. Three estimates of the mean reward of a message:

- IPS, inverse propensity scoring: unbiased, and uncertain (Horvitz, Thompson, 1952).
- SNIPS, self-normalised: a little biased, less uncertain (Swaminathan, Joachims, NIPS 2015).
- DR, doubly robust: a model of the reward, corrected by what was seen (Dudik, Langford, Li, ICML 2011).

A message of which the run could have made nothing else (propensity 1) says nothing about another choice: those are
counted apart and are not in IPS and SNIPS; DR has the model's word only for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.sheet import Bools, Floats

Z = 1.959964
"""Standard normal quantile of a 95 % interval."""
FEW_EFFECTIVE = 100.0
SMALL_SHARE = 0.1
MOSTLY = 0.5
FEW_TRIED = 30
"""So many that were tried by lot must stand for all of whom the policy would do something else than the run did mostly:
a handful of great weights makes an interval that holds the truth two times out of three."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean reward with its 95 % interval.

    Normal approximation, but never inside Wilson's interval of a share at the effective sample size: where hardly
    anybody answered, what was seen varies less than what may be (Brown, Cai, DasGupta, Statistical Science 16, 2001).
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a policy is worth against what was done."""

    n: int
    """Messages."""
    supported: int
    """Those of which the run might have done what the policy would do."""
    effective: float
    """Effective sample size of the supported ones: (sum of weights)^2 / sum of squares (Kish, 1965)."""
    overlap: str
    """`full`, `partial` or `none`."""
    logged: Estimate | None
    """What was done, over the supported messages, so that it compares with IPS and SNIPS."""
    ips: Estimate | None
    snips: Estimate | None
    dr: Estimate | None
    warnings: tuple[str, ...]
    """Codes: no_messages, no_overlap, partial_overlap, few_effective, few_tried."""


def evaluate(
    *,
    reward: Floats,
    propensity: Floats,
    target: Floats,
    modelled: Floats,
    expected: Floats,
    reachable: Bools,
    silent: Bools,
) -> Evaluation:
    """Judge a policy by logged choices; one element per message.

    Args:
        reward: what came of it, 0 or 1.
        propensity: how likely the logged choice was, above 0.
        target: how likely the policy makes the same choice.
        modelled: the reward that the model expects of the logged choice.
        expected: the reward that it expects of what the policy would do.
        reachable: whether the run might have done whatever the policy may do.
        silent: whether the policy would send nothing: that is worth nothing, which needs no log.
    """
    n = len(reward)
    if not n:
        return Evaluation(
            n=0, supported=0, effective=0.0, overlap="none", logged=None, ips=None, snips=None, dr=None,
            warnings=("no_messages",),
        )  # fmt: skip
    reachable = reachable | silent
    supported = int(reachable.sum())
    weight = np.where(silent, 1.0, np.where(reachable, target / propensity, 0.0))
    seen, expected = np.where(silent, 0.0, reward), np.where(silent, 0.0, expected)
    kept, given = weight[reachable], seen[reachable]
    total, squares = float(kept.sum()), float((kept**2).sum())
    effective = total**2 / squares if squares else 0.0
    other = reachable & ~silent & ((target >= MOSTLY) != (propensity >= MOSTLY))
    warnings = []
    if supported < n:
        warnings.append("partial_overlap" if supported else "no_overlap")
    if supported and effective < max(FEW_EFFECTIVE, SMALL_SHARE * supported):
        warnings.append("few_effective")
    if other.any() and int((other & (target >= MOSTLY)).sum()) < FEW_TRIED:
        warnings.append("few_tried")
    return Evaluation(
        n=n,
        supported=supported,
        effective=effective,
        overlap="full" if supported == n else "partial" if supported else "none",
        logged=_mean(reward[reachable], supported) if supported else None,
        ips=_mean(kept * given, effective) if supported else None,
        snips=_self_normalised(kept, given, effective) if total else None,
        dr=_mean(expected + np.where(silent, 0.0, weight * (reward - modelled)), effective),
        warnings=tuple(warnings),
    )


def _mean(values: Floats, effective: float) -> Estimate:
    value = float(values.mean())
    margin = Z * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 1.0
    return _within(value, margin, effective)


def _self_normalised(weight: Floats, reward: Floats, effective: float) -> Estimate:
    """Return the ratio of two means, its interval by the delta method."""
    value = float((weight * reward).sum() / weight.sum())
    spread = float(((weight * (reward - value)) ** 2).sum()) ** 0.5 / float(weight.sum())
    return _within(value, Z * spread, effective)


def _within(value: float, margin: float, effective: float) -> Estimate:
    """Return an estimate of a share: its interval ends at nothing and at everybody."""
    low, high = _wilson(min(max(value, 0.0), 1.0), effective)
    return Estimate(
        value=value, low=max(min(value - margin, low), 0.0), high=min(max(value + margin, high), 1.0)
    )


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Return the interval of a share of n (Wilson, 1927); of nobody it may be anything."""
    if not n:
        return 0.0, 1.0
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)) ** 0.5
    return middle - half, middle + half
