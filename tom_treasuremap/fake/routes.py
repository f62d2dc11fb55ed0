"""Which address is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tom_treasuremap.fake import (
    accounts,
    alerts,
    candidate_events,
    candidates,
    doi,
    galaxies,
    instruments,
    lists_of_values,
    pointings,
    projected,
    query,
    registering,
)
from tom_treasuremap.fake.answers import Answer
from tom_treasuremap.fake.world import World

V1 = "/api/v1"
#: requests of other methods that have a body, and one of POST that has none
BODIES = {("GET", f"{V1}/candidate"): True, ("DELETE", f"{V1}/candidate"): True, ("POST", f"{V1}/auth/logout"): False}
#: method, path, what answers, and whether it needs a token
ROUTES: list[tuple[str, str, Callable[[World, Any], Any], bool]] = [
    ("GET", f"{V1}/pointings", query.pointings, False),
    ("POST", f"{V1}/pointings", pointings.create, True),
    ("POST", f"{V1}/update_pointings", pointings.update, True),
    ("POST", f"{V1}/cancel_all", pointings.cancel_all, True),
    ("POST", f"{V1}/request_doi", doi.request, True),
    ("GET", f"{V1}/doi_pointings", doi.pointings, True),
    ("GET", f"{V1}/doi_author_groups", doi.groups, True),
    ("POST", f"{V1}/doi_author_groups", doi.create_group, True),
    ("PUT", f"{V1}/doi_author_groups/{{group_id}}", doi.change_group, True),
    ("DELETE", f"{V1}/doi_author_groups/{{group_id}}", doi.delete_group, True),
    ("GET", f"{V1}/doi_authors/{{group_id}}", doi.members, True),
    ("GET", f"{V1}/instruments", instruments.instruments, False),
    ("POST", f"{V1}/instruments", instruments.create, True),
    ("GET", f"{V1}/footprints", instruments.footprints, False),
    ("POST", f"{V1}/footprints", instruments.add_footprint, True),
    ("GET", f"{V1}/query_alerts", alerts.query, False),
    ("GET", f"{V1}/alert_filter_options", alerts.options, False),
    ("GET", f"{V1}/gw_contour", alerts.contour, False),
    ("GET", f"{V1}/gw_skymap", alerts.skymap, True),
    ("GET", f"{V1}/grb_moc_file", alerts.moc, True),
    ("GET", f"{V1}/sun_moon_positions", alerts.sun_moon_positions, False),
    *(("POST", f"{V1}/{name}", alerts.for_admins, True) for name in ("post_alert", "del_test_alerts", "post_icecube_notice")),
    ("GET", f"{V1}/event_galaxies", galaxies.read, True),
    ("POST", f"{V1}/event_galaxies", galaxies.create, True),
    ("DELETE", f"{V1}/remove_event_galaxies", galaxies.remove, True),
    ("GET", f"{V1}/glade", galaxies.glade, True),
    ("GET", f"{V1}/candidate", candidates.read, True),
    ("POST", f"{V1}/candidate", candidates.create, True),
    ("PUT", f"{V1}/candidate", candidates.change, True),
    ("DELETE", f"{V1}/candidate", candidates.delete, True),
    ("GET", f"{V1}/candidate/event", candidate_events.read, True),
    ("POST", f"{V1}/candidate/event", candidate_events.create, True),
    ("PUT", f"{V1}/candidate/event/{{candidate_id}}", candidate_events.change, True),
    ("DELETE", f"{V1}/candidate/event/{{candidate_id}}", candidate_events.delete, True),
    ("GET", f"{V1}/enums/{{name}}", lists_of_values.enum, False),
    ("POST", f"{V1}/register", registering.register, False),
    *((method, f"{V1}/auth/{path}", answer, token) for method, path, answer, token in (
        ("POST", "register", registering.register, False),
        ("POST", "verify-email", registering.verify, False),
        ("POST", "resend-verification", registering.resend, False),
        ("POST", "login", accounts.login, False),
        ("POST", "logout", accounts.logout, True),
        ("GET", "me", accounts.me, True),
    )),
    ("GET", "/ajax_alertinstruments_footprints", projected.footprints, False),
    *((method, f"/admin/{name}", alerts.for_admins, True) for method, name in (("GET", "users"), ("GET", "fixdata"), ("POST", "fixdata"))),
    ("GET", "/health", accounts.health, False),
]  # fmt: skip


def route(method: str, path: str) -> tuple[Any, dict[str, str]]:
    """The route of a request, None where there is none, and what its path names."""
    for found in ROUTES:
        match = _match(found[1], path)
        if match and found[0] == method:
            return found, match.groupdict()
    return None, {}


def _match(pattern: str, path: str) -> re.Match | None:
    return re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)


def has_body(method: str, path: str) -> bool:
    """Whether the body of a request is read."""
    return BODIES.get((method, path), method in ("POST", "PUT"))


def nowhere(path: str, asked: dict[str, str], host: str) -> Answer:
    """404, 405, or 307 to the path without its last slash."""
    known = {found[0] for found in ROUTES if _match(found[1], path)}
    if known:
        return Answer(405, {"detail": "Method Not Allowed"}, headers={"Allow": ", ".join(sorted(known))})
    short = path.removesuffix("/")
    if short != path and any(_match(found[1], short) for found in ROUTES):
        more = f"?{urlencode(asked)}" if asked else ""
        return Answer(307, b"", "", {"Location": f"http://{host}{short}{more}"})
    return Answer(404, {"detail": "Not Found"})
