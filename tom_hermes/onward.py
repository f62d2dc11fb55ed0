"""TNS and GCN as places to share to, through HERMES: tns:TOPIC and gcn:TOPIC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tom_hermes import accounts, asking, circular, discovery, message, parts, reported, schema, tns, tnsname
from tom_hermes.conf import conf, is_test_server, page
from tom_hermes.destination import Hermes
from tom_hermes.message.problems import Problems
from tom_hermes.plaintext import CLOSING, brief
from tom_scimma.compose.content import Content
from tom_scimma.destinations import Need
from tom_scimma.errors import Unsaid


class Tns(Hermes):
    """An AT report or a classification for TNS, through HERMES."""

    name = "tns"
    label = "TNS through HERMES"
    continuous = False
    onward = "tns"
    warning = (
        "This goes to the Transient Name Server and to everybody who reads the topic. It cannot be taken back: HERMES's "
        "retraction hides the message in the archive and withdraws nothing from TNS."
    )

    @property
    def is_test(self) -> bool:
        return is_test_server()  # a test topic does not keep a report from TNS

    @classmethod
    def waits(cls, user: Any) -> bool:
        """Also for TNS's lists: until they are known what is chosen of them is typed."""
        account = accounts.account(user)
        return account.waits or (bool(account.token) and accounts.waits_for_options())

    def needs(self, subject: Any) -> list[Need]:
        if not isinstance(subject, Content):
            return []
        text = Need("text", "Text", "", kind="textarea", help="on the topic; TNS is sent the remarks of each target")
        classified = tns.is_classification(subject)
        what = "Classification" if classified else "AT report"
        names = ", ".join((classified and tnsname.of(body)) or body.name for body in subject.targets[:3])
        wanted = asking.needs(subject, title=f"{what} of {names}".strip(), text=text)
        wanted = [need if need.field != "authors" else Need("authors", "Reporter", need.value, True, help=need.help) for need in wanted]  # fmt: skip  # noqa: E501
        wanted += [*tnsname.needs(subject), *reported.besides(subject, self._server())] if classified else []
        return [*wanted, *tns.needs(subject, accounts.tns_options(), group=conf.TNS_GROUP)]

    def parts(self, form: Mapping[str, Any]) -> list[tuple[bytes, str]]:
        """With the classification that its author says this is another one than."""
        known = sorted(value for name, value in form.items() if name.endswith(f".{reported.BESIDES}") and value)
        made = super().parts(form)
        return (
            [(json.dumps({**json.loads(one), reported.BESIDES: known}).encode(), text) for one, text in made]
            if known
            else made
        )

    def shaped(self, message: dict, content: Content, form: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
        return tns.shape(message, content, form, problems)

    def _made(self, content: Content, form: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        message, files = super()._made(content, form)  # files are put with their targets by our names
        return (tnsname.called(message, content, form) if tns.is_classification(content) else message), files

    def keys(self, message: Mapping[str, Any], content: Content) -> dict[str, int]:
        """By TNS's names, where the targets have those: a report is one message, with all of them in order."""
        pairs = zip(message["data"].get("targets", []), content.targets, strict=True)
        return {row["name"]: body.pk for row, body in pairs}

    def more(self, content: Content) -> dict[str, Any]:
        return {"spectra": [row.pk for row in content.spectra]}

    def named(self, found: Mapping[str, list[str]], said: Mapping[str, Any]) -> dict[str, list[str]]:
        return tns.named(super().named(found, said), said)

    def faults(self, payload: bytes) -> dict[str, list[str]]:
        said = json.loads(payload)
        found = {**self.named(discovery.lacks(said["message"]), said), **super().faults(payload)}
        again = reported.again(payload, self._server())
        return {**found, "message": [*found.get("message", []), *again]} if again else found

    def claim(self, payload: bytes) -> None:
        reported.lock(payload)
        again = reported.again(payload, self._server(), resent=True)
        if again:
            raise Unsaid(" ".join(again))

    def _server(self) -> str:
        return self.origin().rpartition("/")[0]


class Gcn(Hermes):
    """A GCN circular, through HERMES."""

    name = "gcn"
    label = "GCN circular through HERMES"
    continuous = False
    onward = "gcn"
    text_field = "circular"
    warning = (
        "This goes to everybody who reads GCN circulars, and to the topic. It cannot be taken back: HERMES's retraction "
        "hides the message in the archive and withdraws nothing from GCN."
    )

    @property
    def is_test(self) -> bool:
        return is_test_server()

    @classmethod
    def unready(cls, user: Any) -> str:
        account = accounts.account(user)
        if account.token and account.topics and not account.gcn:
            return "This account may send no circulars: log in at GCN on HERMES' profile page first."
        return super().unready(user)

    def needs(self, subject: Any) -> list[Need]:
        if not isinstance(subject, Content):
            return []
        draft = circular.text(subject, acknowledgement=conf.ACKNOWLEDGEMENT)
        help = "HERMES puts the authors before it, and tables of the machine-readable data under it"
        text = Need("circular", "Text of the circular", draft, True, kind="textarea", help=help)
        data = Need(
            "circular_data",
            "Machine-readable data too",
            True,
            kind="check",
            help="HERMES adds tables of them, without units",
        )
        wanted = asking.needs(subject, title=circular.title(subject), text=text)
        wanted = [need if need.field != "authors" else Need("authors", "Authors", need.value, True, help=need.help) for need in wanted]  # fmt: skip  # noqa: E501
        return [*wanted, data]

    def shaped(self, message: dict, content: Content, form: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
        if not form.get("circular_data", True):
            gone = [name for rows in parts.ROWS for name in (rows, f"{rows}_extra")]
            message["data"] = {name: value for name, value in message["data"].items() if name not in gone}
        return {**message, "submit_to_gcn": True}

    def cites(self, delivery: Any) -> dict[str, str]:
        """A circular is cited by its number, where its reply brought one."""
        number = delivery.receipt.get("circular")
        return message.circular(number) if number else super().cites(delivery)

    def text_of(self, message: Mapping[str, Any]) -> str:
        """The circular: HERMES makes its tables after it has filled in its defaults, and closes with a sentence of its own."""
        try:
            filled = schema.taken({**message, "submit_to_gcn": False}, dev=is_test_server())
        except (schema.Bad, schema.Crash):
            filled = {}  # what is wrong is said at its field
        whole = {**message, "data": {**message["data"], **filled.get("data", {})}}
        return f"{message['title']}\n\n{brief(whole, closing=CLOSING.format(page=page('message/...')))}\n"
