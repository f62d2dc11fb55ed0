"""What this TOM told the Treasure Map of an event: the table, telling by a form or a file, completing, cancelling, DOIs."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.generic import TemplateView, View

from tom_scimma.errors import Unsaid
from tom_scimma.views.events import EventMixin
from tom_treasuremap import accounts, cancelling, completing, dois, reporting, withdrawing
from tom_treasuremap.destination import packed
from tom_treasuremap.forms import FileForm
from tom_treasuremap.models import Instrument, Report
from tom_treasuremap.report_forms import CompleteForm, DoiForm, PointingForm
from tom_treasuremap.rules import values
from tom_treasuremap.service import why_not_asked
from tom_treasuremap.sources import file

PER_PAGE = 50


class ReportsMixin(LoginRequiredMixin, EventMixin):
    """Gives a view the event's reports that its user sees, and those that they may change."""

    def reports(self):
        rows = Report.objects.visible_to(self.request.user).filter(event=self.event)
        return rows.select_related("event", "by", "posted", "completed", "cancelled", "doi_asked")

    def mine(self):
        """Those of this user; who may change deliveries may change all that they see."""
        rows = self.reports()
        return rows if self.request.user.has_perm("tom_scimma.change_delivery") else rows.filter(by=self.request.user)

    def back(self):
        return redirect("tom_treasuremap:event-reports", name=self.event.name)

    def queued(self, text: str):
        messages.success(self.request, f"{text} The worker sends it; this page shows what became of it.")
        return self.back()

    def page(self, status: int = 200, **forms: Any):
        user = self.request.user
        found = Paginator(self.reports(), PER_PAGE).get_page(self.request.GET.get("page"))
        mine = set(self.mine().filter(pk__in=[row.pk for row in found]).values_list("pk", flat=True))
        self._name_instruments(found.object_list)
        why = why_not_asked(self.event) or accounts.why_none(user)
        context = {
            "event": self.event, "page": found, "mine": mine, "why_not": why, "form": PointingForm(), "file_form": FileForm(user=user),
            "complete_form": CompleteForm(auto_id=False), "doi_form": DoiForm(), **forms,
        }  # fmt: skip
        return render(self.request, "tom_treasuremap/event_reports.html", context, status=status)

    def _name_instruments(self, rows: Any) -> None:
        """Gives each row `instrument`, as the Treasure Map calls it; its number where that is not known."""
        numbers = {row.said.get("instrumentid") for row in rows} - {None}
        known = Instrument.objects.filter(number__in=numbers) if numbers else ()
        names = {(one.origin, one.number): str(one) for one in known}
        for row in rows:
            number = row.said.get("instrumentid")
            row.instrument = names.get((row.origin, number), number)


class EventReportsView(ReportsMixin, TemplateView):
    """The table and its forms; a posted form tells one pointing."""

    def get(self, request, *args, **kwargs):
        return self.page()

    def post(self, request, *args, **kwargs):
        form = PointingForm(request.POST)
        if not form.is_valid():
            return self.page(400, form=form, opened="form")
        pointing = form.pointing(self.event.name)
        try:
            self._tell(pointing, "form")
        except Unsaid as error:
            for name, texts in (error.fields or {"": [str(error)]}).items():
                field = {"instrumentid": "instrument"}.get(name, name)
                form.add_error(field if field in form.fields else None, texts)
            return self.page(400, form=form, opened="form")
        return self.queued("One pointing is told.")

    def _tell(self, pointing: Any, kind: str) -> None:
        said = values(pointing)
        identity = {name: said.get(name) for name in ("ra", "dec", "instrumentid", "time", "band")}
        source = f"{kind}:{hashlib.sha256(packed(identity)).hexdigest()[:24]}"
        reporting.report(pointing, self.request.user, event=self.event, source=source)


class EventReportFileView(EventReportsView):
    """Tells what a file says, all of it or nothing; each row names its instrument by its number at the Treasure Map."""

    def get(self, request, *args, **kwargs):
        return self.back()

    def post(self, request, *args, **kwargs):
        form = FileForm(request.POST, request.FILES, user=request.user)
        if not form.is_valid():
            return self.page(400, file_form=form, opened="file")
        try:
            rows = file.read(
                form.cleaned_data["file"].read(), self.event.name, team="", status=form.cleaned_data["status"] or None
            )
        except file.BadFile as error:
            return self.page(400, file_form=form, file_errors=error.errors, opened="file")
        errors = []
        with transaction.atomic():
            for number, row in enumerate(rows, 1):
                try:
                    self._tell(row.pointing, "file")
                except Unsaid as error:
                    errors.append(f"row {number}: {error}")
            if errors:
                transaction.set_rollback(True)
        if errors:
            return self.page(400, file_form=form, file_errors=errors, opened="file")
        return self.queued(f"{len(rows)} pointings are told.")


class EventReportActView(ReportsMixin, View):
    """Cancels, completes, or asks a DOI for chosen reports of one's own."""

    http_method_names = ["post"]

    def post(self, request, *args, act: str, **kwargs):
        acts = {"cancel": self._cancel, "cancel-planned": self._cancel, "complete": self._complete, "doi": self._doi}
        if act not in acts:
            raise Http404("no such act")
        numbers = [int(text) for text in request.POST.getlist("report") if text.isdecimal()]
        chosen = self.mine().filter(pk__in=numbers[:1000])
        if act == "cancel-planned":
            chosen = self.mine().filter(pk__in=withdrawing.planned_there(self.event).values("pk"))
        rows = list(chosen)
        if not rows:
            messages.error(request, "Choose reports of yours.")
            return self.back()
        return acts[act](rows)

    def _cancel(self, rows: list[Report]):
        open_rows = [row for row in rows if row.status not in reporting.SETTLED]
        if not open_rows:
            messages.error(self.request, "What is completed or cancelled stays as it is at the Treasure Map.")
            return self.back()
        cancelling.cancel(open_rows, self.request.user, "By hand.", anew=True)
        return self.queued(f"{len(open_rows)} are cancelled.")

    def _complete(self, rows: list[Report]):
        form = CompleteForm(self.request.POST)
        open_rows = [row for row in rows if row.may_be_completed and row.posted_id is not None]
        if not form.is_valid() or not open_rows:
            words = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in form.errors.items())
            messages.error(self.request, words or "Only what is planned can be completed.")
            return self.back()
        try:
            anew = self._done(open_rows, form)
        except Unsaid as error:
            messages.error(self.request, str(error))
            return self.back()
        count = len(open_rows) - anew
        words = [f"{count} are completed, as they were planned."] if count else []
        words += [f"{anew} came out otherwise: what was planned is cancelled and told anew."] if anew else []
        return self.queued(" ".join(words))

    @transaction.atomic
    def _done(self, rows: list[Report], form: CompleteForm) -> int:
        """Completes planned reports, all or none; how many are told anew, since band or depth are others. Raises Unsaid."""
        anew = 0
        for row in rows:
            pointing = form.pointing(row.said, self.event.name)
            if pointing is None:
                said = form.cleaned_data
                completing.complete(row, self.request.user, said["time"], said["pos_angle"], anew=True)
                continue
            told = reporting.report(
                pointing, self.request.user, event=self.event, source=row.source, observation=row.observation_id
            )
            anew += told is not None and told.pk != row.pk
        return anew

    def _doi(self, rows: list[Report]):
        form = DoiForm(self.request.POST)
        if not form.is_valid():
            return self.page(400, doi_form=form, opened="doi")
        said = form.cleaned_data
        try:
            dois.request(rows, self.request.user, group=said["group"], creators=said["authors"])
        except Unsaid as error:
            form.add_error(None, str(error))
            return self.page(400, doi_form=form, opened="doi")
        return self.queued("A DOI is asked for.")
