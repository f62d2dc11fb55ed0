"""Which address is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tom_treasuremap.fake import accounts, alerts, candidates, doi, galaxies, instruments, pointings, query
from tom_treasuremap.fake.answers import Answer
from tom_treasuremap.fake.world import World

V1 = "/api/v1"
NUMBER = r"(\d+)"
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
    ("PUT", f"{V1}/doi_author_groups/{NUMBER}", doi.change_group, True),
    ("DELETE", f"{V1}/doi_author_groups/{NUMBER}", doi.delete_group, True),
    ("GET", f"{V1}/doi_authors/{NUMBER}", doi.members, True),
    ("GET", f"{V1}/instruments", instruments.instruments, False),
    ("POST", f"{V1}/instruments", instruments.create, True),
    ("GET", f"{V1}/footprints", instruments.footprints, False),
    ("POST", f"{V1}/footprints", instruments.add_footprint, True),
    ("GET", f"{V1}/query_alerts", alerts.query, False),
    ("GET", f"{V1}/alert_filter_options", alerts.options, False),
    ("GET", f"{V1}/gw_contour", alerts.contour, False),
    ("GET", f"{V1}/gw_skymap", alerts.skymap, True),
    ("GET", f"{V1}/grb_moc_file", alerts.moc, True),
    ("GET", f"{V1}/sun_moon_positions", alerts.sun_moon, False),
    *(("POST", f"{V1}/{name}", alerts.for_admins, True) for name in ("post_alert", "del_test_alerts", "post_icecube_notice")),
    ("GET", f"{V1}/event_galaxies", galaxies.read, True),
    ("POST", f"{V1}/event_galaxies", galaxies.create, True),
    ("DELETE", f"{V1}/remove_event_galaxies", galaxies.remove, True),
    ("GET", f"{V1}/glade", galaxies.glade, True),
    ("GET", f"{V1}/candidate", candidates.read, True),
    ("POST", f"{V1}/candidate", candidates.create, True),
    ("PUT", f"{V1}/candidate", candidates.change, True),
    ("DELETE", f"{V1}/candidate", candidates.delete, True),
    ("GET", f"{V1}/enums/(\\w+)", accounts.enum, False),
    ("POST", f"{V1}/register", accounts.register, False),
    *((method, f"{V1}/auth/{path}", answer, token) for method, path, answer, token in (
        ("POST", "register", accounts.register, False),
        ("POST", "login", accounts.login, False),
        ("POST", "logout", accounts.logout, True),
        ("GET", "me", accounts.me, True),
    )),
    ("GET", "/ajax_alertinstruments_footprints", alerts.projected, False),
    ("GET", "/health", accounts.health, False),
]  # fmt: skip


def route(method: str, path: str) -> tuple[Any, tuple[str, ...]]:
    """The route of a request, None where there is none, and what its path names."""
    for found in ROUTES:
        match = re.fullmatch(found[1], path)
        if match and found[0] == method:
            return found, match.groups()
    return None, ()


def nowhere(path: str, asked: dict[str, str], host: str) -> Answer:
    """404, 405, or 307 to the path without its last slash."""
    known = {found[0] for found in ROUTES if re.fullmatch(found[1], path)}
    if known:
        return Answer(405, {"detail": "Method Not Allowed"}, headers={"Allow": ", ".join(sorted(known))})
    short = path.removesuffix("/")
    if short != path and any(re.fullmatch(found[1], short) for found in ROUTES):
        more = f"?{urlencode(asked)}" if asked else ""
        return Answer(307, b"", "", {"Location": f"http://{host}{short}{more}"})
    return Answer(404, {"detail": "Not Found"})
