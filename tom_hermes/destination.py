"""HERMES as a place to share to: a message on a topic, and through it a report to TNS or a GCN circular.

hermes:TOPIC; tns:TOPIC and gcn:TOPIC are in onward.py, hermes-retract:TOPIC in retraction.py. A payload is JSON: `message` as
it is posted but for our mark, `files` that go along, and the keys of its `targets`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tom_hermes import accounts, asking, attached, marks, parts, receipts, replies, schema, tns
from tom_hermes.conf import conf, is_test_server
from tom_hermes.credentials import stands, token_of
from tom_hermes.message import build
from tom_hermes.message.problems import Problems
from tom_hermes.plaintext import brief
from tom_scimma.compose.content import Content
from tom_scimma.destinations import Destination, Need, Receipt
from tom_scimma.errors import Rejected, Unavailable, Unsaid
from tom_scimma.trials import is_test_topic


class AtHermes(Destination):
    """Whatever is said to HERMES, by whose account and where."""

    @property
    def is_test(self) -> bool:
        return is_test_server() or is_test_topic(self.address)

    def origin(self) -> str:
        place = urlsplit(conf.BASE_URL)
        return f"{place.netloc}{place.path.rstrip('/')}/{self.address}"

    def credential(self, user: Any) -> str:
        token = token_of(user)
        if not token:
            raise Rejected(accounts.NO_TOKEN)
        return token

    def speaker(self, user: Any) -> str:
        return "your own account at HERMES" if stands(user) else "this TOM's account at HERMES"


class Hermes(AtHermes):
    """A message on one of HERMES' topics."""

    name = "hermes"
    label = "HERMES"
    addressed = True
    takes_files = True
    continuous = True
    own_form = "Open in HERMES's own form"
    own_form_lacks = (
        "There, HERMES drops our mark, files and what it has no field for, and TNS or GCN have to be ticked again; "
        "what is sent there is not listed under Sent."
    )
    warning = (
        "HERMES publishes this to everybody who reads the topic, at once. A retraction hides the message in the archive; "
        "it takes nothing back from those who have read it."
    )
    onward: ClassVar[str] = ""  #: tns or gcn
    text_field: ClassVar[str] = "text"

    @classmethod
    def addresses(cls, user: Any) -> list[str]:
        return list(accounts.account(user).topics)

    @classmethod
    def unready(cls, user: Any) -> str:
        """Why there is no topic to choose: no token, a refused one, an answer that never came; "" where there is one."""
        account = accounts.account(user)
        return "" if account.topics else account.problem

    @classmethod
    def waits(cls, user: Any) -> bool:
        return accounts.account(user).waits

    # composing

    def needs(self, subject: Any) -> list[Need]:
        if not isinstance(subject, Content):
            return []
        text = Need("text", "Text", "", kind="textarea", help="what people read; the data are put under it as tables")
        return asking.needs(subject, title=asking.title(subject), text=text)

    def preview(self, form: Mapping[str, Any]) -> tuple[bytes, str]:
        return self.parts(form)[0]

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        content: Content = form["content"]
        message, files = self._made(content, form)
        made = parts.parts(message)
        if len(made) > 1 and (self.onward or files):
            why = f"{self.label} takes one report at a time" if self.onward else "Files go with one message"
            raise Unsaid(f"This is larger than the {parts.MOST:,} bytes of one message. {why}: choose less.")
        return [self._part(message, files, content) for message in made]

    def _made(self, content: Content, form: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        problems = Problems()
        message = build(
            content,
            self.address,
            title=str(form.get("title") or ""),
            text=str(form.get(self.text_field) or "").strip(),
            authors=str(form.get("authors") or ""),
            submitter=str(form.get("submitter") or ""),
            told=asking.told(content, form),
            references=asking.references(form),
        )
        message = self.shaped(message, content, form, problems)
        files = attached.attach(message, content, problems, classification=bool(message.get("submit_to_tns")) and tns.is_classification(content))  # fmt: skip  # noqa: E501
        problems.end()
        return message, files

    def shaped(self, message: dict, content: Content, form: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
        """The message as what comes after HERMES wants it."""
        return message

    def _part(self, message: dict[str, Any], files: list, content: Content) -> tuple[bytes, str]:
        said = {"message": message, "files": files, "targets": self.keys(message, content), **self.more(content)}
        return json.dumps(said, allow_nan=False).encode(), self.text_of(message)

    def keys(self, message: Mapping[str, Any], content: Content) -> dict[str, int]:
        """The keys of the message's targets, by the names that they have in it."""
        known = {body.name: body.pk for body in content.targets}
        return {row["name"]: known[row["name"]] for row in message["data"].get("targets", []) if row["name"] in known}

    def more(self, content: Content) -> dict[str, Any]:
        """What else its payload keeps beside the message."""
        return {}

    def text_of(self, message: Mapping[str, Any]) -> str:
        return f"{message['title']}\n\n{brief(message)}"

    # what is wrong

    def faults(self, payload: bytes) -> dict[str, list[str]]:
        said = json.loads(payload)
        message = said["message"]
        options = accounts.tns_options() if self.onward == "tns" else None
        found = schema.faults(message, dev=is_test_server(), tns_options=options or None)
        if parts.size(message) > parts.MOST:
            found["message"] = [f"It is larger than the {parts.MOST:,} bytes that a message may have."]
        return self.named(found, said)

    def ask(self, payload: bytes, credential: Any) -> dict[str, list[str]]:
        said = json.loads(payload)
        try:
            with accounts.client(credential or "", ask=8.0) as hermes:
                return self.named(hermes.validate(said["message"]), said)
        except replies.Refused as refused:
            if refused.status == 400 and refused.fields:  # what is wrong with the message, by another way than its list
                return self.named(refused.fields, said)
            why = "does not take the token" if refused.of_token else "did not look at it"
            raise Unavailable(f"HERMES {why}: {refused}") from refused

    def named(self, found: Mapping[str, list[str]], said: Mapping[str, Any]) -> dict[str, list[str]]:
        """By the composer's names."""
        return {self.text_field if name == "message_text" else name: texts for name, texts in found.items()}

    # sending

    def may_send(self, delivery: Any, user: Any) -> str:
        from tom_scimma.compose import rights
        from tom_scimma.compose.selection import PRODUCT

        keys = {file["product"] for file in json.loads(bytes(delivery.payload)).get("files", []) if "product" in file}
        return "" if not keys or rights.all_seen({PRODUCT: keys}, user) else "A file that goes along may not be seen by its sender (any more)."  # fmt: skip  # noqa: E501

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        files = attached.read(said.get("files", ()), said["message"])
        with accounts.client(credential) as hermes:
            published = hermes.submit(marks.marked(said["message"], key), files)
        return receipts.receipt(published)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        published = marks.stored(self.address, key, since) or marks.archived(self.full_name, self.address, key, since)
        return receipts.receipt(published) if published else None

    def delivered(self, delivery: Any, receipt: Receipt) -> None:
        receipts.keep(delivery, receipt)

    def afterwards(self, delivery: Any) -> tuple[str, str] | None:
        return receipts.afterwards(delivery)

    def cites(self, delivery: Any) -> dict[str, str]:
        return receipts.cites(delivery)

    def show(self, payload: bytes) -> str:
        said = json.loads(payload)
        files = "".join(f"\nFile: {file['name']}" for file in said.get("files", ()))
        return f"{self.text_of(said['message'])}{files}\n\n{json.dumps(said['message'], indent=1, ensure_ascii=False)}"

    def preload(self, payload: bytes, credential: Any) -> str:
        """The address of HERMES' own form with this as a draft. Our mark, the data of our own keys and flags do not survive."""
        from tom_hermes.conf import page

        with accounts.client(credential or "", ask=8.0) as hermes:
            return page(f"submit-message?id={hermes.preload(json.loads(payload)['message'])}")
