"""Answers that come when the test says so: what happens while they are under way."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Request, Response, Route

REDIRECTS = (301, 302, 303, 307, 308)


class Held:
    """Holds the requests that `is_held` is true of, in the order in which they came."""

    def __init__(self, page: Page, is_held: Callable[[Request], bool]) -> None:
        self.page = page
        self.is_held = is_held
        self.routes: list[Route] = []
        page.route("**/*", self._take)

    def _take(self, route: Route) -> None:
        if self.is_held(route.request):
            self.routes.append(route)
        else:
            route.fallback()

    def wait(self, count: int) -> None:
        """Wait until this number of requests is held."""
        for _ in range(1000):
            if len(self.routes) >= count:
                return
            self.page.wait_for_timeout(10)
        held = [each.request.url for each in self.routes]
        raise AssertionError(f"{count} requests were expected: {held}")

    def answer(self, route: Route) -> None:
        """Lets one go on to the server, and waits until the page has the answer."""
        self.routes.remove(route)

        def is_answer(it: Response) -> bool:
            first = it.request
            while first.redirected_from:
                first = first.redirected_from
            return first == route.request and it.status not in REDIRECTS

        with self.page.expect_response(is_answer) as response:
            route.continue_()
        if response.value.ok:
            response.value.finished()

    def release(self) -> None:
        """Holds no more."""
        self.is_held = lambda _request: False
        for route in self.routes:
            route.continue_()
        self.routes.clear()
