"""A topic of Hopskotch, or of a Kafka of one's own: "hopskotch:TOPIC".

payload = packed({"title": ...}, {"title": "A title"})          a document, published as JSON
payload = packed(message.body.payload, {"_format": "avro"})     bytes as they came, to relay them
ours(headers)                                                   whether a message came from this TOM in the first place
"""

from __future__ import annotations

import base64
import fnmatch
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from tom_scimma import sources
from tom_scimma.compose.content import Content
from tom_scimma.compose.document import document, halves, tables
from tom_scimma.conf import conf
from tom_scimma.destinations import Destination, Need, Receipt
from tom_scimma.errors import Rejected, Unsaid
from tom_scimma.trials import is_test_topic

if TYPE_CHECKING:
    from tom_scimma.models import Delivery

#: origins of those that relayed a message before us, comma-separated
RELAYED = "_relayed"
RELAY = "_relay"
#: headers that the publisher's client sets, and that are not ours to repeat
OWN = {"_id", "_sender", RELAY}
#: bytes of one message; brokers take a megabyte
MOST = 950_000


def packed(document: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """The payload of a Delivery that publishes a document (JSON) or bytes, with these headers."""
    said: dict[str, Any] = {"headers": dict(headers or {})}
    if isinstance(document, bytes):
        said["base64"] = base64.b64encode(document).decode("ascii")
    else:
        said["document"] = document
    return json.dumps(said, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked(payload: bytes) -> tuple[Any, dict[str, str]]:
    """Document (or bytes) and headers of such a payload."""
    said = json.loads(payload)
    document = base64.b64decode(said["base64"]) if "base64" in said else said["document"]
    return document, dict(said.get("headers") or {})


def ours(headers: Iterable[tuple[str, str | bytes]] | Mapping[str, str]) -> bool:
    """Whether a message carries our mark: published here, perhaps relayed by others since. Such are not republished."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    mine = sources.tom_name()
    for name, value in pairs:
        if name in (RELAY, RELAYED):
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            if mine in [part.strip() for part in text.split(",")]:
                return True
    return False


def relayed(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers of a message that is passed on as it came: the sender's own, and who relayed it before us."""
    pairs = list(headers)
    chain = [value for name, value in pairs if name in (RELAY, RELAYED) and value]
    kept = {name: value for name, value in pairs if name not in OWN and name != RELAYED}
    return {**kept, **({RELAYED: ",".join(chain)} if chain else {})}


class Hopskotch(Destination):
    """One topic that our credential may write."""

    name = "hopskotch"
    label = "Hopskotch topic"
    seconds = 120.0
    addressed = True
    continuous = True
    timeout = 30.0  #: for the broker to say that every replica has it

    @property
    def is_test(self) -> bool:
        return is_test_topic(self.address)

    def origin(self) -> str:
        return f"{sources.default().host}/{self.address}"

    def may_send(self, delivery: Delivery, user: Any) -> str:
        composed = hasattr(delivery, "share")
        if not composed or any(fnmatch.fnmatchcase(self.address, pattern) for pattern in _shared()):
            return ""  # whether the credential may still write it, the broker says
        return f"{self.address} is no topic that people may share to (any more): TOM_SCIMMA['SHARE_TOPICS']."

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        document, headers = unpacked(payload)
        if ours(headers):
            raise Rejected(
                f"This message began at this TOM ({sources.tom_name()}); it is not published again.",
                {RELAY: ["our own mark"]},
            )
        from tom_scimma import stream

        offset = stream.publish(self.address, document, headers, key=key, seconds=self.timeout)
        return self._receipt(offset)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        from tom_scimma import lookup, producer

        identity = producer.identity(sources.tom_name(), key)
        found = lookup.offset_of(sources.default(), self.address, identity, since)
        return self._receipt(found[1], partition=found[0]) if found else None

    def cites(self, delivery: Delivery) -> dict[str, str]:
        """By its topic and its `_id`, which the archive knows it by."""
        from tom_scimma import producer

        if not delivery.receipt_id:
            return {}
        return {
            "source": "Hopskotch",
            "citation": f"{self.address} {producer.identity(sources.tom_name(), delivery.key)}",
        }

    @classmethod
    def addresses(cls, user: Any) -> list[str]:
        """Topics that settings allow: of those, what our credential may write. Where SCiMMA Auth never said so: settings' own
        names and patterns, and what the broker offers of them."""
        asked, writable = _writable()
        if asked is None or asked.answered is None:
            return list(dict.fromkeys([*_shared(), *_known_to(user, _offered())]))
        allowed = [topic for topic in writable if any(fnmatch.fnmatchcase(topic, pattern) for pattern in _shared())]
        return _known_to(user, allowed)

    @classmethod
    def unready(cls, user: Any) -> str:
        if not _shared():
            return "This TOM names no topic that people may share to (TOM_SCIMMA['SHARE_TOPICS'])."
        if cls.addresses(user):
            return ""
        asked, _ = _writable()
        who = f"This TOM's credential {asked.credential}" if asked else "This TOM's credential"
        if asked and asked.problem:
            return f"{who} could write none of its topics when SCiMMA last said; now it does not say: {asked.problem}"
        return (
            f"{who} may write none of the topics that people may share to. Whoever owns it can add some in SCiMMA Auth."
        )

    def needs(self, subject: Any) -> list[Need]:
        return [Need("title", "Title", required=True), Need("text", "Text", required=True, kind="textarea")]

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        return self._said(form.get("content"), str(form["title"]), str(form["text"]))

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        """One message, or numbered ones, each below MOST bytes. Raises Unsaid where one row alone is more."""
        title, text, content = str(form["title"]), str(form["text"]), form.get("content")
        pieces = _divided(content, title, text) if content is not None else [None]
        if len(pieces) == 1:
            return [self._said(content, title, text)]
        numbered = (f"{title} ({n} of {len(pieces)})" for n in range(1, len(pieces) + 1))
        return [self._said(piece, name, text) for piece, name in zip(pieces, numbered, strict=True)]

    @staticmethod
    def _said(content: Content | None, title: str, text: str) -> tuple[bytes, str]:
        if content is None:
            return packed({"title": title, "text": text}, {"title": title}), f"{title}\n\n{text}"
        words = "\n\n".join(filter(None, (title, text, tables(content))))
        return packed(document(content, title=title, text=text), {"title": title}), words

    def show(self, payload: bytes) -> str:
        from tom_scimma.legible import legible
        from tom_scimma.record import Record

        document, headers = unpacked(payload)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        pairs = tuple((name, value.encode()) for name, value in headers.items())
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return "\n".join([*lines, "", legible(Record(self.address, body, headers=pairs))[1]]).strip()

    def _receipt(self, offset: int, **more: Any) -> Receipt:
        return Receipt(id=f"{self.address}@{offset}", data={"topic": self.address, "offset": offset, **more})


def _shared() -> list[str]:
    return list(conf.SHARE_TOPICS or conf.REPUBLISH_TOPICS)


def _offered() -> list[str]:
    """Topics that the broker we publish to shows our credential, as far as settings allow them."""
    from tom_scimma.models import TopicState

    try:
        rows = TopicState.objects.filter(source=sources.default().name, offered=True)
    except ImproperlyConfigured:
        return []
    names = rows.order_by("topic").values_list("topic", flat=True)
    return [topic for topic in names if any(fnmatch.fnmatchcase(topic, pattern) for pattern in _shared())]


def _known_to(user: Any, topics: list[str]) -> list[str]:
    """Those whose names this person may know: a protected topic's are its groups' alone."""
    from tom_scimma.policies import Policies
    from tom_scimma.topics import member_of

    if not topics:
        return []
    groups, policies, source = member_of(user), Policies(), sources.default().name
    found = [(topic, policies(topic, source)) for topic in topics]
    return [topic for topic, policy in found if groups is None or not policy.protected or groups & set(policy.groups)]


def _writable() -> tuple[Any, list[str]]:
    """How SCiMMA Auth was asked for the source we publish to (None: never), and the topics our credential may write."""
    from tom_scimma.models import RightsAsked, TopicAccess

    try:
        source = sources.default().name
    except ImproperlyConfigured:
        return None, []
    asked = RightsAsked.objects.filter(source=source).first()
    rows = TopicAccess.objects.filter(source=source, writable=True) if asked else TopicAccess.objects.none()
    return asked, list(rows.values_list("topic", flat=True))


def _divided(content: Content, title: str, text: str) -> list[Content]:
    """The content in pieces that fit into a message each, with a number behind the title."""
    if len(packed(document(content, title=title, text=text), {"title": title})) <= MOST - 100:
        return [content]
    pair = halves(content)
    if pair is None:
        raise Unsaid(f"Even by itself this is more than the {MOST} bytes that a message may have.")
    return [piece for half in pair for piece in _divided(half, title, text)]
