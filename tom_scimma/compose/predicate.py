"""Which new data a standing share takes: kinds, detections or limits, bands, brightness, telescopes, sources.

A predicate is what its form keeps: {"kinds": ["photometry"], "limits": "detections", "bands": "r, i", "brighter": 20.5,
"telescopes": "", "sources": ""}. Empty lets all pass; but of sources only data that the TOM's people made themselves, unless
others are named: what was received is not sent on by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from tom_scimma import sources
from tom_scimma.compose.selection import ASTROMETRY, PHOTOMETRY, SPECTRUM

KINDS = (PHOTOMETRY, SPECTRUM, ASTROMETRY)
LIMITS = {"all": "detections and limits", "detections": "detections alone", "limits": "limits alone"}


def names(text: Any) -> list[str]:
    """The names in a text with commas."""
    return [one.strip() for one in str(text or "").split(",") if one.strip()]


def fitting(kind: str, predicate: Mapping[str, Any]) -> Q | None:
    """The condition on a kind's table; None where the predicate takes none of that kind."""
    if kind not in predicate.get("kinds", KINDS):
        return None
    found = Q(source_name__in=["", sources.tom_name(), *names(predicate.get("sources"))])
    if telescopes := names(predicate.get("telescopes")):
        found &= Q(telescope__in=telescopes)
    return found & _brightness(predicate) if kind == PHOTOMETRY else found


def _brightness(predicate: Mapping[str, Any]) -> Q:
    found = Q()
    if bands := names(predicate.get("bands")):
        found &= Q(bandpass__in=bands)
    if predicate.get("limits") == "detections":
        found &= Q(brightness__isnull=False)
    if predicate.get("limits") == "limits":
        found &= Q(brightness=None)
    if predicate.get("brighter") not in (None, ""):
        found &= Q(brightness__lte=float(predicate["brighter"]))
    return found


def words(predicate: Mapping[str, Any]) -> str:
    """A predicate for people."""
    said = [", ".join(predicate.get("kinds", KINDS))]
    if predicate.get("limits") in ("detections", "limits"):
        said.append(LIMITS[predicate["limits"]])
    for name, text in (("bands", "in"), ("brighter", "brighter than"), ("telescopes", "of"), ("sources", "also from")):
        if predicate.get(name) not in (None, ""):
            said.append(f"{text} {predicate[name]}")
    return "; ".join(said)
