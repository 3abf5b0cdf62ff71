"""Text that drives a terminal is shown by the dashboard without doing so, wherever it stands."""

from __future__ import annotations

from engine.registry.records import RunState

EVIL = "\x1b]0;title\x07 \x9b31m red \u202e back"
TAMED = "]0;title 31m red  back"


def sent(app) -> str:
    """The text of every segment that goes to the terminal."""
    return "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)


async def test_causes_logs_notices_and_names(dashboard, store, home, make_run, write_log, until, screen_text) -> None:
    run = make_run(1)
    run.target = f"toy/{EVIL}"
    store.add([run], [])
    attempt = store.claim(run.id, "local", "cpu")
    store.started(run.id, attempt)
    write_log(home, run, f"first\n{EVIL}\n")
    async with dashboard() as (app, pilot):
        await until(pilot, lambda: run.id[:7] in screen_text(app))
        store.finish(run.id, attempt, RunState.FAILED, f"ValueError: {EVIL}")
        app.services.poller.look()
        await until(pilot, lambda: "ValueError" in screen_text(app))
        seen = [sent(app)]
        await pilot.press("l")
        await until(pilot, lambda: "first" in screen_text(app))
        await until(pilot, lambda: TAMED in screen_text(app))
        seen.append(sent(app))
    for text in seen:
        assert TAMED.split()[0] in text
        assert not [character for character in text if character in "\x1b\x07\x9b\u202e"]
