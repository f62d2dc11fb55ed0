"""Checks a demo over HTTP, as a person would by looking: every page, and the numbers against what the night told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from urllib.parse import quote

import night
import plancheck
import teams
from browse import Browser, assets
from night.expected import QUARANTINED, UNKNOWN, Expected
from night.names import HEARTBEAT

#: how long the listener may take for the whole night, seconds
PATIENCE = 120.0
#: how often the merger was spoken of by its source
MERGER_VERSIONS = 4
PNG = b"\x89PNG\r\n\x1a\n"


def check(
    url: str, user: str, password: str, start: datetime, steps: Sequence[night.Step], alive: Callable[[], object]
) -> int:
    """Looks at everything; prints what is wrong, and returns 0 when nothing is. `alive` is called while it waits."""
    browser = Browser(url)
    wrong = list(_everything(browser, user, password, start, steps, alive))
    for line in wrong:
        print(f"  wrong: {line}", flush=True)
    print(f"The demo has {len(wrong)} faults." if wrong else "The demo is as it should be.", flush=True)
    return 1 if wrong else 0


def _everything(
    browser: Browser, user: str, password: str, start: datetime, steps: Sequence[night.Step], alive
) -> Iterator[str]:
    print("Waiting for the listener ...", flush=True)
    kept = sum(step.topic != HEARTBEAT for step in steps)
    seconds = _wait(browser, kept, alive)
    if seconds is None:
        yield f"after {PATIENCE:.0f} s {_count(browser, '/api/messages/')} of {kept} messages are stored"
        return
    print(
        f"All {kept} messages are in, {seconds:.1f} s after the web server started looking. Looking at the pages ...",
        flush=True,
    )
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
    yield from _sent(browser)
    yield from _candidates(browser, night.names(start))
    yield from _told(browser, night.names(start), user)
    yield from _pointings(browser, night.names(start).merger, alive)
    yield from _reported(browser, night.names(start).merger, alive)
    yield from _hermes(browser, night.names(start).merger, alive)
    yield from plancheck.check(browser, night.names(start), alive)
    yield from _health(browser)


def _hermes(browser: Browser, name: str, alive: Callable[[], object]) -> Iterator[str]:
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
    deadline = time.monotonic() + 30
    while title not in browser.get("/hermes/shared/").text and time.monotonic() < deadline:
        alive()
        time.sleep(0.2)
    if title not in browser.get("/hermes/shared/").text:
        yield "HERMES gave no receipt for what was shared"


def _pointings(browser: Browser, name: str, alive: Callable[[], object]) -> Iterator[str]:
    """What other teams told the Treasure Map about the merger, fetched by the worker."""
    path, wanted = f"/api/pointings/?event={quote(name)}", sum(done + planned for *_, done, planned in teams.LOOKS)
    began = time.monotonic()
    while (count := _count(browser, path)) < wanted and time.monotonic() - began < PATIENCE / 2:
        alive()
        time.sleep(0.5)
    if count != wanted:
        yield f"{count} of {wanted} pointings of other teams are here"
    page = browser.get(f"/treasuremap/{quote(name)}/pointings/")
    for _, team, *_ in teams.LOOKS:
        if page.status != 200 or team not in page.text:
            yield f"{page.answer}: the pointings of {name} do not show {team}"


def _reported(browser: Browser, name: str, alive: Callable[[], object]) -> Iterator[str]:
    """A pointing of ours told to the Treasure Map by the form, delivered by the worker."""
    page, moment = f"/treasuremap/{quote(name)}/reports/", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
    said = {"status": "planned", "instrument": "9", "ra": "10.5", "dec": "-20.5", "time": moment, "band": "r"}
    began = time.monotonic()
    while 'value="9"' not in browser.get(page).text and time.monotonic() - began < PATIENCE / 2:
        alive()  # the instruments come after the pointings
        time.sleep(0.2)
    answer = browser.post(page, **said)
    if answer.status == 400:
        wrong = re.findall(r'class="invalid-feedback[^>]*>(.*?)<', answer.text, re.DOTALL)
        yield f"{answer.answer}: the form refuses a pointing: {wrong}"
        return
    began = time.monotonic()
    while "delivered" not in (text := browser.get(page).text) and time.monotonic() - began < PATIENCE / 2:
        alive()
        time.sleep(0.2)
    if "delivered" not in text:
        yield f"{answer.answer}: what was told to the Treasure Map has no receipt"


def _wait(browser: Browser, kept: int, alive: Callable[[], object]) -> float | None:
    """Seconds until every message is stored; None when they never are."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        alive()
        if _count(browser, "/api/messages/") >= kept:
            return time.monotonic() - began
        time.sleep(0.5)
    return None


def _count(browser: Browser, path: str) -> int:
    page = browser.get(path)
    return page.json["count"] if page.status == 200 else 0


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
        if (count := _count(browser, f"/api/messages/{query}")) != wanted:
            yield f"/api/messages/{query} counts {count}, not {wanted}"
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
    if (count := _count(browser, f"/api/alerts/?event={path}")) != event.alerts:
        yield f"{event.name} has {count} alerts, not {event.alerts}"
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
    if (count := _count(browser, "/api/events/?role=all")) != len(known):
        yield f"/api/events/?role=all counts {count}, not {len(known)}"


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


def _sent(browser: Browser) -> Iterator[str]:
    """What the demo said has left, once, with its receipt; and the worker has nothing left to do."""
    deadline = time.monotonic() + PATIENCE
    while True:
        rows = browser.get("/api/deliveries/").json["results"]
        work = browser.get("/scimma/health/").json["worker"]
        done = rows and all(row["state"] != "queued" for row in rows) and not work["to_send"] + work["reactions"]
        if done or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    said = [row for row in rows if row["destination"] == f"hopskotch:{night.SAID}"]
    if [row["state"] for row in said] != ["delivered"] or not said[0]["receipt_id"]:
        yield f"/api/deliveries/ has {[(row['state'], row['reason']) for row in said]} for {night.SAID}, not one delivery"
    if not done or not work["alive"]:
        yield f"the worker has not done its work after {PATIENCE:.0f} s: {work}"
    for row in said:
        if (page := browser.get(f"/sent/{row['id']}/")).status != 200 or "the demo watches it" not in page.text:
            yield f"/sent/{row['id']}/ answers {page.answer}, or does not show what was said"


def _candidates(browser: Browser, known: night.Names) -> Iterator[str]:
    """Once the worker is done, the merger has its candidates with levels in all four maps; the pages name them."""
    rows = browser.get(f"/api/candidates/?event={known.merger}&ordering=level").json["results"]
    found = [row["target_name"] for row in rows if row["target_name"].startswith("Demo ")]
    wanted = ["Demo kilonova", "Demo supernova behind", "Demo nova", "Demo flare star"]
    if found != wanted:
        yield f"the candidates of {known.merger} are {found}, not {wanted}"
        return
    for row in rows[:1]:
        if [level["inside"] for level in row["levels"]] != [True] * 4 or not row["volume_level"] < 0.5:
            yield f"the levels of {row['target_name']} are {row['levels']}"
    page = browser.get(f"/events/{known.merger}/candidates/")
    for words in ("Demo kilonova", "What moved in or out", "1 out"):
        if page.status != 200 or words not in page.text:
            yield f"/events/{known.merger}/candidates/ answers {page.answer} or does not say {words!r}"
    page = browser.get(f"/scimma/targets/{rows[0]['target']}/events/")
    if page.status != 200 or known.merger not in page.text:
        yield f"the events of target {rows[0]['target_name']}: {page.answer}, or {known.merger} is not among them"


def _told(browser: Browser, known: night.Names, user: str) -> Iterator[str]:
    """The demo's user was told of each version of the merger; what was taken back is not told as news alone."""
    path = f"/events/{quote(known.merger)}/told/"
    deadline = time.monotonic() + PATIENCE
    while browser.get(path).text.count(">told</span>") < MERGER_VERSIONS and time.monotonic() < deadline:
        time.sleep(0.5)
    page = browser.get(path)
    count = page.text.count(">told</span>")
    if page.status != 200 or count != MERGER_VERSIONS or f"{user}: mail" not in page.text:
        how = re.findall(r'data-label="How far">(.*?)</td>', page.text, re.DOTALL)
        yield f"{path} answers {page.answer} and shows {count} of {MERGER_VERSIONS} tellings by mail: {how}"
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


def _health(browser: Browser) -> Iterator[str]:
    page = browser.get("/scimma/health/")
    if page.status != 200:
        yield f"/scimma/health/ answers {page.status}: {page.text[:500]}"
    elif page.json["topics"].get("igwn.gwalert", {}).get("light") not in ("green", "yellow"):
        yield f"the light of igwn.gwalert is {page.json['topics'].get('igwn.gwalert')}"
    numbers = browser.get("/scimma/metrics")
    if numbers.status != 200 or "igwn.gwalert" not in numbers.text:
        yield f"/scimma/metrics answers {numbers.answer} or does not speak of igwn.gwalert"
