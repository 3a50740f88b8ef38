"""`/readyz` and `/metrics`: what those who run the service look at."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from fastapi import APIRouter, Response

from youhui.platform.metrics import CONTENT_TYPE, Metrics
from youhui.platform.openapi import ERRORS
from youhui.platform.readiness import Readiness, Report


def router(metrics: Metrics, readiness: Readiness) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["platform"])

    @routes.get("/readyz", summary="Whether it may be given requests", responses={503: {"model": Report}})
    async def readyz(response: Response) -> Report:
        """503 while the database does not answer, lacks tables, or its changes are not followed."""
        report = await readiness.report()
        response.status_code = 200 if report.status == "ready" else 503
        return report

    @routes.get("/metrics", summary="Numbers for Prometheus", response_class=_Text, responses=ERRORS)
    def numbers() -> Response:
        """In its text format; docs/operations.md says what each is."""
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    return routes


def own_content_only(html: str) -> str:
    """The Content-Security-Policy of a page that loads from this host alone and runs no scripts but those in it."""
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        )
    )


class _Text(Response):
    media_type = "text/plain"
