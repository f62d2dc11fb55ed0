"""What the stand-ins know: people, groups, credentials, topics, permissions, tokens and archived messages. Plain values."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

OPERATIONS = ("All", "Read", "Write", "Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs")
TOKEN_LIFE = timedelta(hours=24)


@dataclass
class User:
    """A person; `subject` is the log-in's `sub` and SCiMMA Auth's user name."""

    subject: str
    name: str
    email: str
    is_member_of: list[str] | None = field(default_factory=lambda: ["/Hopskotch Users"])  #: None: the claim is absent
    staff: bool = False
    id: int = 0

    def claims(self) -> dict[str, Any]:
        """What the log-in's userinfo says of them."""
        first, _, last = self.name.partition(" ")
        said: dict[str, Any] = {"sub": self.subject, "email": self.email, "email_verified": False, "name": self.name}
        said |= {"preferred_username": self.email, "given_name": first, "family_name": last}
        return said if self.is_member_of is None else {**said, "is_member_of": list(self.is_member_of)}


@dataclass
class Credential:
    """A SCRAM-SHA-512 credential as a server keeps it: no password."""

    name: str
    owner: str  #: a subject
    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int
    suspended: bool = False
    description: str = ""
    created: datetime | None = None
    id: int = 0


@dataclass
class Group:
    name: str
    members: dict[str, str] = field(default_factory=dict)  #: subject -> "Owner" or "Member"
    description: str = ""
    id: int = 0


@dataclass
class Topic:
    name: str
    owning_group: str
    publicly_readable: bool = False
    archivable: bool = False
    description: str = ""
    id: int = 0


@dataclass
class Permission:
    """What a group or a credential (the principal) may do with a topic."""

    principal: str
    topic: str
    operation: str
    id: int = 0


@dataclass
class Token:
    key: str
    subject: str
    credential: str | None
    expires: datetime


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass
class World:
    """All of it. Take `lock` to change what a running server reads."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    given: list[Permission] = field(default_factory=list)  #: to groups
    permissions: list[Permission] = field(default_factory=list)  #: of credentials
    tokens: dict[str, Token] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)  #: the archive's
    shelf: dict[Any, Any] = field(default_factory=dict, repr=False)  #: the same by uuid, see archived.py
    exchanges: dict[str, Any] = field(default_factory=dict)  #: SCRAM exchanges that are under way, by sid
    issuer: Any = None  #: the log-in's keys and grants, see issuer.py
    clock: Callable[[], datetime] = _now
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _ids: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)), repr=False)

    def add_user(self, subject: str, name: str, email: str, **more: Any) -> User:
        user = self.users[subject] = User(subject, name, email, **more, id=next(self._ids))
        return user

    def add_group(self, name: str, *, owners: tuple[str, ...] = (), members: tuple[str, ...] = ()) -> Group:
        said = dict.fromkeys(members, "Member") | dict.fromkeys(owners, "Owner")
        group = self.groups[name] = Group(name, said, id=next(self._ids))
        return group

    def add_topic(self, name: str, *, public: bool = False, archivable: bool = False, **more: Any) -> Topic:
        """A topic `<group>.<rest>`; its group gets All on it."""
        owner = more.pop("owning_group", name.partition(".")[0])
        topic = self.topics[name] = Topic(name, owner, public, archivable, **more, id=next(self._ids))
        if owner in self.groups:
            self.give(owner, name, "All")
        return topic

    def add_credential(self, name: str, owner: str, password: str, **more: Any) -> Credential:
        from scramp import ScramMechanism

        salt, stored, server, iterations = ScramMechanism("SCRAM-SHA-512").make_auth_info(password)
        made = Credential(
            name, owner, salt, stored, server, iterations, created=self.clock(), **more, id=next(self._ids)
        )
        self.credentials[name] = made
        return made

    def give(self, group: str, topic: str, operation: str) -> Permission:
        """A permission to a group."""
        return self._once(self.given, group, topic, operation)

    def permit(self, credential: str, topic: str, operation: str) -> Permission:
        """A permission to a credential."""
        return self._once(self.permissions, credential, topic, operation)

    def _once(self, rows: list[Permission], principal: str, topic: str, operation: str) -> Permission:
        for row in rows:
            if (row.principal, row.topic, row.operation) == (principal, topic, operation):
                return row
        rows.append(Permission(principal, topic, operation, next(self._ids)))
        return rows[-1]

    def issue(self, subject: str, credential: str | None) -> Token:
        key = secrets.token_hex(32)
        token = self.tokens[key] = Token(key, subject, credential, self.clock() + TOKEN_LIFE)
        return token

    def drop_credential(self, name: str) -> None:
        """Deleted: its permissions and tokens go with it."""
        self.credentials.pop(name, None)
        self.permissions = [row for row in self.permissions if row.principal != name]
        self.tokens = {key: token for key, token in self.tokens.items() if token.credential != name}

    def leave(self, subject: str, group: str) -> None:
        """A user leaves a group; permissions that rested on it alone are lost."""
        self.groups[group].members.pop(subject, None)
        for row in list(self.permissions):
            credential = self.credentials.get(row.principal)
            if credential and credential.owner == subject and not self.supports(subject, row.topic, row.operation):
                self.permissions.remove(row)

    def groups_of(self, subject: str) -> list[Group]:
        return [group for group in self.groups.values() if subject in group.members]

    def supports(self, subject: str, topic: str, operation: str) -> bool:
        """Whether a group of this user has exactly that operation, or All."""
        names = {group.name for group in self.groups_of(subject)}
        wanted = {operation, "All"}
        return any(row.principal in names and row.topic == topic and row.operation in wanted for row in self.given)

    def sees(self, user: User, topic: Topic) -> bool:
        """Whether SCiMMA Auth lists the topic to this user."""
        names = {group.name for group in self.groups_of(user.subject)}
        return (
            user.staff
            or topic.publicly_readable
            or any(row.topic == topic.name and row.principal in names for row in self.given)
        )

    def may(self, credential: str | None, topic: str, operation: str) -> bool:
        """Whether a credential may do something with a topic, as the broker has it."""
        place = self.topics.get(topic)
        if place is not None and place.publicly_readable and operation == "Read":
            return True
        wanted = {operation, "All"}
        return any(
            row.principal == credential and row.topic == topic and row.operation in wanted for row in self.permissions
        )

    @contextmanager
    def changing(self):
        """`with world.changing(): ...`"""
        with self.lock:
            yield self


ALICE = "0d988bdd-ec83-420d-8ded-dd9091318c24"
BOB = "5b6c1a2e-93c5-4b7e-8f7d-2c1f0a9be101"


def demo() -> World:
    """A small collaboration: Alice owns `tomtoolkit`, Bob is in it, and everybody may read `igwn.gwalert`.

    Passwords of the credentials are their names backwards.
    """
    world = World()
    world.add_user(ALICE, "Alice Adams", "alice@example.org", is_member_of=["/Hopskotch Users", "/LVC"])
    world.add_user(BOB, "Bob Brown", "bob@example.org")
    world.add_user("f00d0000-0000-4000-8000-000000000001", "Carol Clark", "carol@example.org", staff=True)
    world.add_group("tomtoolkit", owners=(ALICE,), members=(BOB,))
    world.add_group("hermes", members=(ALICE, BOB))
    world.add_group("igwn")
    world.add_topic("igwn.gwalert", public=True, archivable=True)
    world.add_topic("hermes.test", public=True, archivable=True)
    world.add_topic("hermes.discovery", public=True, archivable=True)
    world.add_topic("tomtoolkit.test", archivable=True)
    world.add_topic("tomtoolkit.secret", archivable=True)
    for name, owner in (("alice-bed6b3a5", ALICE), ("bob-1c0ffee1", BOB)):
        world.add_credential(name, owner, name[::-1])
        world.permit(name, "tomtoolkit.test", "All")
    world.permit("alice-bed6b3a5", "hermes.test", "Write")
    return world
