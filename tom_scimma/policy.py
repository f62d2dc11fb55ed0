"""What a TOM does with a topic, as values. conf.py reads them from settings, policies.py adds what SCiMMA says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TargetPolicy:
    """Which notices make or update a TOM target."""

    #: largest error radius that is good enough, degrees
    max_radius_deg: float = 0.25
    #: kinds of event; empty for all but gravitational waves
    kinds: tuple[str, ...] = ("GRB", "NU", "SN", "XRT", "FRB", "OT", "UNK")
    roles: tuple[str, ...] = ("observation",)  #: of the notice: observation, test, utility, prediction
    #: OPEN, PUBLIC or PRIVATE; None: PUBLIC for a public topic, PRIVATE for one with groups
    permissions: str | None = None
    #: Django groups that may see the target; None: those of the topic
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TopicPolicy:
    """What this TOM does with one topic."""

    source: str = ""  #: empty: any source
    keep: str = "all"  #: all | matched (only what matters here, see docs/listening.md) | none (counted only)
    days: int | None = None  #: `prune` removes messages older than this; None: never
    groups: tuple[str, ...] = ()  #: Django groups that may see its messages; empty: public
    lane: str = "fast"  #: fast | bulk: bulk topics never stand before fast ones
    authority: tuple[str, ...] = ()  #: sources (or first words of them) it may speak for
    senders: tuple[str, ...] = ()  #: credentials that may do so; empty: any the broker lets write
    targets: TargetPolicy | None = field(default_factory=TargetPolicy)  #: None: never makes targets
    republish: tuple[str, ...] = ()  #: a protected topic's messages may be republished to these topics (or patterns)

    @property
    def protected(self) -> bool:
        """True when only members of `groups` may see its messages, and what is made of them."""
        return bool(self.groups)


class ClosedPolicy(TopicPolicy):
    """The policy of a topic that is protected also where `groups` is empty: then only superusers see it."""

    @property
    def protected(self) -> bool:
        return True
