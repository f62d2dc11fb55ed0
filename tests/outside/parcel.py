"""Destinations of the tests' service: one whose replies matter, one that may come twice, one for tests."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import requests
from django.db import connection

from tests.outside.trouble import trouble
from tom_scimma import answers
from tom_scimma.destinations import Destination, Need, Receipt
from tom_scimma.errors import Rejected, ReplyLost


def server() -> str:
    """Where the service is: OUTSIDE in the environment."""
    return os.environ.get("OUTSIDE", "http://127.0.0.1:9")


class Parcel(Destination):
    """A service that says what it has, and stores what comes twice twice."""

    name = "parcel"
    label = "Parcel service"
    seconds = 20.0

    @property
    def timeout(self) -> float:
        """Seconds for an answer: OUTSIDE_SECONDS in the environment."""
        return float(os.environ.get("OUTSIDE_SECONDS", "5"))

    def origin(self) -> str:
        return f"{server()}/{self.address}"

    def credential(self, user):
        return user.get_username() if user is not None else "tom"

    def may_send(self, delivery, user) -> str:
        if bytes(delivery.payload) == b"explode":
            raise RuntimeError("a bug in a check")
        if bytes(delivery.payload) == b"nonsense":
            connection.cursor().execute("SELECT no_such_thing FROM nowhere")
        return ""

    def send(self, payload: bytes, key: str, credential) -> Receipt:
        trouble("before-send")
        receipt = self._post(payload, key, credential)
        trouble("after-send")
        return receipt

    def _post(self, payload: bytes, key: str, credential) -> Receipt:
        headers = {"X-Key": key, "X-From": credential or ""}
        try:
            answer = requests.post(
                f"{server()}/parcels", payload, headers=headers, timeout=self.timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            raise answers.of_failure(error) from error
        if (wrong := answers.of_status(answer.status_code, answer.headers, answer.text)) is not None:
            raise wrong
        try:
            said = answer.json()
        except ValueError as error:
            raise ReplyLost(f"a 200 that cannot be read: {answer.text[:80]}") from error
        if "error" in said:
            raise Rejected(said["error"], said)
        return Receipt(said["id"], f"{server()}/parcels/{said['id']}", said)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        try:
            answer = requests.get(f"{server()}/parcels", params={"key": key}, timeout=self.timeout)
        except requests.RequestException as error:
            raise answers.of_failure(error) from error
        if (wrong := answers.of_status(answer.status_code, answer.headers, answer.text)) is not None:
            raise wrong
        found = answer.json()["parcels"]
        return Receipt(found[0]["id"], "", found[0]) if found else None

    def delivered(self, delivery, receipt):
        if bytes(delivery.payload) == b"unkept":
            raise RuntimeError("a bug in keeping it")
        if bytes(delivery.payload) == b"named":
            delivery.event.aliases.create(name=f"parcel of {receipt.id}")

    def needs(self, subject):
        return [Need("text", "Text", required=True)]

    def preview(self, form):
        return form["text"].encode(), form["text"]


class Postcard(Parcel):
    """As the parcels, but nobody can be asked and a repeat does no harm."""

    name = "postcard"
    label = "Postcards"
    repeat_is_harmless = True
    personal = True
    patience = timedelta(minutes=10)
    find = Destination.find


class Trial(Parcel):
    """Where tests may go."""

    name = "trial"
    label = "Trial service"
    is_test = True
    warning = "What is tried cannot be untried."

    def faults(self, payload):
        return {"text": ["too short"]} if payload == b"hi" else {}

    def ask(self, payload, credential):
        self.find(payload, "nobody's key", datetime.now())  # raises what the service's silence means
        return {"text": ["the service wants no oaths"], "place": ["far away"]} if b"damn" in payload else {}

    def speaker(self, user):
        return f"the account of {user.get_username()}"
