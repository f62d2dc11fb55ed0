"""Checks what the demo's worker does: what was sent, candidates, who was told, other teams' pointings, reports, HERMES.

The worker works on while this looks: each thing is waited for by what a person would see of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from urllib.parse import quote

import night
import teams
from browse import PATIENCE, Browser, count

#: how often the merger was spoken of by its source
MERGER_VERSIONS = 4
CANDIDATES = ["Demo kilonova", "Demo supernova behind", "Demo nova", "Demo flare star"]


def check(browser: Browser, known: night.Names, user: str) -> Iterator[str]:
    """What is wrong with the worker's part of the night."""
    yield from _sent(browser)
    yield from _candidates(browser, known)
    yield from _told(browser, known, user)
    yield from _pointings(browser, known.merger)
    yield from _reported(browser, known.merger)
    yield from _hermes(browser, known.merger)


def _sent(browser: Browser) -> Iterator[str]:
    """What the demo said has left, once, with its receipt; and the worker has nothing left to do."""

    def said() -> list[dict]:
        rows = browser.get("/api/deliveries/").json["results"]
        return [row for row in rows if row["destination"] == f"hopskotch:{night.SAID}"]

    def idle() -> bool:
        work = browser.get("/scimma/health/").json["worker"]
        return bool(work["alive"]) and not work["to_send"] + work["reactions"]

    browser.wait(lambda: all(row["receipt_id"] for row in said()))
    found = said()
    if [row["state"] for row in found] != ["delivered"] or not found[0]["receipt_id"]:
        states = [(row["state"], row["reason"]) for row in found]
        yield f"/api/deliveries/ has {states} for {night.SAID}, not one delivery"
    for row in found:
        if (page := browser.get(f"/sent/{row['id']}/")).status != 200 or "the demo watches it" not in page.text:
            yield f"/sent/{row['id']}/ answers {page.answer}, or does not show what was said"
    if not browser.wait(idle):
        work = browser.get("/scimma/health/").json["worker"]
        yield f"the worker has not done its work after {PATIENCE:.0f} s: {work}"


def _candidates(browser: Browser, known: night.Names) -> Iterator[str]:
    """The merger has its candidates, with levels in all four maps; the pages name them."""

    def rows() -> list[dict]:
        found = browser.get(f"/api/candidates/?event={known.merger}&ordering=level").json["results"]
        return [row for row in found if row["target_name"].startswith("Demo ")]

    def complete() -> bool:
        found = rows()
        names = [row["target_name"] for row in found]
        return names == CANDIDATES and all(len(row["levels"]) == MERGER_VERSIONS for row in found)

    browser.wait(complete)
    found = rows()
    if [row["target_name"] for row in found] != CANDIDATES:
        yield f"the candidates of {known.merger} are {[row['target_name'] for row in found]}, not {CANDIDATES}"
        return
    first = found[0]
    if [level["inside"] for level in first["levels"]] != [True] * MERGER_VERSIONS or not first["volume_level"] < 0.5:
        yield f"the levels of {first['target_name']} are {first['levels']}"
    page = browser.get(f"/events/{known.merger}/candidates/")
    for words in ("Demo kilonova", "What moved in or out", "1 out"):
        if page.status != 200 or words not in page.text:
            yield f"/events/{known.merger}/candidates/ answers {page.answer} or does not say {words!r}"
    page = browser.get(f"/scimma/targets/{first['target']}/events/")
    if page.status != 200 or known.merger not in page.text:
        yield f"the events of target {first['target_name']}: {page.answer}, or {known.merger} is not among them"


def _told(browser: Browser, known: night.Names, user: str) -> Iterator[str]:
    """The demo's user was told of each version of the merger; what was taken back is not told as news alone."""
    path = f"/events/{quote(known.merger)}/told/"
    browser.wait(lambda: browser.get(path).text.count(">told</span>") >= MERGER_VERSIONS)
    page = browser.get(path)
    times = page.text.count(">told</span>")
    if page.status != 200 or times != MERGER_VERSIONS or f"{user}: mail" not in page.text:
        how = re.findall(r'data-label="How far">(.*?)</td>', page.text, re.DOTALL)
        yield f"{path} answers {page.answer} and shows {times} of {MERGER_VERSIONS} tellings by mail: {how}"
    page = browser.get(f"/events/{quote(known.retracted)}/told/")
    if ">told</span>" in page.text and "retracted" not in page.text:
        yield f"{known.retracted} was told, and its retraction was not"
    pages = {
        "/told/": known.merger,
        "/users/profile/": "How I am told of alerts",
        "/contacts/new/": "never shown again",
    }
    for path, words in pages.items():
        if (page := browser.get(path)).status != 200 or words not in page.text:
            yield f"{path} answers {page.answer} or does not say {words!r}"


def _pointings(browser: Browser, name: str) -> Iterator[str]:
    """What other teams told the Treasure Map about the merger, fetched by the worker."""
    path, wanted = f"/api/pointings/?event={quote(name)}", sum(done + planned for *_, done, planned in teams.LOOKS)
    browser.wait(lambda: count(browser, path) >= wanted)
    if (found := count(browser, path)) != wanted:
        yield f"{found} of {wanted} pointings of other teams are here"
    page = browser.get(f"/treasuremap/{quote(name)}/pointings/")
    for _, team, *_ in teams.LOOKS:
        if page.status != 200 or team not in page.text:
            yield f"{page.answer}: the pointings of {name} do not show {team}"


def _reported(browser: Browser, name: str) -> Iterator[str]:
    """A pointing of ours told to the Treasure Map by the form, delivered by the worker."""
    page = f"/treasuremap/{quote(name)}/reports/"
    browser.wait(lambda: 'value="9"' in browser.get(page).text)  # the instruments come after the pointings
    moment = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    said = {"status": "planned", "instrument": "9", "ra": "10.5", "dec": "-20.5", "time": moment, "band": "r"}
    answer = browser.post(page, **said)
    if answer.status == 400:
        wrong = re.findall(r'class="invalid-feedback[^>]*>(.*?)<', answer.text, re.DOTALL)
        yield f"{answer.answer}: the form refuses a pointing: {wrong}"
        return
    if not browser.wait(lambda: "delivered" in browser.get(page).text):
        yield f"{answer.answer}: what was told to the Treasure Map has no receipt"


def _hermes(browser: Browser, name: str) -> Iterator[str]:
    """A message about the merger, from the Share page by a click to the receipt of the stand-in for HERMES."""
    page = browser.get(f"/share/?event={quote(name)}")
    found = re.search(r"/share/(\d+)/check/", page.text)
    if found is None:
        yield f"{page.answer}: nothing of {name} can be shared"
        return
    title = f"The demo speaks of {name}"
    said = {"f.title": title, "f.text": "We look at it tonight.", "f.authors": "The demo", "f.submitter": "demo"}
    page = browser.post(f"/share/{found[1]}/check/", sinks="1", sink="hermes:hermes.test", **said)
    seal = re.search(r'name="seal" value="(\w+)"', page.text)
    if seal is None:
        yield f"{page.answer}: what is shared with HERMES is not confirmed"
        return
    browser.post(f"/share/{found[1]}/confirm/", seal=seal[1])
    if not browser.wait(lambda: title in browser.get("/hermes/shared/").text):
        yield "HERMES gave no receipt for what was shared"
