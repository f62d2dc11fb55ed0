"""URLs of the pages; the host includes them at its root."""

from django.urls import include, path

from tom_treasuremap import telescope_pages
from tom_treasuremap.views import account, coverage, frames, galaxies, host, ocs, plans, pointings, reports

app_name = "tom_treasuremap"
urlpatterns = [
    *telescope_pages.urlpatterns,
    path("", include("tom_treasuremap.followup_pages")),
    path("observations/list/", host.ObservationsView.as_view()),
    path("observations/<int:pk>/cancel/", host.ObservationCancelView.as_view(), name="observation-cancel"),
    path("api/observations/", host.ObservationsViewSet.as_view({"get": "list", "post": "create"})),
    path("api/observations/<int:pk>/cancel/", host.ObservationsViewSet.as_view({"patch": "cancel"})),
    path("treasuremap/token/", account.TokenView.as_view(), name="token"),
    path("treasuremap/account/test/", account.AccountTestView.as_view(), name="account-test"),
    path("treasuremap/rules/", account.RulesView.as_view(), name="rules"),
    path("treasuremap/instrument/", account.InstrumentView.as_view(), name="instrument"),
    path("treasuremap/targets/<int:pk>/", account.TargetReportView.as_view(), name="target-report"),
    path("treasuremap/<event:name>/reports/", reports.EventReportsView.as_view(), name="event-reports"),
    path("treasuremap/<event:name>/reports/file/", reports.EventReportFileView.as_view(), name="event-report-file"),
    path(
        "treasuremap/<event:name>/reports/<slug:act>/",
        reports.EventReportActView.as_view(),
        name="event-report-act",
    ),
    path("treasuremap/<event:name>/galaxies/", galaxies.EventGalaxiesReportView.as_view(), name="event-galaxies"),
    path("treasuremap/<event:name>/coverage/", coverage.EventCoverageView.as_view(), name="event-coverage"),
    path(
        "treasuremap/<event:name>/coverage/curve.<slug:form>",
        coverage.EventCoverageCurveView.as_view(),
        name="event-coverage-curve",
    ),
    path(
        "treasuremap/<event:name>/coverage/left.<slug:form>",
        coverage.EventResidualView.as_view(),
        name="event-residual",
    ),
    path("api/events/<event:name>/coverage/", coverage.CoverageJsonView.as_view(), name="event-coverage-json"),
    path("treasuremap/<event:name>/pointings/", pointings.EventPointingsView.as_view(), name="event-pointings"),
    path(
        "treasuremap/<event:name>/pointings.<slug:form>",
        pointings.EventPointingsFileView.as_view(),
        name="event-pointings-file",
    ),
    path("treasuremap/<event:name>/fetch/", pointings.EventFetchView.as_view(), name="event-fetch"),
    path("treasuremap/<event:name>/load/", pointings.EventLoadView.as_view(), name="event-load"),
    path("followup/frames/<str:identity>.fits", frames.SimulatedFrameView.as_view(), name="simulated-frame"),
    path("followup/ocs/token/", ocs.OcsTokenView.as_view(), name="ocs-token"),
    path("followup/ocs/test/", ocs.OcsTestView.as_view(), name="ocs-test"),
    path("treasuremap/<event:name>/plans/", plans.EventPlansView.as_view(), name="event-plans"),
    path("followup/plans/", plans.PlanListView.as_view(), name="plans"),
    path("followup/plans/new/", plans.PlanNewView.as_view(), name="plan-new"),
    path("followup/plans/<int:pk>/", plans.PlanView.as_view(), name="plan"),
    path("followup/plans/<int:pk>/what-if/", plans.PlanWhatIfView.as_view(), name="plan-what-if"),
    path("followup/plans/<int:pk>/<slug:kind>.<slug:form>", plans.PlanPictureView.as_view(), name="plan-picture"),
    path("followup/plans/<int:pk>/file/<slug:form>/", plans.PlanFileView.as_view(), name="plan-file"),
    path("followup/plans/<int:pk>/<slug:act>/", plans.PlanActView.as_view(), name="plan-act"),
]
