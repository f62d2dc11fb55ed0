"""The services that things may be sent to. One is one class, in one file; an app names its own in `destinations()`.

    find("people"), find("hopskotch:tom.news")   -> a Destination; LookupError where no app brings it
    services()                                   -> {"people": class, ...}

See docs/destinations.md for how to write one.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.module_loading import import_string

from tom_scimma import hooks
from tom_scimma.conf import conf

if TYPE_CHECKING:
    from tom_scimma.models import Delivery


@dataclass(frozen=True)
class Receipt:
    """The service's word that it has what was sent."""

    id: str = ""  #: the service's name for it
    url: str = ""  #: where a person can see it
    data: Mapping[str, Any] = field(default_factory=dict)  #: what else it answered; JSON
    note: str = ""  #: what its people should know all the same: stands as the delivery's last word


@dataclass(frozen=True)
class Need:
    """One field that a destination wants, what is known of it, and what is wrong with that."""

    field: str
    label: str
    value: Any = None
    required: bool = False
    error: str = ""
    kind: str = "text"  #: text | textarea | choice | number | date | check
    choices: tuple[tuple[str, str], ...] = ()  #: value and words, of a choice
    help: str = ""


class Destination:
    """One outside service, or one address at it: `Destination("tom.news")` for the name "hopskotch:tom.news"."""

    name: ClassVar[str]  #: without an address
    label: ClassVar[str]  #: for people
    is_test: bool = False  #: nobody takes for real what arrives there; only there may tests go
    repeat_is_harmless: bool = False  #: the same twice does no harm, so that a lost reply is simply sent again
    personal: bool = False  #: what goes there is for one person's eyes
    takes_back: bool = False  #: it takes back what was said before: no retraction stops that
    seconds: float = 120.0  #: no send takes longer; its own time-outs end it before
    parallel: int = 1  #: so many may be sent at once by one worker
    patience: timedelta | None = None  #: how long it is tried; None: TOM_SCIMMA["DELIVERY_PATIENCE"]
    addressed: bool = False  #: the composer offers it for each of `addresses`, and not without one
    takes_files: bool = False  #: data products go along
    apart: bool = False  #: of several parts each is a thing of its own, and waits for no other
    continuous: bool = False  #: new data may go there by themselves
    own_form: str = ""  #: words of the button that opens the service's own form (`preload`); "": it has none
    own_form_lacks: str = ""  #: what does not survive the way to that form
    warning: str = ""  #: what a person must know before this leaves for good, such as that it cannot be taken back

    def __init__(self, address: str = ""):
        self.address = address

    def __str__(self) -> str:
        return f"{self.label} {self.address}".strip()

    @property
    def full_name(self) -> str:
        """The name with the address, as Delivery.destination has it."""
        return f"{self.name}:{self.address}" if self.address else self.name

    def origin(self) -> str:
        """Which server that is, as settings name it now; no I/O. A Delivery goes only where this was when it was queued."""
        raise NotImplementedError

    def credential(self, user: Any) -> Any:
        """What the sender shows the service; None where it needs nothing or takes it from settings."""
        return None

    def speaker(self, user: Any) -> str:
        """In whose name the service takes what this user sends, for the page where they confirm it."""
        return "this TOM's account"

    def may_send(self, delivery: Delivery, user: Any) -> str:
        """Why this sender may not say this any more; "" where they may. Asked again just before it leaves."""
        return ""

    def claim(self, payload: bytes) -> None:
        """Called before a payload is queued, in the same transaction: locks what makes it the only one of its kind.

        Raises Unsaid where another that stands excludes it. Not called for what is queued already. No I/O but queries.
        """

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        """Says it once. Raises Rejected, Unavailable (surely not received) or ReplyLost (maybe)."""
        raise NotImplementedError

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        """What a lost reply would have said, looked up at the service; None: not found, which is not "not sent"."""
        return None

    @classmethod
    def addresses(cls, user: Any) -> list[str]:
        """Where this user may send by the composer; an entry with wildcards lets them type an address that fits it. No I/O but queries."""
        return []

    @classmethod
    def called(cls, addresses: Collection[str]) -> dict[str, str]:
        """What people call these addresses, of those that say nothing to them. One query, however many."""
        return {}

    @classmethod
    def unready(cls, user: Any) -> str:
        """Why this user cannot compose for it at all, and what to do; "" where they can."""
        return ""

    @classmethod
    def waits(cls, user: Any) -> bool:
        """Whether the worker is still asking what this user may choose here; it is woken for that. Pages then follow by themselves."""
        return False

    @classmethod
    def composes(cls) -> bool:
        """Whether the composer can fill it."""
        return cls.preview is not Destination.preview

    def cites(self, delivery: Delivery) -> dict[str, str]:
        """How a correction refers to what was delivered: `source` and `citation`, or `url`; {} where it cannot."""
        return {"url": delivery.receipt_url} if delivery.receipt_url else {}

    def needs(self, subject: Any) -> list[Need]:
        """What must be known before this can be said about a subject, with what is known already."""
        return []

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        """The payload that a filled-in form makes, and the text that people will read.

        `form` has a value for each Need's field, and `content`, a compose.content.Content. Raises Unsaid for what it cannot say.
        """
        raise NotImplementedError(f"{self.name} is not for the composer")

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        """`preview`, in as many numbered pieces as the service's limit of size asks for; mostly one."""
        return [self.preview(form)]

    def faults(self, payload: bytes) -> dict[str, list[str]]:
        """What is known to be wrong with a payload before it is sent, by field; no I/O. {}: nothing."""
        return {}

    def ask(self, payload: bytes, credential: Any) -> dict[str, list[str]]:
        """What the service says is wrong with it, where it can be asked without saying it; {}: nothing. Has short time-outs.

        Called by the worker alone.

        Raises Unavailable where it does not answer.
        """
        return {}

    def preload(self, payload: bytes, credential: Any) -> str:
        """The address of the service's own form, with this as a draft that a person finishes there. Has short time-outs.

        Nothing is said by it. Raises Rejected or Unavailable. For those with `own_form`.
        """
        raise NotImplementedError(f"{self.name} has no form of its own")

    def delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        """Keeps what the receipt brought (ids, names); called once, in the transaction that makes it delivered. No I/O."""

    def afterwards(self, delivery: Delivery) -> tuple[str, str] | None:
        """What a person can still do about what was delivered, and the address of the page for it; None: nothing."""
        return None

    def show(self, payload: bytes) -> str:
        """A payload as a person reads it on the Sent pages."""
        from tom_scimma.legible import legible
        from tom_scimma.record import Record

        return legible(Record("", payload))[1]

    @property
    def can_find(self) -> bool:
        """Whether the service can be asked what it has."""
        return type(self).find is not Destination.find

    @property
    def is_dry(self) -> bool:
        """True while settings let nothing leave for it."""
        patterns = conf.DRY_DESTINATIONS
        return conf.DRY_RUN or any(
            fnmatch.fnmatchcase(name, p) for p in patterns for name in (self.name, self.full_name)
        )


def services() -> dict[str, type[Destination]]:
    """The classes that installed apps bring, by name."""
    classes = [import_string(path) for paths in hooks.gather("destinations") for path in paths]
    return {item.name: item for item in classes}


def find(name: str) -> Destination:
    """The destination of that name, with its address after a colon. Raises LookupError where no app brings it."""
    service, _, address = name.partition(":")
    known = services()
    if service not in known:
        raise LookupError(f"no destination is called {service!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return known[service](address)
