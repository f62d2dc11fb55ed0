"""Checks a demo over HTTP, as a person would by looking: every page, and the numbers against what the night told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

import night
import plancheck
import workcheck
from browse import PATIENCE, Browser, assets, count
from night.expected import QUARANTINED, UNKNOWN, Expected
from night.names import HEARTBEAT

PNG = b"\x89PNG\r\n\x1a\n"


def check(
    url: str, user: str, password: str, start: datetime, steps: Sequence[night.Step], alive: Callable[[], object]
) -> int:
    """Looks at everything; prints what is wrong, and returns 0 when nothing is. `alive` is called before each page."""
    browser = Browser(url, alive)
    wrong = list(_everything(browser, user, password, start, steps))
    for line in wrong:
        print(f"  wrong: {line}", flush=True)
    print(f"The demo has {len(wrong)} faults." if wrong else "The demo is as it should be.", flush=True)
    return 1 if wrong else 0


def _everything(
    browser: Browser, user: str, password: str, start: datetime, steps: Sequence[night.Step]
) -> Iterator[str]:
    print("Waiting for the listener ...", flush=True)
    kept, began = sum(step.topic != HEARTBEAT for step in steps), time.monotonic()
    if not browser.wait(lambda: count(browser, "/api/messages/") >= kept):
        yield f"after {PATIENCE:.0f} s {count(browser, '/api/messages/')} of {kept} messages are stored"
        return
    print(f"All {kept} messages are in, after {time.monotonic() - began:.1f} s. Looking at the pages ...", flush=True)
    yield from _anonymous(browser)
    if not browser.log_in(user, password):
        yield f"cannot log in as {user}"
        return
    known = night.expected(start)
    yield from _pages(browser)
    yield from _messages(browser, kept)
    for event in known:
        yield from _event(browser, event)
    yield from _lists(browser, known)
    yield from _galaxies(browser, night.names(start))
    yield from workcheck.check(browser, night.names(start), user)
    yield from plancheck.check(browser, night.names(start))
    yield from _health(browser)


def _anonymous(browser: Browser) -> Iterator[str]:
    """A passer-by sees public pages and can change nothing."""
    for path in ("/", "/events/", "/streams/"):
        if (status := browser.get(path).status) != 200:
            yield f"{path} answers {status} to a passer-by"
    page = browser.get("/api/messages/?state=quarantined")
    for row in page.json["results"]:
        if (status := browser.post(f"/api/messages/{row['uid']}/retry/").status) not in (401, 403):
            yield f"a passer-by may try a message again: {status}"


def _pages(browser: Browser) -> Iterator[str]:
    """Every page of ours and the host's own, with the scripts and styles of this server that they ask for."""
    ours = ["/events/", "/messages/", "/messages/?state=quarantined", "/streams/", "/sent/", "/galaxies/"]
    ours += ["/find/", "/subscriptions/", "/subscriptions/new/", "/hermes/received/"]
    seen: set[str] = set()
    for path in ["/", "/targets/", "/observations/list/", "/users/profile/", *ours]:
        page = browser.get(path)
        if page.status != 200:
            yield f"{path} answers {page.answer}"
            continue
        for address in assets(page.text):
            if address.startswith("/") and address not in seen:
                seen.add(address)
                if (status := browser.get(address).status) != 200:
                    yield f"{path} asks for {address}, which answers {status}"
    for name, path in (
        ("Events", "/events/"),
        ("Messages", "/messages/"),
        ("Streams", "/streams/"),
        ("Sent", "/sent/"),
        ("Galaxies", "/galaxies/"),
        ("Find", "/find/"),
        ("Subscriptions", "/subscriptions/"),
    ):
        if f'href="{path}"' not in browser.get("/").text:
            yield f"the navigation has no {name}"


def _messages(browser: Browser, kept: int) -> Iterator[str]:
    """Nothing lost, nothing doubled, and exactly the poison in quarantine."""
    for query, wanted in (("", kept), ("?state=quarantined", QUARANTINED), ("?state=ignored", UNKNOWN)):
        if (found := count(browser, f"/api/messages/{query}")) != wanted:
            yield f"/api/messages/{query} counts {found}, not {wanted}"
    for row in browser.get("/api/messages/?state=quarantined").json["results"]:
        page = browser.get(f"/messages/{row['uid']}/")
        if page.status != 200 or "Traceback" not in page.text:
            yield f"the page of the quarantined message answers {page.answer} or shows no traceback"
        raw = browser.get(f"/messages/{row['uid']}/raw/")
        if len(raw.body) != row["size"]:
            yield f"the raw bytes of the quarantined message are {len(raw.body)}, not {row['size']}"


def _event(browser: Browser, event: Expected) -> Iterator[str]:
    """One event: its page, its numbers, its picture, its ledger."""
    path = quote(event.name)
    page = browser.get(f"/events/{path}/")
    if page.status != 200 or event.name not in page.text:
        yield f"the page of {event.name} does not name it, or answers {page.answer}"
    said = browser.get(f"/api/events/{path}/").json
    wanted = {"kind": event.kind, "state": event.state, "role": event.role}
    for key, value in wanted.items():
        if said[key] != value:
            yield f"{event.name}: {key} is {said[key]!r}, not {value!r}"
    yield from _values(event, said)
    if (found := count(browser, f"/api/alerts/?event={path}")) != event.alerts:
        yield f"{event.name} has {found} alerts, not {event.alerts}"
    ledger = browser.get(f"/api/events/{path}/ledger/")
    if ledger.status != 200 or len(ledger.json["alerts"]) != event.alerts:
        yield f"the ledger of {event.name} answers {ledger.answer} or misses alerts"
    if event.has_map:
        picture = browser.get(f"/events/{path}/skymap.png")
        if picture.status != 200 or not picture.body.startswith(PNG) or len(picture.body) < 5000:
            yield f"the picture of {event.name} answers {picture.answer} with {len(picture.body)} bytes"
        yield from _sky(browser, path, event)


def _sky(browser: Browser, path: str, event: Expected) -> Iterator[str]:
    """The picture for papers, that of the distance, and the layers of the interactive sky."""
    wanted = {"skymap.svg?layout=wide": 200}
    if event.has_distance is not None:
        wanted["distance.png"] = 200 if event.has_distance else 404
    for name, status in wanted.items():
        if (page := browser.get(f"/events/{path}/{name}")).status != status:
            yield f"{name} of {event.name} answers {page.answer}"
    page = browser.get(f"/events/{path}/sky.json")
    if page.status != 200:
        yield f"the sky of {event.name} answers {page.answer}"
        return
    for layer in page.json["layers"]:
        found = browser.get(layer["url"])
        if found.status != 200 or "features" not in found.json:
            yield f"the layer {layer['name']} of {event.name} answers {found.answer}"
        elif layer["name"] in ("contours", "region", "bodies") and not found.json["features"]:
            yield f"the layer {layer['name']} of {event.name} is empty"


def _values(event: Expected, said: dict) -> Iterator[str]:
    classes = said["classification"] or {}
    top = max(classes, key=classes.get) if classes else ""
    if event.top_class is not None and top != event.top_class:
        yield f"{event.name}: the most probable class is {top!r}, not {event.top_class!r}"
    if event.top_probability is not None and abs(classes.get(event.top_class, 0) - event.top_probability) > 1e-9:
        yield f"{event.name}: {event.top_class} is {classes.get(event.top_class)}, not {event.top_probability}"
    if event.area_90 is not None and not abs((said["area_90"] or 0) / event.area_90 - 1) < 0.02:
        yield f"{event.name}: the 90 % area is {said['area_90']} deg2, not {event.area_90:.1f}"
    if event.has_distance is not None and (said["distance_mpc"] is not None) != event.has_distance:
        yield f"{event.name}: the distance is {said['distance_mpc']}"


def _lists(browser: Browser, known: Sequence[Expected]) -> Iterator[str]:
    """The list shows the real events and hides the tests, until asked for."""
    shown, everything = browser.get("/events/").text, browser.get("/events/?role=all").text
    for event in known:
        if (event.name in shown) != (event.role != "test"):
            yield f"/events/ {'shows' if event.role == 'test' else 'misses'} {event.name}"
        if event.name not in everything:
            yield f"/events/?role=all misses {event.name}"
    query = 'kind = "GW" and role = "observation" and classification.BNS > 0.5'
    found = browser.get(f"/find/found.json?q={quote(query)}")
    mergers = {row["name"] for row in found.json["results"]} if found.status == 200 else {found.answer}
    wanted = {e.name for e in known if e.kind == "GW" and e.role == "observation"}
    if not mergers or not mergers <= wanted:
        yield f"the query {query} finds {sorted(mergers)}"
    if "Nobody was told now" not in browser.get(f"/subscriptions/hindsight/?query={quote(query)}").text:
        yield "a query does not say what it would have told"
    if (found := count(browser, "/api/events/?role=all")) != len(known):
        yield f"/api/events/?role=all counts {found}, not {len(known)}"


def _galaxies(browser: Browser, known: night.Names) -> Iterator[str]:
    """The merger's galaxies begin with its host; the X-ray transient has one that is not there by chance; the files open."""
    for name, best in ((known.merger, "NGC 4993"), (f"Einstein Probe WXT {known.transient}", "Demo host")):
        page = browser.get(f"/api/events/{quote(name)}/galaxies/")
        first = page.json["galaxies"][:1] if page.status == 200 else []
        if not first or first[0]["name"] != best:
            yield f"the galaxies of {name} begin with {first}, not {best}, or answer {page.answer}"
        for path in ("galaxies/", "galaxies.csv", "galaxies.vot"):
            page = browser.get(f"/events/{quote(name)}/{path}")
            if page.status != 200 or best not in page.text:
                yield f"/events/{name}/{path} answers {page.answer} or does not name {best}"
    if "K-band light" not in browser.get("/galaxies/").text:
        yield "/galaxies/ does not say how complete the catalogue is"


def _health(browser: Browser) -> Iterator[str]:
    page = browser.get("/scimma/health/")
    if page.status != 200:
        yield f"/scimma/health/ answers {page.status}: {page.text[:500]}"
    elif page.json["topics"].get("igwn.gwalert", {}).get("light") not in ("green", "yellow"):
        yield f"the light of igwn.gwalert is {page.json['topics'].get('igwn.gwalert')}"
    numbers = browser.get("/scimma/metrics")
    if numbers.status != 200 or "igwn.gwalert" not in numbers.text:
        yield f"/scimma/metrics answers {numbers.answer} or does not speak of igwn.gwalert"
