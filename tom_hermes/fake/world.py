"""Everything the stand-in has: accounts, topics, what was published, what went on to TNS and GCN, and what is to go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tom_hermes.fake.accounts import Account, everybody, profile
from tom_hermes.fake.archive import Archive, Published
from tom_hermes.fake.index import Index

TNS_OPTIONS = Path(__file__).with_name("tns_options.json")
#: topics, and whether the accounts' credentials may write them
TOPICS = {
    "hermes.test": True,
    "hermes.query-test": True,
    "tomtoolkit.test": True,
    "sys.heartbeat": True,
    "hermes.readonly-test": False,
}


class World:
    """`dev`: the rule of a test server for topics. `services` False: SCiMMA, its archive, TNS and GCN are away.

    `permissions` False: no account may write any topic, by its profile, and a broker that does not look at that.
    `pages` False: an archive that has one page, of the newest.
    """

    def __init__(self, *, dev: bool = True, services: bool = True, permissions: bool = True, pages: bool = True):
        self.dev, self.services, self.permissions, self.pages = dev, services, permissions, pages
        self.url = ""
        self.accounts: list[Account] = everybody()
        self.topics = dict(TOPICS)
        self.archive, self.index = Archive(), Index()
        self.drafts: dict[str, Any] = {}
        self.tns: list[dict[str, Any]] = []
        self.gcn: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.lock = threading.RLock()
        self._options = json.loads(TNS_OPTIONS.read_text())

    def tns_options(self) -> dict[str, Any]:
        return self._options if self.services else {}

    def writable(self) -> list[str]:
        return [name for name, write in self.topics.items() if write]

    def profile(self, account: Account) -> dict[str, Any]:
        """What SCiMMA says of an account is empty while it is away, and looks like nothing."""
        may = self.permissions and self.services and account.credential
        shown = [name for name in self.writable() if not name.startswith("sys")] if may else []
        return profile(account, shown, {"hermes": "Member"} if self.services else {})

    def publish(self, topic: str, message: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Published:
        """Puts a message on a topic and into the index."""
        with self.lock:
            made = self.archive.publish(topic, message, headers, **more)
            self.index.add(made)
        return made

    @staticmethod
    def payload(message: Any) -> bytes:
        return json.dumps(message).encode()

    def refused(self, path: str) -> str:
        """What a service that is away looks like in an error."""
        return (
            f"HTTPConnectionPool(host='service.invalid', port=443): Max retries exceeded with url: {path} (Caused by "
            'NewConnectionError("Failed to establish a new connection: [Errno 111] Connection refused"))'
        )

    def take(self, what: str, path: str = "") -> dict[str, Any] | None:
        """The next fault of that kind (or, for "", any that fits the path), used up once."""
        with self.lock:
            for fault in self.faults:
                kind = fault["do"]
                fits = _fits(fault.get("path", ""), path)
                if fault.get("times", 1) != 0 and (kind == what if what else fits and kind not in INSIDE):
                    if "times" not in fault:
                        fault["times"] = 1
                    if fault["times"] is not None:
                        fault["times"] -= 1
                    return fault
        return None


def _fits(part: str, path: str) -> bool:
    """Whether an address is meant: submitting alone is not what is asked first, below it (validate/, preload/)."""
    return path.endswith(part) if part.endswith(SUBMIT) else part in path


SUBMIT = "submit_message/"
#: faults of the services behind, met in the middle of a submission
INSIDE = {"tns_slow", "kafka_down"}
