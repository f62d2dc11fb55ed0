"""Checks the planning half of the demo: a plan by itself, a person's yes, the telescope, the Treasure Map, what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import night
from browse import Browser, Page

#: so often the plan may give way to a newer version while somebody looks at it
VERSIONS = 3


def check(browser: Browser, known: night.Names) -> Iterator[str]:
    """What is wrong with the plans of the night."""
    merger = f"/api/plans/?event={quote(known.merger)}"
    ready = browser.wait(lambda: _on_map(_newest(browser, merger), "update")) or _newest(browser, merger)
    if not ready:
        yield f"no plan of {known.merger} is ready: {browser.get(merger).text[:600]}"
        return
    if ready["standing"]["map"] != "update":
        yield f"the newest map of {known.merger} is an update, and its plan stands on the {ready['standing']['map']}"
    if not 0 < ready["value"] <= ready["bound"] + 1e-9:
        yield f"plan {ready['id']} is worth {ready['value']} of at most {ready['bound']}"
    yield from _looked_at(browser, ready)
    number, answer = _approved(browser, merger, ready)
    if "on their way" not in answer.text:
        yield f"plan {number} was not approved: {answer.answer}"
    page = browser.post(f"/followup/plans/{number}/approve/")
    if "approved it" not in page.text:
        yield f"plan {number} could be approved twice: {page.answer}"
    yield from _observed(browser, number)
    yield from _told(browser, known.merger)
    for row in browser.get(f"/api/plans/?event={quote(known.retracted)}").json["results"]:
        if row["state"] in ("asked", "working", "ready", "approved", "sent", "running"):
            yield f"{known.retracted} was retracted, and its plan {row['id']} is {row['state']}"


def _approved(browser: Browser, merger: str, ready: dict) -> tuple[int, Page]:
    """A person's yes to the newest version, which others' pointings may bring about at any moment; which, and the answer."""
    for _ in range(VERSIONS):
        page = browser.post(f"/followup/plans/{ready['id']}/approve/", report="on")
        if "on their way" in page.text:
            break
        newest = browser.wait(lambda: _newest(browser, merger))
        if not newest or newest["id"] == ready["id"]:
            break
        ready = newest
    return ready["id"], page


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


def _observed(browser: Browser, number: int) -> Iterator[str]:
    """The simulated telescope, whose time runs fast, has looked at something."""

    def done() -> dict | None:
        row = browser.get(f"/api/plans/{number}/").json
        return row if any(one["status"] == "COMPLETED" for one in row["visits"]) else None

    if not browser.wait(done):
        row = browser.get(f"/api/plans/{number}/").json
        yield f"the telescope has done nothing of plan {number}: {row['state']}, {[one['status'] for one in row['visits']][:5]}"


def _told(browser: Browser, name: str) -> Iterator[str]:
    """The Treasure Map was told of the plan's observations, and that some are done."""
    path = f"/treasuremap/{quote(name)}/reports/"

    def told() -> bool:
        text = browser.get(path).text
        return bool(re.search(r">observation \d+<", text)) and "completed" in text

    if not browser.wait(told):
        states = re.findall(r'data-label="State">\s*([\w ]+)', browser.get(path).text)
        yield f"the Treasure Map was not told what became of the plan: {states[:8]}"


def _newest(browser: Browser, path: str) -> dict | None:
    """The newest version of a plan, once it is ready and becomes no better."""
    rows = browser.get(path).json["results"]
    last = max(rows, key=lambda row: (row["line"], row["version"]), default=None)
    return last if last is not None and last["state"] == "ready" and not last["improving"] else None


def _on_map(row: dict | None, kind: str) -> dict | None:
    """The plan, where it stands on a map of that kind: an earlier version is ready until the next one is asked for."""
    return row if row is not None and row["standing"]["map"] == kind else None
