"""The web side of the agent: pages over the site's footage, off unless configured."""

from __future__ import annotations

from threading import Event

from edge_agent.app.footage import SiteFootage
from edge_agent.app.layout import Layout
from edge_agent.config.schema import Config
from edge_agent.core.trouble import Trouble
from edge_agent.runtime import logs
from edge_agent.runtime.clock import Clock
from edge_agent.store.audit import Audit
from edge_agent.store.recordings import Recordings
from edge_agent.web.token import read_or_make_token


class SitePages:
    """Serves the pages; an attempt of the shell, so that its failures stop nothing else."""

    def __init__(
        self,
        config: Config,
        layout: Layout,
        clock: Clock,
        port: int | None = None,
        who: str = "web",
    ) -> None:
        self._config, self._layout, self._clock, self._who = config, layout, clock, who
        self._port = config.web.port if port is None else port
        self.token = ""
        self.url = ""
        self.ready = Event()

    def run_once(self, stop: Event) -> None:
        """Serve until told to stop. Raises Trouble: port taken, databases, token."""
        # loaded only where pages are served: the recorder shares this package and must stay small
        from edge_agent.web.pages import pages  # noqa: PLC0415
        from edge_agent.web.server import WebServer  # noqa: PLC0415

        self.token = site_token(self._layout)
        recordings = Recordings(self._layout.recordings_index)
        audit = Audit(self._layout.events)
        try:
            footage = SiteFootage.of(self._config, self._layout, recordings, audit, self._clock)
            app = pages(footage, self.token, self._clock, self._who)
            WebServer(app, self._config.web.address, self._port).run_once(stop, self._started)
        finally:
            self.ready.clear()
            audit.close()
            recordings.close()

    def _started(self, url: str) -> None:
        self.url = url
        self.ready.set()


def site_token(layout: Layout) -> str:
    """The token of this site's pages, made where there is none. Raises Trouble `web.token`."""
    try:
        return read_or_make_token(layout.web_token, logs.hide)
    except OSError as error:
        raise Trouble(
            "web.token",
            f"Không đọc hoặc ghi được {layout.web_token} ({error.strerror}).",
            f"{layout.web_token} can be neither read nor written ({error.strerror}).",
        ) from error
