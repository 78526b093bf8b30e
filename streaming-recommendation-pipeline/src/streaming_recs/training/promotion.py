"""Whether a new model version may go live: a pure rule over what each test user got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from streaming_recs.training.metrics import Values, resampled_means

MARGIN = 0.02  # share of the live version's mean that a candidate may lose and still count as no worse
ENOUGH_USERS = 200  # below, an interval is too wide to tell a better model from luck
FLOOR = "popularity"


@dataclass(frozen=True)
class Decision:
    """What serves from now on, and why, in sentences for the run's log."""

    promoted: bool
    serves: Literal["candidate", "live", "popularity"]
    status: Literal["live", "provisional", "refused"]
    why: tuple[str, ...]


def decide(
    candidate: Values,
    baselines: Mapping[str, Values],
    live: tuple[Values, Values] | None = None,
    *,
    has_live: bool = False,
    seed: int = 0,
) -> Decision:
    """Promotes a candidate that beats what must be beaten.

    candidate and baselines: (u,) truncated recall at 20 of the same test users; baselines must hold "popularity".
    live: (w,) of candidate and live version on the same users of the time since the live version was trained, None
    when there is no live version or nobody came back since; has_live tells these two apart.
    The first version must beat popularity (95 % of paired bootstrap differences above 0) and is provisional. A later
    one must lose no more than MARGIN against the live one and, where at least ENOUGH_USERS were asked, beat each
    baseline.
    """
    fallback: Literal["live", "popularity"] = "live" if has_live else "popularity"
    must_beat = baselines if has_live and len(candidate) >= ENOUGH_USERS else {FLOOR: baselines[FLOOR]}
    verdicts = [better(name, candidate, values, seed) for name, values in must_beat.items()]
    if has_live:
        verdicts.append(no_worse(live, seed))
    why = tuple(sentence for _, sentence in verdicts)
    if not all(passed for passed, _ in verdicts):
        return Decision(False, fallback, "refused", why)
    return Decision(True, "candidate", "live" if has_live else "provisional", why)


def better(name: str, candidate: Values, baseline: Values, seed: int) -> tuple[bool, str]:
    """Whether the candidate's mean is above the baseline's in at least 95 % of the paired resamples."""
    if len(candidate) == 0:
        return False, f"nobody could be asked, so nothing shows that it beats {name}"
    share = float(np.mean(resampled_means(candidate - baseline, seed) > 0))
    verb = "beats" if share >= 0.95 else "does not beat"
    return share >= 0.95, (
        f"{verb} {name}: {candidate.mean():.4f} to {baseline.mean():.4f} over {len(candidate)} users "
        f"(better in {share:.0%} of resamples)"
    )


def no_worse(live: tuple[Values, Values] | None, seed: int) -> tuple[bool, str]:
    """Non-inferiority: the lower end of the difference's one-sided 95 % interval is above −MARGIN of the live mean."""
    if live is None or len(live[0]) < ENOUGH_USERS:
        count = 0 if live is None else len(live[0])
        return True, f"only {count} users came back since the live version was trained: not compared with it"
    candidate, current = live
    lower = float(np.quantile(resampled_means(candidate - current, seed), 0.05))
    allowed = -MARGIN * float(current.mean())
    verb = "is no worse than" if lower >= allowed else "may be worse than"
    return lower >= allowed, (
        f"{verb} the live version: {candidate.mean():.4f} to {current.mean():.4f} over {len(current)} users "
        f"(difference at least {lower:+.4f}, allowed {allowed:+.4f})"
    )
