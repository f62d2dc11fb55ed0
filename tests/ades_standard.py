"""The IAU's standard of an ADES file that is submitted to the MPC, restated: faults(text) -> what is wrong, nothing for a good one.

Authority: IAU-ADES/ADES-Master (PyPI iau-ades 0.1.3), version 2022: adesmaster.xml and the schema submit.xsd for elements,
types and order; psvtoxml.py for records in PSV. Optical observations from the ground; what we never write is left out.
"""

from __future__ import annotations

import re

VERSION = "2022"
LINE = r"[^|]*[^|\s][^|]*"
DECIMAL = r"(?:0|[1-9][0-9]*)(?:\.[0-9]*)?"
PERM = r"\d+(?:[IPD](?:-[A-Z]{1,2})?)?|(?:Mars|Jupiter|Saturn|Uranus|Neptune) \d{1,3}|\(\d+\) \d{1,3}"
PROV = (
    r"\d{4} [A-HJ-Y][A-HJ-Z]\d*|\d{4} (?:P-L|T-[123])|[ADCPX]/\d{4} [A-Z]{1,2}\d*(?:-[A-Z])?"
    r"|S/\d{4} (?:[MJSUN]|\((?:\d+|\d{4} [A-HJ-Y][A-HJ-Z]?\d+)\)) \d+|A[89]\d{2} [A-HJ-Y][A-HJ-Z]"
)
TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z"

#: cell -> its pattern, most characters, and bounds where it is a number (below the second, unless `closed`)
CELLS = {
    "permID": (PERM, 25),
    "provID": (PROV, 25),
    "trkSub": (r"[-A-Za-z0-9_]+", 8),
    "mode": (r"[A-Za-z0-9_]+", 3),
    "stn": (r"[A-Za-z0-9_]{3,4}", 4),
    "obsTime": (TIME, 27),
    "ra": (r"(?:[1-3][0-9]{2}|[1-9]?[0-9])?(?:\.[0-9]{0,9})?", 13),
    "dec": (r"[+-]?(?:[1-9]?[0-9])?(?:\.[0-9]{0,9})?", 13),
    "rmsRA": (DECIMAL, 7),
    "rmsDec": (DECIMAL, 7),
    "astCat": (r"[.A-Za-z0-9_]+", 8),
    "mag": (r"[+-]?" + DECIMAL, 8),
    "rmsMag": (DECIMAL, 6),
    "band": (r"[A-Za-z0-9_]+", 3),
}
BOUNDS = {
    "ra": lambda number: 0 <= number < 360,
    "dec": lambda number: -90 <= number <= 90,
    "mag": lambda number: -5 <= number <= 35,
    **dict.fromkeys(("rmsRA", "rmsDec", "rmsMag", "aperture"), lambda number: 0 < number < 100_000),
}
REQUIRED = {"mode", "stn", "obsTime", "ra", "dec", "astCat"}
#: group of the header -> its elements, each with whether it must be there, its pattern and most characters
HEADER = {
    "observatory": {"mpcCode": (True, r"[A-Za-z0-9_]{3,4}", 4), "name": (False, LINE, 100)},
    "submitter": {"name": (True, LINE, 100), "institution": (False, LINE, 100)},
    "observers": {"name": (True, LINE, 100)},
    "measurers": {"name": (True, LINE, 100)},
    "telescope": {"design": (True, LINE, 25), "aperture": (True, DECIMAL, 6), "detector": (True, LINE, 25), "name": (False, LINE, 100)},
    "comment": {"line": (True, LINE, 100)},
}  # fmt: skip
MANY = {("observers", "name"), ("measurers", "name"), ("comment", "line")}


def faults(text: str) -> list[str]:
    """What the standard has against a file of one block."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    found = [] if re.fullmatch(rf"#\s*version\s*=\s*{VERSION}", lines[0]) else ["the first line is not the version"]
    found += [f"no XML holds {line!r}" for line in lines if not all(char.isprintable() for char in line)]
    head = [line for line in lines[1:] if line[0] in "#!"]
    table = lines[1 + len(head) :]
    if lines[1 : 1 + len(head)] != head:
        found.append("the header is not together at the top")
    return found + _header(head) + _table([[cell.strip() for cell in line.split("|")] for line in table])


def _header(lines: list[str]) -> list[str]:
    groups: dict[str, list[tuple[str, str]]] = {}
    found, group = [], ""
    for line in lines:
        name, _, value = line[1:].strip().partition(" ")
        if line[0] == "#":
            group = name
            found += [f"# {name} is there twice"] if name in groups else []
            found += [f"# {name} is no group, or says {value!r}"] if name not in HEADER or value else []
            groups[name] = []
        else:
            groups.setdefault(group, []).append((name, value.strip()))
    found += [f"# {name} is missing" for name in HEADER if name not in groups and name != "comment"]
    for group, said in groups.items():
        found += [fault for fault in _group(group, said) if group in HEADER]
    return found


def _group(group: str, said: list[tuple[str, str]]) -> list[str]:
    known, names = HEADER.get(group, {}), [name for name, _ in said]
    found = [f"{group} needs {name}" for name, (must, *_) in known.items() if must and name not in names]
    found += [f"{group} has {name} twice" for name in set(names) if names.count(name) > 1 and (group, name) not in MANY]
    for name, value in said:
        found += [f"{group} has no {name}"] if name not in known else _cell(name, value, *known[name][1:])
    return found


def _cell(name: str, value: str, pattern: str, most: int) -> list[str]:
    if not re.fullmatch(pattern, value, re.ASCII) or len(value) > most:
        return [f"{name} is {value!r}"]
    return [f"{name} is {value}"] if name in BOUNDS and not BOUNDS[name](float(value)) else []


def _table(rows: list[list[str]]) -> list[str]:
    if len(rows) < 2:
        return ["there are no observations"]
    names, *rows = rows
    found = [f"there is no element {name!r}" for name in names if name not in CELLS]
    found += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    found += [f"column {name} is missing" for name in REQUIRED - set(names)]
    for row in rows:
        if len(row) != len(names):
            found.append(f"{row} has {len(row)} cells for {len(names)} columns")
        said = {name: value for name, value in zip(names, row, strict=False) if value}
        found += [f"{name} is missing" for name in REQUIRED - set(said)]
        found += [] if {"permID", "provID", "trkSub"} & set(said) else ["it has no name"]
        found += ["a magnitude and its band come together"] if ("mag" in said) != ("band" in said) else []
        found += ["an error without a magnitude"] if "rmsMag" in said and "mag" not in said else []
        found += [fault for name, value in said.items() if name in CELLS for fault in _cell(name, value, *CELLS[name])]
    return found
