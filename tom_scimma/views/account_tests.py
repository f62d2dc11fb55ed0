"""What a service said of one's own account, for a profile page that waits for the worker to ask it."""

from __future__ import annotations

from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import render
from django.views.generic import View

from tom_scimma import account_tests
from tom_scimma.views.waiting import still_waits

PART = "tom_scimma/partials/account_test.html"


class AccountTestedView(LoginRequiredMixin, View):
    """Nothing new until the worker has asked."""

    def get(self, request, service: str):
        tested = account_tests.shown(request.user, service)
        if tested["row"] is not None and tested["row"].answered is None:
            return still_waits(request, PART, {"tested": tested})
        return render(request, PART, {"tested": tested})
