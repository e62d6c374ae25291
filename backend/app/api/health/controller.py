"""Health over HTTP: of the service, and of its database."""

from typing import Final

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from app.api.health.probe import Probe
from app.api.health.schemas import DatabaseHealth, Health

SERVING: Final = ("healthy", "ahead")


class HealthController(Controller):
    """Whether the service and its database are well."""

    path = "/health"
    tags = ("Health",)

    @get(operation_id="getHealth", sync_to_thread=False)
    def get_health(self) -> Health:
        """The service answers; the database is not asked."""
        return Health("healthy")

    @get(
        "/db",
        operation_id="getDatabaseHealth",
        responses={503: ResponseSpec(DatabaseHealth, description="The database is down, or behind.")},
    )
    async def get_database_health(self, state: State) -> Response[DatabaseHealth]:
        """Whether the database answers within a second, and at which revision."""
        probe: Probe = state.probe
        health = await probe.ask()
        code = HTTP_200_OK if health.status in SERVING else HTTP_503_SERVICE_UNAVAILABLE
        return Response(health, status_code=code, headers={} if code == HTTP_200_OK else {"Retry-After": "1"})
