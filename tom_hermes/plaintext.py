"""A message as HERMES writes it for people: the answer of `plaintext/` and the body of a circular. Markdown tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: sections and the columns they may have; units are not among them
TABLES: dict[str, tuple[str, ...]] = {
    "targets": (
        "name", "ra", "dec", "ra_error", "dec_error", "pm_ra", "pm_dec", "epoch", "new_discovery", "redshift",
        "host_name", "host_redshift", "comments",
    ),
    "photometry": (
        "target_name", "date_obs", "brightness", "brightness_error", "limiting_brightness", "limiting_brightness_error",
        "bandpass", "telescope", "instrument", "exposure_time", "observer", "catalog", "comments",
    ),
    "astrometry": (
        "target_name", "date_obs", "ra", "dec", "ra_error", "dec_error", "telescope", "instrument", "mpc_sitecode",
        "catalog", "comments",
    ),
    "references": ("source", "citation", "url"),
}  # fmt: skip

#: what HERMES puts under a circular, with the page of the message
CLOSING = "\n\n This message was sent via HERMES.  A machine readable version can be found at {page}"


def plaintext(message: Any) -> str:
    """The text. Raises TypeError, KeyError or AttributeError where the server crashes: authors or data missing."""
    authors = message["authors"]
    many = "," in authors or " and " in authors
    text = f"{authors} {'report' if many else 'reports'}:\n\n{message.get('message_text')}\n\n"
    for section, columns in TABLES.items():
        rows = message["data"].get(section) or []
        if rows:
            there = [name for name in columns if any(name in row for row in rows)]
            text += f"# {section.capitalize()}\n{table(there, rows)}\n\n"
    return text


def table(columns: list[str], rows: Iterable[dict[str, Any]]) -> str:
    """A markdown table with columns of equal width."""
    cells = [columns, *([str(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + " |" for line in cells
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def brief(message: Any, rows: int = 100, closing: str = "") -> str:
    """The same for a page: no more than so many rows of a table, and what HERMES' text leaves out is counted."""
    data = message.get("data", {})
    shown = {
        name: value[:rows] if name in TABLES and isinstance(value, list) else value for name, value in data.items()
    }
    text = plaintext({**message, "data": shown}) + closing
    more = [f"{len(data[name]) - rows} more rows of {name}" for name in TABLES if len(data.get(name) or []) > rows]
    left = [*more, *(_counted(data))]
    return f"{text}In the message, not in this text: {', '.join(left)}.\n" if left else text


#: what else a message of ours may have, as it is called: one, and several
BESIDE = {
    "spectroscopy": ("spectrum", "spectra"),
    "earlier_limits": ("earlier limit", "earlier limits"),
    "candidates": ("candidate", "candidates"),
    "observations": ("observation", "observations"),
}


def _counted(data: Any) -> Iterable[str]:
    """What is in the message and in no table of its text."""
    for name, (one, several) in BESIDE.items():
        count = len(data.get(name) or [])
        if count:
            yield f"{count} {one if count == 1 else several}"
    rows = (row for name in ("targets", "spectroscopy") for row in data.get(name) or [])
    files = [file["name"] for row in rows for file in row.get("file_info") or []]
    if files:
        yield f"the file{'' if len(files) == 1 else 's'} {', '.join(files)}"
