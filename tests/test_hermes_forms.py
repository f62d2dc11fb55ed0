"""Whatever is typed for TNS and GCN: our check and HERMES say the same of it, field by field; what both take arrives.

Authority: the stand-in, whose rules are the server's (tests/hermes_exchanges_check.py). Ours may say more: of what HERMES takes
and garbles (tom_hermes.schema.unwise), and of what TNS wants of each target (tom_hermes.discovery).
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import hermes_content as seen
from tom_hermes import accounts, discovery
from tom_hermes.fake import Fake
from tom_hermes.onward import Gcn, Tns
from tom_hermes.schema.unwise import unwise
from tom_scimma.errors import Unsaid

pytestmark = pytest.mark.django_db
TOPIC = "hermes.test"
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD = (
    *("", " ", "x", "0", "-1", "0.012", "nan", "1e999", "\u212b", "A|B", "two\nlines", "x" * 300),
    *("re: GRB 260101A", "GRB 260101A", "Out of office: GW", "SN Ia", "fa16", "g-Sloan", "DSS", "PSN - Possible SN"),
    *("2026-01-02", "2026-01-02T03:04:05+02:00", "yesterday", "Monday", "61042.5", "2026"),
)
LATE = seen.limit(time=seen.NIGHT + timedelta(days=1))
REPORTS = {
    "an AT report": (Tns, {"photometry": (seen.point(), seen.limit())}),
    "an AT report without a limit from before": (Tns, {"photometry": (seen.point(), LATE)}),
    "a report of what was not seen": (Tns, {"photometry": (seen.limit(),)}),
    "a classification": (Tns, {"spectra": (seen.spectrum(extra={"classification": "SN Ia"}),)}),
    "a circular": (Gcn, {"photometry": (seen.point(),)}),
    "a circular without data": (Gcn, {"targets": ()}),
}


@pytest.fixture(scope="module")
def standin():
    with Fake() as fake:
        yield fake


@pytest.fixture(autouse=True)
def hermes(app, settings, standin):
    cache.clear()
    settings.TOM_HERMES = {"BASE_URL": standin.url, "TOKEN": standin.token, "TEST_SERVER": True}
    accounts.first()  # as the worker does when it begins
    return standin


def typed(data, there, content) -> dict:
    """The form as it is offered, with some fields otherwise: another choice, or something odd."""
    form = seen.filled(there, content)
    wanted = there.needs(content)
    for need in data.draw(st.lists(st.sampled_from(wanted), max_size=4, unique_by=lambda need: need.field)):
        values = [value for value, _ in need.choices] if need.kind == "choice" else []
        form[need.field] = data.draw(st.booleans() if need.kind == "check" else st.sampled_from([*values[:5], *ODD]))
    return form


@pytest.mark.parametrize("what", REPORTS)
@QUICK
@given(data=st.data())
def test_our_check_and_hermes_agree_field_by_field(hermes, what, data):
    kind, chosen = REPORTS[what]
    there, content = kind(TOPIC), seen.content(**chosen)
    try:
        payload, _ = there.preview(typed(data, there, content))
    except Unsaid:  # it is refused with its reasons
        return
    said = json.loads(payload)
    ours, theirs = there.faults(payload), there.ask(payload, hermes.token)
    assert set(theirs) <= set(ours)
    more = {**unwise(said["message"]), **(discovery.lacks(said["message"]) if kind is Tns else {})}
    assert set(ours) - set(there.named(more, said)) <= set(theirs)
    if not ours:
        before = len(hermes.messages)
        assert there.send(payload, "key", hermes.token).id == hermes.messages[-1].uuid
        assert len(hermes.messages) == before + 1
