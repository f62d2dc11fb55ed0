"""REST routes; the host finds them here and shows them under /api/."""

from tom_common.api_router import SharedAPIRootRouter

from tom_treasuremap import api

router = SharedAPIRootRouter()
router.register("pointings", api.PointingViewSet, "pointings")

urlpatterns: list = []
