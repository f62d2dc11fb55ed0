"""What an event of supernova neutrinos looks like to a person: who saw it, when, how likely by chance, and where it points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from tom_scimma import times
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.notice import Notice, Sky

#: detectors whose own word is within so much of the event's time speak of it; SNEWS looks for coincidences within 10 s
NEAR = timedelta(seconds=30)
#: who looks for coincidences: its word stands first, also where a person joined a detector's own notice to it
SERVER = "SNEWS"
SHOWN = 100


@dataclass(frozen=True)
class Seen:
    """One detector's neutrinos."""

    detector: str
    time: datetime | None
    raw: str  #: as said, with the digits beyond a microsecond
    p_value: float | None


@dataclass(frozen=True)
class Word:
    """One thing that somebody said: the coincidence server, or a detector by itself."""

    alert: Alert
    source: str
    what: str  #: coincidence, significance, timing, retraction ...
    test: bool
    drill: bool
    chance: float | None  #: that it is none: the false-alarm probability, or the detector's p-value
    seen: tuple[Seen, ...] = ()
    sky: Sky | None = None
    text: str = ""


@dataclass
class Panel:
    """What the card shows, the newest first."""

    alerts: list[Word] = field(default_factory=list)
    tiers: list[Word] = field(default_factory=list)
    #: of the same moment, by others than the coincidence server or on events of their own: what Super-K tells GCN
    others: list[Word] = field(default_factory=list)

    @property
    def pointing(self) -> Word | None:
        """Who says where: the newest word of the event itself, else whoever else does."""
        said = [*self.alerts[:1], *self.others, *self.alerts[1:], *self.tiers]
        return next((word for word in said if word.sky is not None and word.sky.ra_deg is not None), None)

    @property
    def latest(self) -> Word | None:
        return self.alerts[0] if self.alerts else None

    @property
    def before(self) -> list[Word]:
        """What the server said before its newest word, the newest first."""
        return self.alerts[1:]

    @property
    def real(self) -> bool:
        """Whether a star may have collapsed: it is no drill, and was not taken back."""
        # of an event of detectors alone, what was said of the event itself stands first
        newest = self.latest or next(iter(self.tiers), None)
        return not self.drill and (newest is None or newest.alert.alert_type != "retraction")

    @property
    def drill(self) -> bool:
        return bool(self.alerts or self.tiers) and all(word.test for word in [*self.alerts, *self.tiers])


def panel(event: Event, user: Any) -> dict[str, Any]:
    """The context of the card: nothing for events of another kind."""
    if event.kind != "SN":
        return {}
    visible = Alert.objects.visible_to(user).filter(kind="SN").select_related("message", "event")
    own = visible.filter(event=event)
    near = Q(pk=None)
    if event.time is not None:
        near = Q(time__range=(event.time - NEAR, event.time + NEAR), role=event.role)
    rows = list(own.order_by("-order", "-pk")[:SHOWN]) + list(
        visible.filter(near).exclude(event=event).order_by("time", "pk")[:SHOWN]
    )
    found = Panel()
    for alert in rows:
        kinds = found.alerts if alert.event_id == event.pk else found.others
        (found.tiers if alert.source.startswith("SNEWS ") else kinds).append(spoken(alert))
    found.others = [word for word in found.alerts if word.source != SERVER] + found.others
    found.alerts = [word for word in found.alerts if word.source == SERVER]
    if not found.alerts:
        found.alerts = [word for word in found.others if word.alert.event_id == event.pk]
        found.others = found.others[len(found.alerts) :]
    return {"panel": found, "maps": _has_map(rows)}


def spoken(alert: Alert) -> Word:
    """What one alert says, for people."""
    notice: Notice = alert.notice
    properties, extra = notice.properties, notice.extra
    chance = _first(
        properties.get("false_alarm_probability"), _inner(extra, "false_alarm_prob"), properties.get("p_value")
    )
    return Word(
        alert=alert,
        source=notice.source,
        what=_what(notice),
        test=notice.role == "test",
        drill=bool(properties.get("fire_drill") or str(extra.get("is_firedrill")).lower() == "true"),
        chance=chance,
        seen=tuple(_seen(notice)),
        sky=notice.sky,
        text=notice.text or "",
    )


def _what(notice: Notice) -> str:
    """`coincidence`, from `CoincidenceTier`; what an old message is, whose tier is not said, by what it brings."""
    if notice.alert_type == "retraction":
        return "retraction"
    word = str(notice.properties.get("tier") or notice.properties.get("snews2_tier") or "").lower().removesuffix("tier")
    if word:
        return word
    if not notice.source.startswith("SNEWS "):  # of them all, the server alone looks for coincidences
        name = "coincidence" if notice.source == SERVER else "alert"
        return {"initial": name, "update": f"{name}, updated"}.get(notice.alert_type, notice.alert_type)
    kinds = (("timing_series", "timing"), ("p_values", "significance"))
    return next((name for key, name in kinds if notice.extra.get(key)), "coincidence")


def _seen(notice: Notice) -> Iterable[Seen]:
    """Each detector with its first neutrino; one list in the order of the other, as the server sends them."""
    raw = notice.extra.get("neutrino_times") or notice.extra.get("event_times_utc")
    times_said = raw if isinstance(raw, list) else []
    values = notice.extra.get("p_values")
    if not isinstance(values, list):
        values = _inner(notice.extra, "p_values") or []
    if not times_said:
        single = notice.properties.get("p_value")
        yield from (
            Seen(name, notice.time, "", single if len(notice.instruments) == 1 else None) for name in notice.instruments
        )
        return
    for at, name in enumerate(notice.instruments):
        said = times_said[at] if at < len(times_said) else None
        chance = (
            values[at]
            if isinstance(values, list) and at < len(values) and isinstance(values[at], (int, float))
            else None
        )
        yield Seen(name, times.parse(said).time, str(said or ""), chance)


def _inner(extra: dict[str, Any], key: str) -> Any:
    inner = extra.get("tier_data")
    return inner.get(key) if isinstance(inner, dict) else None


def _first(*values: Any) -> float | None:
    return next((value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)), None)


def _has_map(rows: list[Alert]) -> bool:
    return Localization.objects.filter(alert__in=[row.pk for row in rows], error="").exists()
