"""What SCiMMA Auth says of a credential, as a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READS, WRITES = frozenset({"Read", "All"}), frozenset({"Write", "All"})


@dataclass(frozen=True)
class TopicFacts:
    """A topic that the credential's owner can see."""

    name: str
    owner: str  #: the group that owns it
    public: bool
    archivable: bool = False


@dataclass(frozen=True)
class Account:
    """A credential, its owner, and what each may."""

    credential: str
    subject: str  #: the owner's, as the log-in has it
    email: str
    groups: Mapping[str, str]  #: SCiMMA Auth's own: name -> Owner or Member
    permissions: frozenset[tuple[str, str]]  #: of this credential: (topic, operation)
    available: frozenset[tuple[str, str, str]]  #: of the owner's groups: (group, topic, operation)
    topics: Mapping[str, TopicFacts]

    @property
    def readable(self) -> frozenset[str]:
        """Topics that this credential may read: its own, and every public one."""
        own = {topic for topic, operation in self.permissions if operation in READS}
        return frozenset(own | {name for name, topic in self.topics.items() if topic.public})

    @property
    def writable(self) -> frozenset[str]:
        """Topics that this credential may write."""
        return frozenset(topic for topic, operation in self.permissions if operation in WRITES)

    @property
    def addable(self) -> dict[str, tuple[str, ...]]:
        """What the owner could still add to the credential: topic -> "read", "write"."""
        found: dict[str, set[str]] = {}
        for _, topic, operation in self.available:
            if operation in READS and topic not in self.readable:
                found.setdefault(topic, set()).add("read")
            if operation in WRITES and topic not in self.writable:
                found.setdefault(topic, set()).add("write")
        return {topic: tuple(sorted(words)) for topic, words in sorted(found.items())}

    def groups_reading(self, topic: str) -> frozenset[str]:
        """The SCiMMA groups known to read a topic: its owner, and those of ours that may."""
        owner = self.topics[topic].owner if topic in self.topics else topic.partition(".")[0]
        return frozenset(
            {owner, *(group for group, name, operation in self.available if name == topic and operation in READS)}
        )


def account_of(credential: str, said: Mapping[str, Any]) -> Account:
    """The account, of the answers `user`, `memberships`, `permissions`, `available` and `topics`. Raises KeyError, TypeError."""
    return Account(
        credential=credential,
        subject=str(said["user"]["username"]),
        email=str(said["user"].get("email") or ""),
        groups={row["group"]: row["status"] for row in said["memberships"]},
        permissions=frozenset((row["topic"], row["operation"]) for row in said["permissions"]),
        available=frozenset((row["principal"], row["topic"], row["operation"]) for row in said["available"]),
        topics={
            row["name"]: TopicFacts(
                row["name"], str(row["owning_group"]), row["publicly_readable"] is True, row.get("archivable") is True
            )
            for row in said["topics"]
        },
    )
