"""`/query_alerts` and what belongs to an alert: filter options, contours, maps, Sun and Moon."""

from __future__ import annotations

import math
from datetime import timezone
from typing import Any

import erfa
import numpy as np

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import UNEXPECTED, Answer, broken, forbidden, missing, refused
from tom_treasuremap.fake.moments import iso
from tom_treasuremap.fake.schema import Faults, boolean, integer, text
from tom_treasuremap.fake.world import Row, World
from tom_treasuremap.sky_position import mjds
from tom_treasuremap.sun_moon import sun_moon

ROW = (
    "id datecreated graceid alternateid role timesent time_of_signal packet_type alert_type detectors description far "
    "skymap_fits_url distance distance_error prob_bns prob_nsbh prob_gap prob_bbh prob_terrestrial prob_hasns "
    "prob_hasremenant group centralfreq duration avgra avgdec observing_run pipeline search area_50 area_90 gcn_notice_id "
    "ivorn ext_coinc_observatory ext_coinc_search time_coincidence_far time_sky_position_coincidence_far time_difference "
    "pointing_count"
).split()
BURST, OTHERS = 3.2e-8, 3.8e-7  #: Hz; below it an alert is significant
#: middle and radii (50 and 90 %) of the circle that stands for every sky map here
CIRCLE = (125.25, -12.5, ((50, 7.1), (90, 12.9)))


def _page(minimum: int, maximum: int | None = None):
    def read(value: Any, where: str, faults: Faults) -> int | None:
        found = integer(value, where, faults)
        if found is not None and found < minimum:
            faults.add(f"Input should be greater than or equal to {minimum}", where, "greater_than_equal")
        elif found is not None and maximum is not None and found > maximum:
            faults.add(f"Input should be less than or equal to {maximum}", where, "less_than_equal")
        return found

    return read


def query(world: World, call: Any) -> Any:
    """`GET /query_alerts`: a row a notice, the newest first."""
    kinds = {
        **dict.fromkeys(("graceid", "alert_type", "role", "observing_run", "far", "format"), text),
        "has_pointings": boolean,
        "instrument_id": integer,
        "include_pointing_count": boolean,
        "page": _page(1),
        "per_page": _page(1, 100),
    }
    asked = schema.query(call.query, kinds)
    rows = sorted(_chosen(world, asked), key=lambda row: row["datecreated"], reverse=True)
    if asked["include_pointing_count"] and asked["instrument_id"] is not None:
        return _counted(world, rows, asked["instrument_id"])
    shown = [_shown(row) for row in rows]
    if asked["format"] != "paginated":
        return shown
    page, per_page = asked["page"] or 1, asked["per_page"] or 25
    pages = -(-len(shown) // per_page)
    return {
        "alerts": shown[(page - 1) * per_page : page * per_page],
        "total": len(shown),
        "page": page,
        "per_page": per_page,
        "total_pages": pages,
        "has_next": page < pages,
        "has_prev": page > 1,
    }


def _chosen(world: World, asked: Row) -> list[Row]:
    rows = world.alerts
    name = (asked["graceid"] or "").strip()
    if name:
        rows = [row for row in rows if name in (row["graceid"], row.get("alternateid"))]
    for key in ("alert_type", "role", "observing_run"):
        if asked[key] and (asked[key] != "all" or key == "alert_type"):
            rows = [row for row in rows if row.get(key) == asked[key]]
    if asked["far"] in ("significant", "subthreshold"):
        wanted = asked["far"] == "significant"
        rows = [row for row in rows if row.get("far") is not None and row.get("group") is not None]
        rows = [row for row in rows if row.get("alert_type") not in (None, "Retraction")]
        rows = [row for row in rows if (row["far"] < (BURST if row.get("group") == "Burst" else OTHERS)) == wanted]
    if asked["has_pointings"] or (asked["instrument_id"] is not None and not asked["include_pointing_count"]):
        rows = [row for row in rows if _looks(world, row["graceid"], asked["instrument_id"])]
    return rows


def _looks(world: World, graceid: str, instrument: int | None) -> int:
    """How many links to completed pointings an event has."""
    linked = [world.pointings[identity] for identity in world.links.get(graceid, ())]
    done = [row for row in linked if row["status"] == "completed"]
    return len(done) if instrument is None else sum(row["instrumentid"] == instrument for row in done)


def _counted(world: World, rows: list[Row], instrument: int) -> list[Row]:
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["graceid"], row["datecreated"]), reverse=True):
        count = _looks(world, row["graceid"], instrument)
        if count:
            found.setdefault(row["graceid"], {**_shown(row), "pointing_count": count})
    return list(found.values())


def _shown(row: Row) -> Row:
    return {key: row.get(key) for key in ROW}


def options(world: World, call: Any) -> Row:
    """`GET /alert_filter_options`."""
    keys = {"observing_runs": "observing_run", "roles": "role", "alert_types": "alert_type"}
    return {name: sorted({row[key] for row in world.alerts if row.get(key)}) for name, key in keys.items()}


def _newest(world: World, asked: Row) -> tuple[Row, str]:
    """The newest notice of an event, and the start of the paths of its files."""
    name = world.canonical(asked["graceid"])
    rows = [row for row in world.alerts if row["graceid"] == name]
    if not rows:
        raise missing(f"No alert found with graceid: {name}")
    newest = max(rows, key=lambda row: row["datecreated"])
    again = sum(row["alert_type"] == newest["alert_type"] for row in rows) - 1
    return newest, f"{_folder(newest)}/{name}-{newest['alert_type']}{again or ''}"


def _folder(row: Row) -> str:
    return "test" if row["role"] == "test" else "fit"


def contour(world: World, call: Any) -> Row:
    """`GET /gw_contour`: GeoJSON lines."""
    row, start = _newest(world, schema.query(call.query, {"graceid": text}, ("graceid",)))
    if not row.get("skymap_fits_url"):
        path = f"{start}-contours-smooth.json"
        tail = f"from local storage. Error: FileNotFoundError: Local file not found: <storage>/{path}"
        raise missing(f"Error retrieving contour file: {path} {tail}")
    ra, dec, levels = CIRCLE
    features = []
    for level, radius in levels:
        line = [_around(ra, dec, radius, math.radians(10 * step)) for step in range(37)]
        geometry = {"type": "MultiLineString", "coordinates": [line]}
        features.append({"type": "Feature", "properties": {"credible_level": level}, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def _around(ra: float, dec: float, radius: float, angle: float) -> list[float]:
    return [ra + radius * math.cos(angle) / math.cos(math.radians(dec)), dec + radius * math.sin(angle)]


def skymap(world: World, call: Any) -> Answer:
    """`GET /gw_skymap`: gzipped FITS; here a primary header alone."""
    import gzip

    row, start = _newest(world, schema.query(call.query, {"graceid": text}, ("graceid",)))
    if not row.get("skymap_fits_url"):
        path = f"{start}.fits.gz"
        tail = f"from local storage. FileNotFoundError: Local file not found: <storage>/{path}"
        raise missing(f"Error retrieving skymap file: {path} {tail}")
    cards = (
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        "END",
    )
    data = gzip.compress("".join(f"{card:80}" for card in cards).ljust(2880).encode(), mtime=0)
    headers = {"Content-Disposition": f"attachment; filename={row['graceid']}_skymap.fits.gz"}
    return Answer(200, data, "application/fits", headers)


def moc(world: World, call: Any) -> Answer:
    """`GET /grb_moc_file`: there is none here."""
    asked = schema.query(call.query, {"graceid": text, "instrument": text}, ("graceid", "instrument"))
    names = {"gbm": "Fermi", "lat": "LAT", "bat": "BAT"}
    instrument, graceid = asked["instrument"].lower(), world.canonical(asked["graceid"])
    if instrument not in names:
        raise refused(f"Valid instruments are in {list(names)}")
    folder = next((_folder(row) for row in world.alerts if row["graceid"] == graceid), "fit")
    path = f"{folder}/{graceid}-{names[instrument]}.json"
    start = f"Error retrieving MOC file for GW-Alert: '{graceid}' and instrument: '{instrument}'"
    error = f"Error: FileNotFoundError: Local file not found: <storage>/{path}"
    raise missing(f"{start}. Path: {path}, Storage: local. {error}")


def for_admins(world: World, call: Any) -> Row:
    """What only admins may do; the rest of it is not here."""
    if call.user["id"] not in world.admins:
        raise forbidden("Only admins can access this endpoint")
    raise broken(UNEXPECTED)


def sun_moon_positions(world: World, call: Any) -> Row:
    """`GET /sun_moon_positions`, degrees."""
    said = schema.query(call.query, {"time_of_signal": text}, ("time_of_signal",))["time_of_signal"]
    try:
        moment = iso(said.removesuffix("Z"))
    except ValueError:
        form = "Expected ISO format like '2019-04-25T08:18:26.000000Z'"
        raise refused(f"Invalid time format: {said}. {form}") from None
    utc = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    found = {"time_of_signal": said}
    for name, vectors in zip(("sun", "moon"), sun_moon(mjds(utc)), strict=True):
        ra, dec = np.degrees(erfa.c2s(vectors[0]))
        found.update({f"{name}_ra": float(ra % 360), f"{name}_dec": float(dec)})
    return found
