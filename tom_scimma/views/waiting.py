"""The answer to a page that waits for the worker, and asks again and again whether it is done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tom_scimma import workload


def still_waits(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Nothing new (204, by which htmx changes nothing and asks again), unless it is otherwise now whether a worker runs that could do
    it: the page says that it does not, and how it said so is in `attended` of the address."""
    attended = workload.attended(timezone.now())
    if request.GET.get("attended") == str(attended):
        return HttpResponse(status=204)
    return render(request, template, {**context, "attended": attended})
