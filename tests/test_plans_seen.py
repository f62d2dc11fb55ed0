"""Plans as rows: who sees them, what their question is, and which version is the newest.

Authority: the rule of one `visible_to` a model, and that what is made from a protected map is seen by its readers alone.
"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from tom_targets.models import Target

from tests import factories as make
from tom_treasuremap.models import Plan
from tom_treasuremap.planning.question import Question


def test_a_question_goes_into_a_row_and_back():
    asked = Question(
        telescopes=("one", "two"), filters=("g", "r"), start=datetime(2026, 11, 20, 3, tzinfo=timezone.utc), airmass=2.0,
        source={"magnitudes": {"r": [-16.0, -14.0]}},
    )  # fmt: skip
    assert Question.from_json(asked.to_json()) == asked
    assert Question.from_json({**asked.to_json(), "gone": 1}) == asked
    assert Question().to_json() == {}


@pytest.mark.django_db
def test_who_sees_a_plan():
    team, other = Group.objects.create(name="team"), Group.objects.create(name="other")
    member, stranger = make.user("member", team), make.user("stranger", other)
    public, secret = make.known("S1"), make.known("S2", groups=(team,))
    target = Target.objects.create(name="mine", type="SIDEREAL", ra=1, dec=2, permissions="PRIVATE")
    plans = {
        "public": Plan.objects.create(event=public, alert=public.alerts.first()),
        "of a protected event": Plan.objects.create(event=secret, alert=secret.alerts.first(), protected=True),
        "on a protected map": Plan.objects.create(event=public, alert=secret.alerts.first(), protected=True),
        "on a group's pointings": Plan.objects.create(event=public),
        "of a private target": Plan.objects.create(event=public),
    }
    plans["on a group's pointings"].groups.add(team)
    plans["of a private target"].targets.add(target)

    def seen(user):
        return {name for name, plan in plans.items() if Plan.objects.visible_to(user).filter(pk=plan.pk).exists()}

    assert seen(None) == seen(AnonymousUser()) == set()
    assert seen(stranger) == {"public"}
    assert seen(member) == set(plans) - {"of a private target"}
    target.give_user_access(member)
    assert seen(member) == set(plans)
    assert seen(make.user("root", is_superuser=True)) == set(plans)


@pytest.mark.django_db
def test_the_newest_version_of_each():
    first = Plan.objects.create()
    Plan.objects.filter(pk=first.pk).update(line=first)
    second = Plan.objects.create(line=first, version=2)
    lone = Plan.objects.create()
    Plan.objects.filter(pk=lone.pk).update(line=lone)
    assert set(Plan.objects.newest()) == {second, lone}
