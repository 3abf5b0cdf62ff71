"""Entry point of ``scalearn-tui``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Show the dashboard, or print it once."""
    # A program that starts makes no garbage: to look for some took an eighth of the time until runs were shown.
    gc.disable()
    import argparse

    from rich.console import Console

    from scalearn_tui.dashboard.app import Dashboard
    from scalearn_tui.dashboard.ascii import needed
    from scalearn_tui.dashboard.once import print_once, size

    about = "A live view of all runs: start, watch, stop and resume them. Runs go on after it quits."
    parser = argparse.ArgumentParser("scalearn-tui", description=about, epilog="Registry: $SCALEARN_HOME. Keys: ? inside.")
    parser.add_argument("--once", action="store_true", help="print one picture of the runs as text, for a log, and end")
    parser.add_argument("--size", type=size, default=(120, 40), metavar="WxH", help="of that picture (120x40)")
    parser.add_argument("--ascii", action="store_true", help="no characters but those of ASCII; default where the terminal's "
                        "encoding has no others")  # fmt: skip
    options = parser.parse_args()
    ascii_only = options.ascii or needed()
    if options.once:
        looking = Dashboard(launch=lambda _: None, ascii_only=ascii_only)
        sys.exit(print_once(looking, looking.services, options.size))
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or Console().is_dumb_terminal:
        print("scalearn-tui needs a terminal; `scalearn ls` and `scalearn show` work without one", file=sys.stderr)
        sys.exit(2)
    app = Dashboard(ascii_only=ascii_only)
    going_on = app.run()
    if app.return_code:
        sys.exit(app.return_code)
    if going_on:
        runs = "1 run goes" if going_on == 1 else f"{going_on} runs go"
        print(f"{runs} on; `scalearn ls` lists them, `scalearn-tui` shows them again")


if __name__ == "__main__":
    main()
