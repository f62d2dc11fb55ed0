"""What services say of a draft before it is sent. The worker asks them, with its owner's credential: no click waits for a service.

put(draft, proof)        questions for the worker, which is woken
answers(draft, proof)    what is known by now, an Answer by sink
form(draft, letter)      the same, to open a service's own form with it
run()                    the worker's job
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_scimma import destinations, storable
from tom_scimma.compose import drafts, rules
from tom_scimma.compose.content import Content
from tom_scimma.compose.parcels import Letter, Proof
from tom_scimma.compose.selection import Selection
from tom_scimma.errors import DeliveryError
from tom_scimma.models import Draft, Embargo, Event, Job, Question, Stop

logger = logging.getLogger("tom_scimma.deliver")
JOB = "services asked"
#: a question that nobody came to in this time is not asked any more, and an answer holds so long
WAITED, HOLDS = timedelta(minutes=5), timedelta(minutes=10)
#: seconds that one turn of the job goes on with further questions
TURN = 20.0
GO_ON = "You may go on; it is asked when it is sent."


@dataclass(frozen=True)
class Answer:
    """What a service said when it was asked: fine, not reached, or what is wrong by field. `waits`: it is still being asked."""

    fine: bool
    text: str
    faults: dict[str, list[str]]
    waits: bool = False


def can_ask(letter: Letter) -> bool:
    """Whether a letter is there, and its service is one that can be asked."""
    return bool(letter.parcels) and type(letter.there).ask is not destinations.Destination.ask


def embargo_on(letter: Letter, draft: Draft, content: Content) -> Embargo | None:
    """The embargo that would hold it: also one on a target of which data are chosen, though it is not ticked itself."""
    name = Selection.from_json(draft.selection).event
    event = Event.objects.filter(name=name).values_list("pk", flat=True).first() if name else None
    return rules.embargo(letter.name, event, [body.pk for body in content.targets])


def _silent(letter: Letter, draft: Draft, content: Content) -> str:
    """Why a service is not even asked, since to ask it is to tell it; "" where it is."""
    if letter.there.is_dry:
        return "this is a dry run."
    if Stop.objects.filter(in_force=True).exists():
        return "everything that leaves is stopped."
    row = embargo_on(letter, draft, content)
    return rules.embargoed(row) if row is not None else ""


def _open(draft: Draft, proof: Proof) -> Iterator[tuple[Letter, str, Question | None]]:
    """The letters that can be asked about, with the hash of what is asked, and the question about just that where there is one."""
    known = {row.destination: row for row in draft.questions.filter(own_form=False).defer("payload")}
    for letter in filter(can_ask, proof.letters):
        sha256 = hashlib.sha256(letter.parcels[0].payload).hexdigest()
        row = known.get(letter.name)
        fresh = row is not None and row.sha256 == sha256 and row.asked > timezone.now() - HOLDS
        yield letter, sha256, row if fresh else None


def put(draft: Draft, proof: Proof, *, anew: bool = False) -> None:
    """Asks about the first part of each letter, but for what was answered just now; `anew`: that too."""
    for letter, sha256, row in _open(draft, proof):
        stands = row is not None and not row.problem and not anew
        if stands or _silent(letter, draft, proof.content):
            continue
        _put(draft, letter, sha256)
    transaction.on_commit(lambda: Job.wake(JOB))


def form(draft: Draft, letter: Letter) -> None:
    """Has the worker open the service's own form with this letter; `draft.questions` has the row that says where."""
    _put(draft, letter, hashlib.sha256(letter.parcels[0].payload).hexdigest(), own_form=True)
    transaction.on_commit(lambda: Job.wake(JOB))


def _put(draft: Draft, letter: Letter, sha256: str, *, own_form: bool = False) -> None:
    values = {"sha256": sha256, "payload": letter.parcels[0].payload, "asked": timezone.now(), "answered": None}
    values |= {"faults": {}, "problem": "", "address": ""}
    Question.objects.update_or_create(draft=draft, destination=letter.name, own_form=own_form, defaults=values)


def answers(draft: Draft, proof: Proof) -> dict[str, Answer]:
    """What is known by now, by sink; nothing of one that was not asked about just this."""
    found = {}
    for letter, _, row in _open(draft, proof):
        if why := _silent(letter, draft, proof.content):
            found[letter.name] = Answer(False, f"The service is not asked: {why}", {})
        elif row is not None:
            found[letter.name] = _answer(row)
    return found


def _answer(row: Question) -> Answer:
    if row.answered is None:
        return Answer(False, "The service is asked whether it would take it; you need not wait for that.", {}, True)
    if row.problem:
        return Answer(False, f"It could not be asked: {row.problem.rstrip('.')}. {GO_ON}", {})
    if row.faults:
        return Answer(False, "The service would refuse it.", row.faults)
    return Answer(True, "The service takes it like this.", {})


def run() -> None:
    """The job: what was asked, the oldest first."""
    until = time.monotonic() + TURN
    rows = Question.objects.filter(answered=None).select_related("draft__user").order_by("asked")
    while time.monotonic() < until and (row := rows.first()) is not None:
        _ask(row)


def _ask(row: Question) -> None:
    """Asks one, and keeps the answer; where something else was asked meanwhile, that is still open."""
    from tom_scimma.worker.lane import caught

    found: dict[str, Any] = {}
    error = caught(lambda: found.update(_said(row)))
    if error is not None and not isinstance(error, (DeliveryError, LookupError)):
        logger.error("question=%s to=%s failed: %s", row.pk, row.destination, error, exc_info=error)
    said = error.args[0] if isinstance(error, LookupError) and error.args else error
    problem = "" if error is None else storable.text(str(said) or type(error).__name__)[:2000]
    same = Question.objects.filter(pk=row.pk, sha256=row.sha256, asked=row.asked)
    same.update(answered=timezone.now(), payload=b"", problem=problem, **found)


def _said(row: Question) -> dict[str, Any]:
    """What the service says, as fields of the row. Raises DeliveryError or LookupError where it could not be asked."""
    user = row.draft.user
    if timezone.now() - row.asked > WAITED or not user.is_active:
        raise DeliveryError("the worker did not come to it in time.")
    if why := _since(row):
        raise DeliveryError(why)
    there, payload = destinations.find(row.destination), bytes(row.payload)
    if row.own_form:
        return {"address": there.preload(payload, there.credential(user))}
    return {"faults": storable.values(there.ask(payload, there.credential(user)))}


def _since(row: Question) -> str:
    """Why it may not be asked any more, since an embargo, a stop or a rule may have come; "" where it may. Raises Unseen."""
    proof = drafts.proof_of(row.draft)
    letter = next((one for one in proof.letters if one.name == row.destination), None)
    if letter is None:
        return "it is not chosen any more."
    held = row.own_form and rules.may_send(letter.name, row.draft.user).approval
    return "somebody else must approve it first." if held else _silent(letter, row.draft, proof.content)
