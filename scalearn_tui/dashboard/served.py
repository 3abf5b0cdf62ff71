"""The dashboard for one window of a browser, as ``scalearn serve`` starts it: one may only look."""

from __future__ import annotations

from scalearn_tui.dashboard.app import Dashboard

if __name__ == "__main__":
    Dashboard(launch=lambda _: None, read_only=True).run()
