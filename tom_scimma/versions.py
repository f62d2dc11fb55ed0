"""An event's alerts as one reads them: versions in order, each with what changed since its source's last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Prefetch, Q, QuerySet

from tom_scimma import changes
from tom_scimma.changes import Said
from tom_scimma.ledger import Ledger, for_event
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.notice import Notice

#: an event page shows at most so many versions, the newest; REST has them all
SHOWN = 200
#: and of reports, which change nothing and are all under "everything said", at most so many
REPORTS = 10


@dataclass(frozen=True)
class Version:
    """One alert, made ready to be read."""

    alert: Alert
    notice: Notice
    maps: tuple[Localization, ...]  #: without their bytes
    said: Said
    changes: tuple[str, ...]
    first: bool  #: the source's first word on this event
    ledger: Ledger

    @property
    def map(self) -> Localization | None:
        """The alert's own sky map, where it could be used."""
        return next((row for row in self.maps if row.name == "skymap" and not row.error), None)

    @property
    def bad_maps(self) -> list[Localization]:
        """Maps that came and could not be used."""
        return [row for row in self.maps if row.error]


def versions(event: Event, user) -> tuple[list[Version], int]:
    """The event's versions that this user may see, newest first, of reports the newest REPORTS; and how many there are in all."""
    visible = Alert.objects.visible_to(user).filter(event=event)
    maps = Prefetch("localizations", queryset=Localization.objects.defer("data").order_by("-name"))
    newest = visible.order_by("-order", "-pk")
    reports = list(newest.filter(authority=False).values_list("pk", flat=True)[: REPORTS + 1])
    wanted = newest.filter(Q(authority=True) | Q(pk__in=reports)).select_related("message").defer("message__traceback")
    alerts = list(wanted.prefetch_related(maps)[:SHOWN])[::-1]
    count = visible.count() if len(reports) > REPORTS or len(alerts) == SHOWN else len(alerts)
    shown = [one for one in _compared(alerts) if one.alert.pk not in reports[REPORTS:]]
    if count > len(alerts):
        shown = _no_first_words(shown, visible.exclude(pk__in=[alert.pk for alert in alerts]))
    return shown[::-1], count


def _no_first_words(shown: list[Version], earlier: QuerySet[Alert]) -> list[Version]:
    """The same; what a source said that spoke earlier is not its first word."""
    sources = {one.alert.source for one in shown if one.first}
    spoke = set(earlier.filter(source__in=sources).order_by().values_list("source", "authority").distinct())
    return [replace(one, first=one.first and (one.alert.source, one.alert.authority) not in spoke) for one in shown]


@dataclass(frozen=True)
class Heard:
    """One alert among what its source has said."""

    alert: Alert
    notice: Notice
    maps: tuple[Localization, ...]
    said: Said  #: in this alert
    known: Said  #: with what its source had said before
    changes: tuple[str, ...]
    first: bool


def heard(alert: Alert, visible: QuerySet[Alert]) -> Heard:
    """An alert as it is to be read by somebody who may see those alerts, which must be among them."""
    series = visible.filter(event=alert.event_id, source=alert.source, authority=alert.authority)
    until = series.filter(Q(order__lt=alert.order) | Q(order=alert.order, pk__lte=alert.pk)).order_by("-order", "-pk")
    maps = Prefetch("localizations", queryset=Localization.objects.defer("data").order_by("-name"))
    return list(_in_order(list(until.prefetch_related(maps)[:SHOWN])[::-1]))[-1]


def _compared(alerts: list[Alert]) -> Iterable[Version]:
    for one, ledger in zip(_in_order(alerts), for_event(alerts), strict=True):
        yield Version(one.alert, one.notice, one.maps, one.said, one.changes, one.first, ledger)


def _in_order(alerts: list[Alert]) -> Iterable[Heard]:
    """Each of these alerts, given in the sender's order, with what its source had said before."""
    before: dict[tuple[str, bool], Said] = {}
    for alert in alerts:
        notice, maps = alert.notice, tuple(alert.localizations.all())
        said = _said(notice, maps)
        series = (alert.source, alert.authority)
        earlier = before.get(series)
        found = changes.changes(earlier, said) if earlier else []
        before[series] = known = _known(earlier, said)
        yield Heard(alert, notice, maps, said, known, tuple(found), earlier is None)


def _said(notice: Notice, maps: Iterable[Localization]) -> Said:
    used = next((row for row in maps if row.name == "skymap" and not row.error), None)
    if used is None:
        return Said(notice)
    distance = None if used.distance_mpc is None else (used.distance_mpc, used.distance_sd_mpc)
    return Said(notice, used.area_90, distance)


def _known(earlier: Said | None, said: Said) -> Said:
    """What a source has said so far: what its newest notice leaves out, as a retraction does, keeps its last value."""
    if earlier is None:
        return said
    old, new = earlier.notice, said.notice
    notice = replace(
        new,
        time=new.time or old.time,
        far_hz=old.far_hz if new.far_hz is None else new.far_hz,
        classification=new.classification or old.classification,
        properties={**old.properties, **new.properties},
        instruments=new.instruments or old.instruments,
        sky=new.sky or old.sky,
    )
    area = earlier.area_90 if said.area is None else said.area_90
    return Said(notice, area, said.distance or earlier.distance)
