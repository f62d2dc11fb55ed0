"""OCS: a telescope of an Observatory Control System, such as Las Cumbres Observatory's, through its portal's API.

A requestgroup carries our mark in its name: before anything is submitted the portal is asked whether it has it, and after a
lost reply it is found by it. So the same request is never there twice, whoever sends it again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from tom_scimma import secrets, sources
from tom_scimma.destinations import Receipt
from tom_scimma.errors import DeliveryError, Rejected, Unavailable
from tom_scimma.models import Delivery
from tom_treasuremap.conf import conf
from tom_treasuremap.followup.request import Request, State
from tom_treasuremap.models import Asked, OcsProfile
from tom_treasuremap.ocs_client import Archive, Ocs, Row
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import ocs_archive, requestgroup, rules
from tom_treasuremap.transports.destination import AtTelescope, asked, refuse, withdrawn
from tom_treasuremap.transports.document import packed
from tom_treasuremap.transports.transport import Transport

OURS = "tom_treasuremap.transports.ocs"
NO_TOKEN = (
    "There is no token for the observatory's portal: add yours on your profile page, or ask whoever runs this TOM to set "
    "TOM_TREASUREMAP['OCS_TOKEN']."
)
TEST_SECONDS = 8.0  #: that a test of a token waits for the portal


def token_of(user: Any) -> str:
    """The API token of a person, else the TOM's, else the host's for its own LCO facility at the same portal; "" for none.

    Raises Lost for a person's that cannot be read any more.
    """
    return secrets.own(OcsProfile, user) or conf.OCS_TOKEN or _hosts_token()


def _hosts_token() -> str:
    there = (getattr(settings, "FACILITIES", None) or {}).get("LCO") or {}
    same = Ocs(there.get("portal_url") or "https://observe.lco.global").origin == Ocs(conf.OCS_URL).origin
    return (there.get("api_key") or "") if same else ""


def tested(user: Any) -> str:
    """Whose the token is that a person asks with, and for which proposals, asked now, in words."""
    said = portal(token_of(user), whole=TEST_SECONDS).profile()
    current = [str(row.get("id")) for row in said.get("proposals") or () if row.get("current")]
    return f"The portal knows you as {said.get('username')}. Proposals: {', '.join(current) or 'none'}."


def portal(token: str, *, whole: float = 60.0) -> Ocs:
    """The portal that settings name, asked with a token."""
    return Ocs(conf.OCS_URL, token, connect=conf.CONNECT_SECONDS, read=conf.READ_SECONDS, whole=whole)


class OcsTransport(Transport):
    """Requestgroups of one request each."""

    name = "ocs"
    label = "Observatory Control System"
    submit = f"{OURS}.Submit"
    cancel = f"{OURS}.Cancel"
    confirms = False  # what begins while it is cancelled runs to its end there, and may be completed
    follows = True
    products_later = True

    def write(self, requests: Sequence[Request], telescope: Telescope) -> bytes:
        (request,) = requests
        group = requestgroup.group(request, telescope)
        return packed({"telescope": telescope.name, "requests": [rules.sayable(request)], "group": group})

    def faults(self, request: Request, telescope: Telescope) -> dict[str, list[str]]:
        return requestgroup.faults(request, telescope, conf.OCS_PROPOSAL)

    def unready(self, telescope: Telescope) -> str:
        return "" if conf.OCS_URL else "No observatory's portal is set for this TOM (TOM_TREASUREMAP['OCS_URL'])."

    def states(self, telescope: Telescope, ids: Collection[str], now: datetime | None = None) -> dict[str, State]:
        sent, found = _sent(ids), {}
        wrong: DeliveryError | None = None
        for name in ids:
            delivery = sent.get(name)
            there = portal("")
            try:
                there = portal(token_of(delivery.by if delivery is not None else None))
                group = _group(there, name, delivery.receipt if delivery is not None else {})
                state = _state(there, group, now or timezone.now()) if group is not None else None
            except Rejected as error:  # whose token sees it no more; the others' states are told all the same
                wrong = error
                continue
            except (LookupError, TypeError, AttributeError) as error:
                wrong = Unavailable(f"{there.origin} answered what nobody understands: {error!r}")
                continue
            if state is not None:
                found[name] = state
        if wrong is not None and not found:
            raise wrong
        return found

    def products(self, telescope: Telescope, identity: str) -> list[dict[str, Any]]:
        there, number = _archived(identity)
        return ocs_archive.products(there.frames(number), identity) if there is not None else []

    def product(self, telescope: Telescope, identity: str) -> bytes:
        name, _, number = identity.rpartition("-")
        there, _ = _archived(name)
        if there is None or not number.isdecimal():
            raise LookupError(f"{telescope.label} keeps no data product {identity}")
        return ocs_archive.content(there, int(number))


def _archived(name: str) -> tuple[Archive | None, int]:
    """The archive, with the token of who asked for a request, and the number that the portal gave to it. Raises LookupError."""
    delivery = _sent([name])[name]
    try:
        token = token_of(delivery.by)
    except secrets.Lost as error:
        raise LookupError(f"the token of {delivery.by} for the portal: {error}") from error
    there, number = ocs_archive.archive(token), delivery.receipt.get("request")
    if there is not None and (not isinstance(number, int) or delivery.receipt.get("portal") != portal(token).origin):
        group = _group(portal(token), name, {})  # somebody's word stands for its receipt
        if group is None:
            raise LookupError(f"nobody at the portal knows {name}")
        number = group["requests"][0]["id"]
    return there, number or 0


def _state(there: Ocs, group: Row, now: datetime) -> State:
    """What the portal says of a group's request."""
    row = group["requests"][0]
    return requestgroup.state(row, there.observations(row["id"]), f"{there.base}/requests/{row['id']}", now)


def _sent(ids: Collection[str]) -> dict[str, Delivery]:
    """The deliveries that asked for these."""
    rows = Asked.objects.filter(request_id__in=list(ids)).exclude(submission=None).select_related("submission__by")
    return {row.request_id: row.submission for row in rows}


def _group(there: Ocs, name: str, receipt: Mapping[str, Any]) -> Row | None:
    """The group of a request of ours: by the id that its receipt has, else by our mark; None where there is none."""
    number = receipt.get("group")
    if isinstance(number, int) and receipt.get("portal") == there.origin:
        return there.group(number)
    sign = requestgroup.mark(name, sources.tom_name())
    rows = [row for row in there.named(sign) if str(row.get("name", "")).endswith(sign) and row.get("requests")]
    live = [row for row in rows if row.get("state") != "CANCELED"]
    return next(iter(live or rows), None)


class AtPortal(AtTelescope):
    """Whatever is said to the portal."""

    way = "ocs"
    seconds = 280.0  #: it is asked up to four times

    @property
    def is_test(self) -> bool:
        return conf.OCS_TEST_SERVER

    def origin(self) -> str:
        return f"{Ocs(conf.OCS_URL).origin}/{self.address}"

    def credential(self, user: Any) -> str:
        token = token_of(user)
        if not token:
            raise Rejected(NO_TOKEN)
        return token

    def speaker(self, user: Any) -> str:
        return "your own account at the observatory" if secrets.stands(OcsProfile, user) else "this TOM's account there"


class Submit(AtPortal):
    """A request: looked up by our mark, validated, submitted."""

    name = "ocs"
    label = "Observatory Control System"
    warning = "It uses the observing time of the proposal."

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        telescope, (request, group) = self.telescope(), _said(payload)
        refuse([(request, requestgroup.faults(request, telescope, group["proposal"] or conf.OCS_PROPOSAL))])
        there = portal(credential)
        known = _group(there, request.id, {})
        if known is not None and known.get("state") != "CANCELED":
            return _receipt(there, request, known)
        sign = requestgroup.mark(request.id, sources.tom_name())
        group = {
            **group,
            "proposal": group["proposal"] or conf.OCS_PROPOSAL,
            "name": requestgroup.marked(group["name"], sign),
        }
        wrong = _wrong(there, group)
        if wrong:
            raise Rejected("; ".join(text for texts in wrong.values() for text in texts), wrong)
        return _receipt(there, request, there.submit(group))

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        request, _ = _said(payload)
        delivery = Delivery.objects.filter(destination=self.full_name, key=key).select_related("by").first()
        token = token_of(delivery.by if delivery is not None else None)
        if not token:  # it would show the public proposals alone, and nothing of ours
            raise Unavailable(NO_TOKEN)
        there = portal(token)
        known = _group(there, request.id, {})
        return _receipt(there, request, known) if known is not None else None

    def ask(self, payload: bytes, credential: Any) -> dict[str, list[str]]:
        group = _said(payload)[1]
        group = {**group, "proposal": group["proposal"] or conf.OCS_PROPOSAL, "name": group["name"][:50]}
        return _wrong(portal(credential, whole=15.0), group)


class Cancel(AtPortal):
    """Cancels a requestgroup of ours, never one whose exposures run; what is cancelled already stays so."""

    name = "ocs-cancel"
    label = "Cancelling at the observatory"
    takes_back = True
    repeat_is_harmless = True

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        ids, found = withdrawn(payload), []
        sent = _sent(ids)
        for name in ids:
            there, group = _visible(name, credential, sent.get(name))
            if group is None:
                raise Rejected(f"{there.origin} has no request with our mark for {name}.", {"cancel": [name]})
            if group.get("state") == "PENDING" and _runs(there, group):
                words = f"{name} is being exposed and runs to its end."
                raise Rejected(words, {"cancel": [words]})
            found.append((there, group["id"]))
        states = [str(there.cancel(number).get("state")) for there, number in found]
        numbers = [number for _, number in found]
        return Receipt(id=",".join(map(str, numbers)), data={"groups": numbers, "states": states})


def _visible(name: str, credential: str, delivery: Delivery | None) -> tuple[Ocs, Row | None]:
    """A group of ours, with a token that sees it: of whoever cancels, else of whoever asked for it."""
    there = portal(credential)
    group = _group(there, name, {})
    if group is not None or delivery is None:
        return there, group
    token = token_of(delivery.by)
    there = portal(token)
    return there, _group(there, name, {}) if token != credential else None


def _runs(there: Ocs, group: Row) -> bool:
    return any(
        row.get("state") == "IN_PROGRESS" for request in group["requests"] for row in there.observations(request["id"])
    )


def _wrong(there: Ocs, group: Row) -> dict[str, list[str]]:
    """What the portal says is wrong, by field. Raises Unavailable where it knows no telescope at all, and so refuses any request."""
    wrong = there.validate(group)
    if wrong and not there.instruments():
        raise Unavailable(f"{there.origin} knows no instruments just now, as while its configuration database is down.")
    return wrong


def _said(payload: bytes) -> tuple[Request, Row]:
    """The request and the requestgroup of a payload. Raises Rejected for what is none."""
    requests, said = asked(payload), json.loads(payload)
    if len(requests) != 1 or not isinstance(said.get("group"), dict):
        raise Rejected("This is no requestgroup with one request.")
    return requests[0], said["group"]


def _receipt(there: Ocs, request: Request, group: Row) -> Receipt:
    number = group["requests"][0]["id"]
    data = {"id": request.id, "portal": there.origin, "group": group["id"], "request": number}
    return Receipt(id=str(group["id"]), url=f"{there.base}/requests/{number}", data=data)
