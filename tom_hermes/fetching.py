"""Spectra that messages refer to -> fetched by the worker, through guard.py alone, and placed. Never within ingest."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tom_hermes import keeping, receive, rows, settling, spectrumfile, units
from tom_hermes.conf import conf
from tom_hermes.datums import write
from tom_hermes.models import Unplaced
from tom_hermes.said import Said, SaidDatum
from tom_scimma import guard
from tom_scimma.conf import conf as trunk
from tom_scimma.errors import Refused, Unavailable, Undecodable

#: what is not there is asked for again after so long, doubled each time, so often
WAIT, TIMES = timedelta(minutes=1), 10
#: at most so many at a turn of the worker
MOST = 20
Waits = Unplaced.State


def fetch_due() -> int:
    """Job of the worker: fetches the files that are due; how many became data."""
    due = Unplaced.objects.filter(state=Waits.FETCHING, due__lte=timezone.now(), received__retracted=False)
    return sum(_fetch(row) for row in due.select_related("received", "received__message").order_by("due")[:MOST])


def _fetch(row: Unplaced) -> bool:
    try:
        name, url = rows.links(row.row)[0]
        hosts = [*conf.FETCH_HOSTS, *trunk.FETCH_HOSTS]
        data = guard.fetch(url, allowed_hosts=hosts, max_bytes=conf.FETCH_BYTES, seconds=trunk.FETCH_SECONDS)
        said = spectrum(row, spectrumfile.read(data, max_bytes=conf.FETCH_BYTES), name)
    except Unavailable as error:
        return _later(row, str(error))
    except (Refused, Undecodable, rows.Unusable, spectrumfile.BadFile) as error:
        return _leave(row, str(error))
    return _place(row, said)


def spectrum(row: Unplaced, found: spectrumfile.Arrays, file: str) -> SaidDatum:
    """The spectrum of a row and its file. Units that the file says count, since HERMES adds its defaults to rows without."""
    said = dict(row.row)
    for key, unit, read in (
        ("flux_units", found.flux_unit, units.brightness),
        ("wavelength_units", found.wavelength_unit, units.wavelength),
    ):
        try:
            said[key] = read(unit)
        except units.BadUnit:  # the file says none that is known: the message's holds
            continue
    datum = rows.spectrum_of(row.index, row.name, said, (found.wavelength, found.flux, found.error))
    datum.extra["file"] = file
    return datum


def _place(row: Unplaced, said: SaidDatum) -> bool:
    received = row.received
    if row.target_id is None:
        return _leave(row, "its target is gone")
    with transaction.atomic():
        arrival = settling.arrival_of(received, Said(data=(said,)))
        arrival.homes = {row.name: row.target_id}
        made = write([arrival])
        if arrival.unplaced:
            return _leave(row, arrival.unplaced[0].words)
        row.state, row.settled_at, row.due = Waits.PLACED, timezone.now(), None
        row.save(update_fields=["state", "settled_at", "due"])
        received.data += arrival.data
        keeping.sum_up(received)
        receive.tell([arrival], made)
    return True


def _later(row: Unplaced, words: str) -> bool:
    row.attempts += 1
    if row.attempts >= TIMES:
        return _leave(row, words)
    row.words, row.due = words[:500], timezone.now() + WAIT * 2 ** (row.attempts - 1)
    row.save(update_fields=["attempts", "words", "due"])
    return False


def _leave(row: Unplaced, words: str) -> bool:
    """A person has to look."""
    row.state, row.words, row.due, row.attempts = Waits.WAITING, words[:500], None, 0
    row.save(update_fields=["state", "words", "due", "attempts"])
    keeping.sum_up(row.received)
    return False
