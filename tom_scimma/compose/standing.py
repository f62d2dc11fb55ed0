"""New data go out by themselves: what a standing share lets pass, queued with its owner's rights, until the first refusal.

begin(owner, "hopskotch:tom.news", form, target=12, predicate={...}, per_hour=6)
run()          the worker's job: reconciles, since bulk writes send no signal
poke()         a datum was saved: the job is due as soon as that is committed
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from tom_scimma.compose import sinks
from tom_scimma.compose.gather import Unseen, gather
from tom_scimma.compose.items import Cargo, items
from tom_scimma.compose.parcels import Proof, build
from tom_scimma.compose.predicate import KINDS, fitting
from tom_scimma.compose.rights import model_of
from tom_scimma.compose.selection import Selection
from tom_scimma.compose.sending import send
from tom_scimma.models import Candidate, Delivery, Event, Job, SharedItem, StandingShare

JOB = "new data shared"
HOUR = timedelta(hours=1)
#: rows of a kind in one round; what is left comes in the next
ROUND = 2000


def begin(
    owner: Any,
    destination: str,
    form: Mapping[str, Any],
    *,
    target: int | None = None,
    event: Event | None = None,
    predicate: Mapping[str, Any],
    per_hour: int,
) -> StandingShare:
    """A new one: what is there now is not new. Raises Unoffered for a destination that takes nothing by itself."""
    _sink(destination, owner)
    return StandingShare.objects.create(
        owner=owner,
        target_id=target,
        event=event,
        destination=destination,
        form=dict(form),
        predicate=dict(predicate),
        per_hour=per_hour,
        after=_ends(),
    )


def _sink(destination: str, owner: Any):
    there = sinks.find(destination, owner)
    if not there.continuous:
        raise sinks.Unoffered(f"Nothing goes to {there} by itself: a person must look at each message.")
    return there


def stop(row: StandingShare, reason: str) -> None:
    """It takes nothing more."""
    rows = StandingShare.objects.filter(pk=row.pk, active=True)
    rows.update(active=False, reason=reason[:2000], stopped=timezone.now())


def go_on(row: StandingShare) -> None:
    """It takes new data again, from now on; what was refused before is forgiven."""
    rows = StandingShare.objects.filter(pk=row.pk, active=False)
    rows.update(active=True, reason="", stopped=None, created=timezone.now(), after=_ends())


def _ends() -> dict[str, int]:
    """The last key of each table: what is there now is not new."""
    return {kind: model_of(kind).objects.aggregate(last=Max("pk"))["last"] or 0 for kind in KINDS}


def run() -> None:
    """Each active one, by itself."""
    for row in StandingShare.objects.filter(active=True).select_related("owner", "event").order_by("pk"):
        with transaction.atomic():
            one(row)


def one(row: StandingShare) -> list[Delivery]:
    """What is new of one, queued; or it stops, and says why."""
    why = _over(row)
    if why:
        stop(row, why)
        return []
    if full_until(row) is not None:
        return []
    chosen = {kind: keys for kind in KINDS if (keys := new_of(row, kind))}
    if not chosen:
        return []
    selection = Selection(row.event.name if row.event is not None else "", chosen)
    try:
        proof = _proof(row, selection)
    except sinks.Unasked:
        return []  # when the worker has asked
    except (Unseen, LookupError) as error:
        stop(row, str(error))
        return []
    if not proof.is_good:
        stop(row, f"Refused before it was sent: {'; '.join(faults(proof))}")
        return []
    return send(proof.leaving, Cargo.of(items(proof.content)), by=row.owner, event=selection.event, standing=row)


def full_until(row: StandingShare) -> datetime | None:
    """When it may send again, where the messages of the last hour are as many as it may send; else None."""
    recent = row.shares.filter(delivery__created__gt=timezone.now() - HOUR, number=1)
    times = list(recent.order_by("-delivery__created").values_list("delivery__created", flat=True)[: row.per_hour])
    if len(times) < row.per_hour:
        return None
    return (times[-1] if times else timezone.now()) + HOUR  # none at all, where none may leave


def waiting(row: StandingShare) -> int:
    """How many new data wait for their turn; of a kind no more than come in one round are counted."""
    return sum(len(new_of(row, kind)) for kind in KINDS) if row.active else 0


def _over(row: StandingShare) -> str:
    """Why it goes on no longer; "" where it does."""
    since = row.shares.filter(delivery__created__gte=row.created)
    refused = since.filter(delivery__state=Delivery.State.REJECTED).select_related("delivery").first()
    if refused is not None:
        return f"#{refused.delivery_id} was rejected: {refused.delivery.reason}"
    if not row.owner.is_active:
        return f"{row.owner.get_username()}, whose it is, is not active any more."
    if row.event is not None and row.event.state == Event.State.RETRACTED:
        return f"{row.event.name} was retracted."
    return ""


def new_of(row: StandingShare, kind: str) -> tuple[int, ...]:
    """Keys of the rows of a kind that came since it began, pass, and were not in a message of it."""
    condition = fitting(kind, row.predicate)
    if condition is None:
        return ()
    mine = SharedItem.objects.filter(kind=kind, number=OuterRef("pk"), delivery__share__standing=row.pk)
    rows = model_of(kind).objects.filter(
        condition, ~Exists(mine), pk__gt=row.after.get(kind, 0), target__in=_targets(row)
    )
    return tuple(rows.order_by("pk").values_list("pk", flat=True)[:ROUND])


def _targets(row: StandingShare) -> Any:
    """Its target; of an event the candidates that people found interesting or confirmed."""
    if row.event_id is None:
        return [row.target_id]
    good = (Candidate.Status.INTERESTING, Candidate.Status.CONFIRMED)
    rows = Candidate.objects.filter(event=row.event_id, status__in=good).visible_to(row.owner)
    return rows.order_by().values("target_id")


def _proof(row: StandingShare, selection: Selection) -> Proof:
    return build([_sink(row.destination, row.owner)], gather(selection, row.owner), row.form)


def faults(proof: Proof) -> list[str]:
    """Everything that is wrong with a proof, as sentences."""
    said = [f"{one.label}: {text}" for one in proof.fields.values() for text in one.errors]
    said += [text for letter in proof.letters for text in letter.problems]
    return said + [text for _, text in proof.refused]


def poke() -> None:
    """Makes the job due now, where there is anything for it to do: one statement."""
    now = timezone.now()
    active = Exists(StandingShare.objects.filter(active=True))
    Job.objects.filter(active, name=JOB, worker="", due__gt=now).update(due=now)


def saved(sender: Any, **kwargs: Any) -> None:
    """A datum was saved; once a transaction, and only when that is committed."""
    if not any(entry[1] is poke for entry in connection.run_on_commit):
        transaction.on_commit(poke)


def connect() -> None:
    """Hears of saved data."""
    from django.db.models.signals import post_save

    for kind in KINDS:
        post_save.connect(saved, sender=model_of(kind), dispatch_uid=f"tom_scimma.standing.{kind}")
