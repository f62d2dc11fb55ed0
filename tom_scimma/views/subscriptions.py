"""Subscriptions: one's own list, the page of one, making, changing, switching and deleting; what one would have told."""

from __future__ import annotations

from importlib import metadata

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.views.generic import TemplateView, View

from tom_scimma import hooks
from tom_scimma.conf import conf
from tom_scimma.hindsight import would_have_told
from tom_scimma.models import Subscription
from tom_scimma.query import QueryError, names
from tom_scimma.query.doubts import doubts
from tom_scimma.subscription_form import ActionForms, SubscriptionForm, too_many
from tom_scimma.subscription_table import SubscriptionFilter, SubscriptionTable, seen_matches, wrong_with
from tom_scimma.views.events import ListMixin

#: a page of the history
PER_PAGE = 50


class Own(LoginRequiredMixin):
    """A view of the visitor's own subscriptions; there are no others."""

    @property
    def subscriptions(self):
        return Subscription.objects.filter(owner=self.request.user)

    @property
    def subscription(self) -> Subscription:
        if not hasattr(self, "_subscription"):
            self._subscription = get_object_or_404(self.subscriptions, pk=self.kwargs["pk"])
        return self._subscription


class SubscriptionListView(Own, ListMixin):
    """One's subscriptions: what each looks for, whether it is on, what it found lately."""

    model = Subscription
    noun = "subscription"
    table_class = SubscriptionTable
    filterset_class = SubscriptionFilter
    template_name = "tom_scimma/subscriptions.html"

    def get_queryset(self):
        return self.subscriptions.prefetch_related("actions")


class SubscriptionView(Own, TemplateView):
    """One subscription, and what it met."""

    template_name = "tom_scimma/subscription.html"

    def get_context_data(self, **kwargs):
        row, declared = self.subscription, hooks.subscription_actions()
        matches = seen_matches(self.request.user).filter(subscription=row).select_related("alert__event")
        pages = Paginator(matches.defer("alert__document", "alert__event__properties"), PER_PAGE)
        actions = [(action, declared.get(action.name)) for action in row.actions.all()]
        error = wrong_with(row.query)
        return super().get_context_data(
            row=row,
            error=error,
            doubts=[] if error else doubts(row.query, self.request.user),
            does=[(said["label"] if said else f"{action.name} (no app offers it now)") for action, said in actions],
            testable=any(said and said.get("test") for _, said in actions),
            page=pages.get_page(self.request.GET.get("page")),
            **kwargs,
        )


class SubscriptionEditView(Own, TemplateView):
    """The form, of a new subscription or of one that is there."""

    template_name = "tom_scimma/subscription_edit.html"

    @property
    def instance(self) -> Subscription:
        return (
            self.subscription if "pk" in self.kwargs else Subscription(query=self.request.GET.get("query", "")[:2000])
        )

    def get(self, request, *args, **kwargs):
        row = self.instance
        return self._page(row, SubscriptionForm(instance=row, owner=request.user), ActionForms(row, request.user))

    def post(self, request, *args, **kwargs):
        row = self.instance
        form = SubscriptionForm(request.POST, instance=row, owner=request.user)
        actions = ActionForms(row, request.user, request.POST)
        if not all([form.is_valid(), actions.is_valid()]):
            return self._page(row, form, actions)
        form.instance.owner = request.user
        saved = form.save()
        actions.save(saved)
        notes.success(request, f"Saved: {saved.name}.")
        return redirect(saved)

    def _page(self, row: Subscription, form: SubscriptionForm, actions: ActionForms):
        return self.render_to_response(
            self.get_context_data(
                row=row if row.pk else None,
                form=form,
                actions=actions,
                error=form.query_error,
                names=names.NAMES_OF[names.EVENTS].values(),
                djangoql=metadata.version("djangoql"),
            )
        )


class SubscriptionSaveView(Own, View):
    """Saves a query in one click, named after itself; what it shall do is asked for on the next page."""

    http_method_names = ["post"]

    def post(self, request):
        text = request.POST.get("query", "").replace("\r\n", "\n").strip()
        wrong = wrong_with(text)
        if problem := str(wrong or too_many(request.user)):
            notes.error(request, problem)
            return redirect("tom_scimma:subscriptions")
        same = self.subscriptions.filter(query=text).first()
        row = same or Subscription.objects.create(owner=request.user, name=self._name(text), query=text)
        notes.info(
            request, "You had saved this query." if same else "Saved. It watches from now on; choose what it shall do."
        )
        return redirect("tom_scimma:subscription-edit", pk=row.pk)

    def _name(self, text: str) -> str:
        taken = set(self.subscriptions.values_list("name", flat=True))
        short = " ".join(text.split())
        short = short if len(short) <= 60 else f"{short[:59]}…"
        return next(
            name for name in (short, *(f"{short} ({n})" for n in range(2, len(taken) + 3))) if name not in taken
        )


class SubscriptionSwitchView(Own, View):
    """Switches one on or off."""

    http_method_names = ["post"]

    def post(self, request, pk):
        self.subscription.enabled = request.POST.get("enabled") == "1"
        self.subscription.save(update_fields=["enabled", "changed"])
        if request.POST.get("back") == "page":
            return redirect(self.subscription)
        back = request.POST.get("next", "")  # the same page of the list
        ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return redirect(back if ours else "tom_scimma:subscriptions")


class SubscriptionDeleteView(Own, TemplateView):
    """Asks, and deletes with its history."""

    template_name = "tom_scimma/subscription_delete.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(row=self.subscription, count=self.subscription.matches.count(), **kwargs)

    def post(self, request, pk):
        self.subscription.delete()
        notes.success(request, f"Deleted: {self.subscription.name}.")
        return redirect("tom_scimma:subscriptions")


class SubscriptionTestView(Own, View):
    """Has each action that can show itself do so, to the owner alone: an action's `test` is called with (subscription, user)."""

    http_method_names = ["post"]

    def post(self, request, pk):
        declared, said = hooks.subscription_actions(), 0
        for action in self.subscription.actions.all():
            if path := declared.get(action.name, {}).get("test"):
                import_string(path)(self.subscription, request.user)
                said += 1
        if said:
            notes.success(request, "A test is on its way.")
        else:
            notes.info(request, "Nothing this subscription does can be tried.")
        return redirect(self.subscription)


class HindsightView(Own, TemplateView):
    """What a query would have told in the last month; nothing is done about it."""

    def get_template_names(self):
        return ["tom_scimma/partials/hindsight.html" if self.request.htmx else "tom_scimma/hindsight.html"]

    def get_context_data(self, **kwargs):
        asked = self.request.GET
        text = asked.get("query", "").replace("\r\n", "\n").strip()
        options = {name: asked.get(name) in ("on", "1", "true") for name in ("tests", "reports", "follow")}
        context = {"query": text, "options": options}
        try:
            now = timezone.now()
            context["hindsight"] = would_have_told(text, self.request.user, now, seconds=conf.QUERY_SECONDS, **options)
            context["doubts"] = doubts(text, self.request.user)
        except QueryError as error:
            context["error"] = error
        return super().get_context_data(**context, **kwargs)
