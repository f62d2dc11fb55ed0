"""Checks the planning half of the demo: a plan by itself, a person's yes, the telescope, the Treasure Map, what became of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import night
from browse import Browser

#: how long a step may take, seconds
PATIENCE = 40.0


def check(browser: Browser, known: night.Names, alive: Callable[[], object]) -> Iterator[str]:
    """What is wrong with the plans of the night."""
    merger = f"/api/plans/?event={quote(known.merger)}"
    ready = _wait(lambda: _newest(browser, merger, "ready"), alive)
    if ready is None:
        yield f"no plan of {known.merger} is ready: {browser.get(merger).text[:600]}"
        return
    if ready["standing"]["map"] != "update":
        yield f"the newest map of {known.merger} is an update, and its plan stands on the {ready['standing']['map']}"
    if not 0 < ready["value"] <= ready["bound"] + 1e-9:
        yield f"plan {ready['id']} is worth {ready['value']} of at most {ready['bound']}"
    yield from _looked_at(browser, ready)
    page = browser.post(f"/followup/plans/{ready['id']}/approve/", report="on")
    if page.status != 200 or "on their way" not in page.text:
        yield f"plan {ready['id']} was not approved: {page.answer}"
    page = browser.post(f"/followup/plans/{ready['id']}/approve/")
    if "approved it" not in page.text:
        yield f"plan {ready['id']} could be approved twice: {page.answer}"
    yield from _observed(browser, ready["id"], alive)
    yield from _told(browser, known.merger, alive)
    for row in browser.get(f"/api/plans/?event={quote(known.retracted)}").json["results"]:
        if row["state"] in ("asked", "working", "ready", "approved", "sent", "running"):
            yield f"{known.retracted} was retracted, and its plan {row['id']} is {row['state']}"


def _looked_at(browser: Browser, row: dict) -> Iterator[str]:
    """Its pages, pictures, files, and what if."""
    base = f"/followup/plans/{row['id']}"
    names = ("sky.svg", "timeline.svg", "altitude.svg", "curve.svg", "file/csv/", "file/json/", "file/acp/")
    for path in ("/", *(f"/{name}" for name in names), "/what-if/?airmass=2.5&moon=off"):
        if (page := browser.get(base + path)).status != 200:
            yield f"{base}{path} answers {page.answer}"
    if "Approve and send" not in browser.get(f"{base}/").text:
        yield f"{base}/ cannot be approved"
    if "worth" not in browser.get(f"{base}/what-if/?hours=1").text:
        yield "what if answers nothing"
    if (page := browser.get("/followup/plans/")).status != 200:
        yield f"/followup/plans/ answers {page.answer}"


def _observed(browser: Browser, number: int, alive: Callable[[], object]) -> Iterator[str]:
    """The simulated telescope, whose time runs fast, has looked at something."""

    def done() -> dict | None:
        row = browser.get(f"/api/plans/{number}/").json
        return row if any(one["status"] == "COMPLETED" for one in row["visits"]) else None

    if _wait(done, alive) is None:
        row = browser.get(f"/api/plans/{number}/").json
        yield f"the telescope has done nothing of plan {number}: {row['state']}, {[one['status'] for one in row['visits']][:5]}"


def _told(browser: Browser, name: str, alive: Callable[[], object]) -> Iterator[str]:
    """The Treasure Map was told of the plan's observations, and that some are done."""
    path = f"/treasuremap/{quote(name)}/reports/"

    def told() -> bool | None:
        text = browser.get(path).text
        return True if re.search(r">observation \d+<", text) and "completed" in text else None

    if _wait(told, alive) is None:
        states = re.findall(r'data-label="State">\s*([\w ]+)', browser.get(path).text)
        yield f"the Treasure Map was not told what became of the plan: {states[:8]}"


def _newest(browser: Browser, path: str, state: str) -> dict | None:
    rows = browser.get(path).json["results"]
    last = max(rows, key=lambda row: (row["line"], row["version"]), default=None)
    return last if last is not None and last["state"] == state and not last["improving"] else None


def _wait(look: Callable[[], object], alive: Callable[[], object]):
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None and time.monotonic() < deadline:
        alive()
        time.sleep(0.3)
    return found
