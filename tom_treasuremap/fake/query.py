"""`GET /pointings`: the filters, their odd corners, and the rows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import refused, words
from tom_treasuremap.fake.moments import moment, naive
from tom_treasuremap.fake.schema import integer, number, text
from tom_treasuremap.fake.world import Row, World, like
from tom_treasuremap.fake.world import moment as time_of
from tom_treasuremap.vocabulary import BANDS, DEPTH_UNITS, STATUSES

Test = Callable[[Row], bool]
LIGHT = 2.99792458e18  #: Angstrom / s
PLANCK = 12398.0  #: eV Angstrom, as the server has it
#: each regime's units, in Angstrom, Hz and eV
UNITS = {
    "wavelength": {"nanometer": 10.0, "angstrom": 1.0, "micron": 1e4},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9, "THz": 1e12},
    "energy": {"eV": 1.0, "keV": 1e3, "MeV": 1e6, "GeV": 1e9, "TeV": 1e12},
}
VALID = {
    "wavelength": "'angstrom', 'nanometer', and 'micron'",
    "frequency": "'Hz', 'kHz', 'MHz', 'GHz', and 'THz'",
    "energy": "'eV', 'keV', 'MeV', 'GeV', and 'TeV'",
}
PARAMETERS = {
    **dict.fromkeys(("graceid", "graceids", "ids", "status", "statuses", "user", "users", "instrument"), text),
    **dict.fromkeys(("instruments", "band", "bands", "depth_unit"), text),
    **dict.fromkeys((f"{regime}_{part}" for regime in UNITS for part in ("regime", "unit")), text),
    "id": integer,
    **dict.fromkeys(("completed_after", "completed_before", "planned_after", "planned_before"), moment),
    **dict.fromkeys(("depth_gt", "depth_lt"), number),
}


class Unreadable(Exception):
    """What a filter cannot be; wrapped once more by the endpoint."""


def pointings(world: World, call: Any) -> list[Row]:
    """The rows, one a link where an event is named: a pointing completed by id is there twice."""
    asked = schema.query(call.query, PARAMETERS)
    try:
        tests = list(_tests(world, asked))
        rows = _linked(world, asked)
    except Unreadable as error:
        raise refused("Invalid request", str(error)) from None
    return [_shown(world, row) for row in rows if all(test(row) for test in tests)]


def _linked(world: World, asked: Row) -> Iterable[Row]:
    """All rows, or those of the events named, as often as they are linked."""
    names: set[str] | None = None
    if asked["graceid"]:
        names = {world.canonical(asked["graceid"])}
    if asked["graceids"]:
        several = {world.canonical(str(name)) for name in _list(asked["graceids"], "graceids", "graceid1, graceid2...")}
        names = several if names is None else names & several
    if names is None:
        return list(world.pointings.values())
    return [world.pointings[identity] for name in sorted(names) for identity in world.links.get(name, ())]


def _list(said: str, name: str, example: str) -> list:
    """A list as JSON or separated by commas."""
    if "[" not in said or "]" not in said:
        return [part.strip() for part in said.split(",")]
    try:
        found = json.loads(said)
    except ValueError as error:
        raise Unreadable(
            words(f"Error parsing '{name}'", f"Required format is a list: '[{example}]'", str(error))
        ) from None
    return found if isinstance(found, list) else [found]


def _numbers(values: list, exact: bool) -> set[int]:
    """Ids. In a list of JSON (`exact`) the database refuses what is no number; else that is left out."""
    wrong = [value for value in values if isinstance(value, (str, bool, list, dict)) and not _is_integer(str(value))]
    if wrong and exact:
        raise Unreadable(
            f'(psycopg2.errors.InvalidTextRepresentation) invalid input syntax for type integer: "{wrong[0]}"'
        )
    return {int(value) for value in values if _is_integer(value) and (isinstance(value, str) or int(value) == value)}


def _is_integer(value: Any) -> bool:
    try:
        int(value)
    except (TypeError, ValueError):
        return False
    return True


def _tests(world: World, asked: Row) -> Iterable[Test]:
    if asked["id"]:
        yield lambda row: row["id"] == asked["id"]
    if asked["ids"]:
        ids = _numbers(_list(asked["ids"], "ids", "id1, id2..."), "[" in asked["ids"] and "]" in asked["ids"])
        yield lambda row: row["id"] in ids
    yield from _names(asked, "band", "bands", BANDS)
    yield from _names(asked, "status", "statuses", STATUSES)
    yield from _times(asked)
    yield from _people(world, asked)
    yield from _instruments(world, asked)
    for regime in UNITS:
        if asked[f"{regime}_regime"] and asked[f"{regime}_unit"]:
            yield _spectral(regime, asked[f"{regime}_regime"], asked[f"{regime}_unit"])
    yield from _depths(asked)


def _names(asked: Row, one: str, many: str, known: dict[str, int]) -> Iterable[Test]:
    value = asked[one]
    if value:
        if value not in known:
            raise Unreadable(
                words("Invalid band", f"The band '{value}' is not valid")
                if one == "band"
                else words(f"Invalid status: {value}", "Only 'completed', 'planned', and 'cancelled' are valid.")
            )
        yield lambda row: row[one] == value
    if asked[many]:
        given = _list(asked[many], many, f"{one}1, {one}2...")
        valid = {name for name in known if name in given}
        if not valid:
            inner = words(f"No valid {many}", f"No valid {one if one == 'band' else 'status'} values were specified")
            inner = inner.replace("No valid band values", "No valid bands")
            text = f"Invalid format for '{many}' parameter. Required format is a list: '[{one}1, {one}2...]'"
            raise Unreadable(words(f"Error parsing {many}", text, inner))
        yield lambda row: row[one] in valid


def _times(asked: Row) -> Iterable[Test]:
    for status in ("completed", "planned"):
        after, before = naive(asked[f"{status}_after"]), naive(asked[f"{status}_before"])
        if after is not None or before is not None:
            yield lambda row, status=status: row["status"] == status and row["time"] is not None
        if after is not None:
            yield lambda row, after=after: time_of(row["time"]) >= after
        if before is not None:
            yield lambda row, before=before: time_of(row["time"]) <= before


def _people(world: World, asked: Row) -> Iterable[Test]:
    keys = ("username", "firstname", "lastname")
    yield from _called(asked, "user", "users", "submitterid", world.users, keys, keys)


def _instruments(world: World, asked: Row) -> Iterable[Test]:
    rows = list(world.instruments.values())
    both = ("instrument_name", "nickname")
    yield from _called(asked, "instrument", "instruments", "instrumentid", rows, both[:1], both)


def _called(
    asked: Row, one: str, many: str, column: str, rows: list[Row], keys: tuple[str, ...], all_keys: tuple[str, ...]
) -> Iterable[Test]:
    """Of whom or with what: by id or a part of a name, one or several. An empty list asks for nothing."""

    def named(part: str, where: tuple[str, ...]) -> set[int]:
        return {row["id"] for row in rows if any(like(part, row.get(key)) for key in where)}

    said = asked[one]
    if said:
        found = {int(said)} if _is_integer(said) else named(said, keys)
        yield lambda row: row[column] in found
    names = _list(asked[many], many, f"{one[:4]}1, {one[:4]}2...") if asked[many] else []
    if names:
        several = {identity for name in names for identity in named(str(name).strip(), all_keys)}
        several |= {int(name) for name in names if _is_integer(name)}
        yield lambda row: row[column] in several


def _spectral(regime: str, said: str, unit: str) -> Test:
    """The interval must hold the pointing's whole range, which is known only from central_wave and bandwidth."""

    def wrong(text: str) -> Unreadable:
        return Unreadable(words(f"Error parsing '{regime}_regime'", "Required format is a list: '[low, high]'", text))

    if "[" not in said or "]" not in said:
        raise wrong(f"Invalid {regime}_regime format")
    try:
        ends = [float(value) for value in json.loads(said.replace("(", "[").replace(")", "]"))[:2]]
        low, high = ends
    except (TypeError, ValueError) as error:
        raise wrong(str(error)) from None
    if unit not in UNITS[regime]:
        raise wrong(words(f"Invalid {regime}_unit", f"Valid units are {VALID[regime]}"))
    scale = UNITS[regime][unit]
    low, high = low * scale, high * scale

    def within(row: Row) -> bool:
        if row["central_wave"] is None or row["bandwidth"] is None:
            return False
        begins, ends = _range(regime, row["central_wave"], row["bandwidth"] / 2)
        return low <= begins and ends <= high

    return within


def _range(regime: str, middle: float, half: float) -> tuple[float, float]:
    """What a pointing saw, in Angstrom, Hz or eV."""
    if regime == "wavelength":
        return middle - half, middle + half
    factor = LIGHT if regime == "frequency" else PLANCK
    ends = [factor / wave if wave else math.inf for wave in (middle + half, middle - half)]
    return ends[0], ends[1]


def _depths(asked: Row) -> Iterable[Test]:
    unit = asked["depth_unit"] if asked["depth_unit"] in DEPTH_UNITS else "ab_mag"
    for key, brighter in (("depth_gt", True), ("depth_lt", False)):
        bound = asked[key]
        if bound is not None:
            below = brighter == ("mag" in unit)
            yield (
                lambda row, bound=bound, below=below: (
                    row["depth"] is not None and (row["depth"] <= bound if below else row["depth"] >= bound)
                )
            )


def finite(value: Any) -> Any:
    """JSON has no NaN: null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(world: World, row: Row) -> Row:
    instrument = world.instruments.get(row["instrumentid"], {})
    user = world.user(row["submitterid"]) or {}
    keys = ("instrumentid", "depth", "depth_err", "depth_unit", "band", "pos_angle", "time", "status", "central_wave")
    rest = ("bandwidth", "id", "submitterid", "datecreated", "dateupdated", "doi_url", "doi_id")
    return {
        "position": row["position"],
        "ra": None,
        "dec": None,
        **{key: finite(row[key]) for key in (*keys, *rest)},
        "instrument_name": instrument.get("nickname") or instrument.get("instrument_name"),
        "username": user.get("username"),
    }
