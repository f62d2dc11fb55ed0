"""An event's portfolio: every word on it that somebody may see, newest first, filtered, a page at a time.

portfolio(event, user, choice) -> Portfolio     five queries and those for its targets' names, however long it is
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from tom_targets.models import Target, TargetName
from tom_targets.permissions import targets_for_user

from tom_scimma import wording
from tom_scimma.models import Alert, Event

PAGE = 50
#: so much of one text is shown and searched for names; the message has all
TEXT = 4000
#: so many different words of one page are looked up as names of targets
GRAMS = 6000
#: what says how likely it is that there is nothing, beside a rate: the property, what it is called, how it is shown
CHANCES = (
    ("false_alarm_probability", "false-alarm probability", wording.percent),
    ("p_value", "p-value", wording.number),
)
TAKEN_BACK = "what was said before is taken back"
_CIRCULAR = re.compile(r"\bGCN(?: Circ(?:ular)?s?\.?)?,? ?(?:No\. ?|#)?(\d{4,6})\b")
_WORD = re.compile(r"[\w+.\-/']*\w")


@dataclass(frozen=True)
class Choice:
    """What is asked for; empty: all."""

    source: str = ""
    type: str = ""
    topic: str = ""
    text: str = ""
    page: int = 1

    @property
    def some(self) -> bool:
        return any((self.source, self.type, self.topic, self.text))


@dataclass(frozen=True)
class Entry:
    """One word on the event."""

    alert: Alert
    headline: SafeString
    text: SafeString
    longer: bool  #: the message has more than is shown


@dataclass(frozen=True)
class Portfolio:
    entries: tuple[Entry, ...]
    choice: Choice
    more: bool  #: there are older ones
    sources: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()
    topics: tuple[str, ...] = ()
    targets: dict[str, Any] = field(default_factory=dict)  #: of the reader's, by the name that was said


def portfolio(event: Event, user, choice: Choice) -> Portfolio:
    """One page of what was said; the choices that there are come with the first."""
    visible = Alert.objects.visible_to(user).filter(event=event)
    rows = _chosen(visible, choice).select_related("message").defer("message__headers", "message__traceback")
    begin = (choice.page - 1) * PAGE
    alerts = list(rows.order_by("-order", "-pk")[begin : begin + PAGE + 1])
    shown = alerts[:PAGE]
    targets = _targets([_text(alert) for alert in shown], user)
    entries = tuple(_entry(alert, targets) for alert in shown)
    choices = _choices(visible) if choice.page == 1 else {}
    return Portfolio(entries, choice, len(alerts) > PAGE, targets=targets, **choices)


def _chosen(rows: QuerySet[Alert], choice: Choice) -> QuerySet[Alert]:
    wanted = {"source": choice.source, "alert_type": choice.type, "message__topic": choice.topic}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return rows.filter(document__text__icontains=choice.text) if choice.text else rows


def _choices(rows: QuerySet[Alert]) -> dict[str, Any]:
    rows = rows.order_by()
    types = set(rows.values_list("alert_type", flat=True).distinct())
    return {
        "sources": tuple(sorted(rows.values_list("source", flat=True).distinct()))[:200],
        "types": tuple((name, words) for name, words in wording.ALERT_TYPES.items() if name in types),
        "topics": tuple(sorted(rows.values_list("message__topic", flat=True).distinct()))[:200],
    }


def _text(alert: Alert) -> str:
    return str(alert.document.get("text") or "")


def _entry(alert: Alert, targets: dict[str, Any]) -> Entry:
    text, said = _text(alert), alert.document.get("properties") or {}
    subject, _, body = text.partition("\n")
    number = said.get("circular") if alert.alert_type == "report" else None
    title = marked(wording.short(subject, 200), targets) if number or "title" in said else SafeString("")
    if isinstance(number, int):
        address = f"https://gcn.nasa.gov/circulars/{number}"
        title = format_html('<a href="{}" rel="noreferrer">GCN Circular {}</a>: {}', address, number, title)
    rest = (body if title else text).strip()
    return Entry(alert, title or _words(alert), marked(rest[:TEXT], targets), len(rest) > TEXT)


def _words(alert: Alert) -> SafeString:
    """A notice in a few words: what it gives of rate or chance, class and place."""
    said, sky = alert.document, alert.document.get("sky") or {}
    parts = []
    if alert.far_hz is not None:
        parts.append(f"false alarms {wording.rate(alert.far_hz)}")
    properties = said.get("properties") or {}
    for name, words, shown in CHANCES:
        if isinstance(properties.get(name), (int, float)):
            parts.append(f"{words} {shown(properties[name])}")
    classes = {name: p for name, p in (said.get("classification") or {}).items() if isinstance(p, (int, float))}
    if classes:
        name, p = max(classes.items(), key=lambda pair: pair[1])
        parts.append(f"{name[:60]} {p:.0%}")
    if sky.get("type") == "healpix":
        parts.append("a sky map")
    elif sky.get("ra_deg") is not None:
        size = f" ± {wording.angle(sky['radius_deg'])}" if sky.get("radius_deg") else ", no error given"
        parts.append(f"position {sky['ra_deg']:.4f} {sky['dec_deg']:+.4f}{size}")
    nothing = TAKEN_BACK if alert.alert_type == "retraction" else "nothing of rate, class or place"
    return format_html("{}", ", ".join(parts) or nothing)


def marked(text: str, targets: dict[str, Any]) -> SafeString:
    """The text as HTML, with circulars linked that it cites, and targets that the reader may see."""
    names = sorted(map(re.escape, targets), key=len, reverse=True)
    pattern = re.compile("|".join([_CIRCULAR.pattern, *(rf"(?<!\w){name}(?!\w)" for name in names)]))
    parts, end = [], 0
    for match in pattern.finditer(text):
        parts.append(format_html("{}", text[end : match.start()]))
        target = targets.get(match[0])
        if target is not None:
            parts.append(format_html('<mark><a href="{}">{}</a></mark>', target.get_absolute_url(), match[0]))
        else:
            address = f"https://gcn.nasa.gov/circulars/{match[1]}"
            parts.append(format_html('<a href="{}" rel="noreferrer">{}</a>', address, match[0]))
        end = match.end()
    parts.append(format_html("{}", text[end:]))
    return format_html_join("", "{}", ((part,) for part in parts))


def _targets(texts: Iterable[str], user) -> dict[str, Any]:
    """The user's targets that texts name, by the name as it is written there."""
    grams = sorted({gram for text in texts for gram in _grams(text[:TEXT])})[:GRAMS]
    if not grams:
        return {}
    mine = targets_for_user(user, Target.objects.all(), "view_target")
    found = {target.name: target for target in mine.filter(name__in=grams)}
    others = TargetName.objects.filter(name__in=grams, target__in=mine.order_by().values("pk")).select_related("target")
    return {**{row.name: row.target for row in others}, **found}


def _grams(text: str) -> Iterable[str]:
    """Up to three words in a row that may be a name: with a digit in them, or one word with a capital."""
    words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    for place, (begin, end) in enumerate(words):
        word = text[begin:end]
        if len(word) > 3 and word[0].isupper() and not any(letter.isdigit() for letter in word):
            yield word
        for _, last in words[place : place + 3]:
            gram = text[begin:last]
            if 2 < len(gram) <= 60 and "\n" not in gram and any(letter.isdigit() for letter in gram):
                yield gram
