"""Where else an event is described: what its notices link to, and the pages that go by its name. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

SUPEREVENT = re.compile(r"[A-Z]{0,2}S\d{6}[a-z]+")
TRANSIENT = re.compile(r"(?:AT|SN) ?((?:19|20)\d\d[A-Za-z]{1,5})")
#: a Reference that has no name of its own, as voevent and hermes call it
NUMBERED = re.compile(r"reference \d+")
BURST = re.compile(r"GRB ?\d{6}[A-Z]?")


class Link(NamedTuple):
    """A labelled address outside this TOM."""

    label: str
    url: str


def links(kind: str, names: Iterable[str], said: Iterable[Mapping[str, str]], limit: int = 30) -> list[Link]:
    """The links of an event of this kind and these names, whose notices said these links; no address and no label twice.

    What a notice only numbers (`reference 1`) is called by its address.
    """
    found = [*_by_name(kind, list(names))]
    for one in said:
        found.extend(Link(str(label), url) for label, url in one.items() if safe(url))
    unlike = list({link.url: link for link in reversed(found)}.values())[::-1][:limit]
    seen: Counter[str] = Counter()
    named = []
    for link in unlike:
        label = _address(link.url) if NUMBERED.fullmatch(link.label) else link.label
        seen[label] += 1
        named.append(Link(label if seen[label] == 1 else f"{label} ({seen[label]})", link.url))
    return named


def _address(url: str) -> str:
    """`gcn.gsfc.nasa.gov/fermi.html`: an address as people say it."""
    parts = urlsplit(url)
    return (parts.netloc.rpartition("@")[2].removeprefix("www.") + parts.path.rstrip("/"))[:40]


def safe(url: object) -> bool:
    """Whether an address that a stranger sent may be a link on our page: absolute, http or https."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.netloc)


def _by_name(kind: str, names: list[str]) -> Iterable[Link]:
    for name in names:
        if SUPEREVENT.fullmatch(name):
            yield Link("GraceDB", f"https://gracedb.ligo.org/superevents/{name}/view/")
            yield Link("Hermes", f"https://hermes.lco.global/nonlocalizedevent/{name}")
            yield Link("Treasure Map", f"https://treasuremap.space/alerts?graceids={name}")
            yield Link("GCN Circulars", f"https://gcn.nasa.gov/circulars?query={name}")
        elif match := TRANSIENT.fullmatch(name):
            yield Link("TNS", f"https://www.wis-tns.org/object/{match[1]}")
        elif BURST.fullmatch(name) or name == names[0]:
            yield Link(
                "GCN Circulars" if name == names[0] else f"GCN Circulars: {name}",
                f"https://gcn.nasa.gov/circulars?query={quote(name)}",
            )
