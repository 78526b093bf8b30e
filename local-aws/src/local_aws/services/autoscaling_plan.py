"""Which instances a group starts and ends to have its desired capacity. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

COMING = ("Pending", "Pending:Wait")
GOING = ("Terminating", "Terminating:Wait")
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Member:
    """An instance as the plan sees it; `since` is when it was launched, `version` its launch template's."""

    id: str
    state: str
    zone: str
    version: int = 1
    since: float = 0.0
    protected: bool = False


def active(members: Sequence[Member]) -> list[Member]:
    """Those that count for the desired capacity."""
    return [member for member in members if member.state not in GOING]


def shortfall(members: Sequence[Member], desired: int) -> int:
    return max(desired - len(active(members)), 0)


def surplus(members: Sequence[Member], desired: int) -> list[str]:
    """Who goes: first those not in service yet, then by the default termination policy (fullest zone, oldest launch
    template, oldest instance). Protected ones stay."""
    left, chosen = active(members), []
    for _ in range(max(len(left) - desired, 0)):
        free = [member for member in left if not member.protected]
        if not free:
            break
        zones = Counter(member.zone for member in left)
        victim = min(free, key=lambda m: (m.state not in COMING, -zones[m.zone], m.version, m.since, m.id))
        left.remove(victim)
        chosen.append(victim.id)
    return chosen


def next_zone(members: Sequence[Member], zones: Sequence[str]) -> str:
    """The emptiest, the first of equals."""
    counted = Counter(member.zone for member in active(members))
    return min(zones, key=lambda zone: (counted[zone], zones.index(zone)))


def pause_after(failures: int) -> float:
    """Seconds before another launch after so many that failed in a row."""
    return min(2.0**failures, LONGEST_PAUSE_SECONDS)


def bounded(wanted: int, minimum: int, maximum: int) -> int:
    return max(minimum, min(wanted, maximum))


@dataclass(frozen=True)
class RefreshStep:
    """What a rolling instance refresh does next: how many more instances than desired there may be, and who goes."""

    surge: int = 0
    ending: tuple[str, ...] = ()
    done: bool = False


def refresh_step(
    members: Sequence[Member], old: set[str], ready: set[str], desired: int, bounds: tuple[int, int]
) -> RefreshStep:
    """`old`: still to be replaced; `ready`: in service and healthy; `bounds`: least and most, in percent of desired.

    With room above desired a new instance comes before an old one goes; else the old one goes first, one at least,
    as AWS rounds (EC2 Auto Scaling User Guide, "How an instance refresh works").
    """
    least, most = bounds
    left = [member for member in active(members) if member.id in old]
    if not left:
        return RefreshStep(done=len(ready) >= desired and len(active(members)) >= desired)
    room = desired * max(most, 100) // 100 - desired
    if least >= 100 and room == 0:
        room = 1
    surge = min(room, len(left))
    floor = desired * least // 100
    if surge == 0:
        floor = min(floor, desired - 1)
    spare = max(len(ready) - floor, 0) if len(active(members)) >= desired + surge else 0
    going = sorted(left, key=lambda member: (member.since, member.id))[:spare]
    return RefreshStep(surge, tuple(member.id for member in going))
