"""Keys act one after the other, however fast they are typed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual import events
from textual.app import App
from textual.widget import AwaitMount

PATIENCE = 1.0
"""Seconds for a widget to work off its messages; only one that waits for the app itself takes as long."""


class KeyOrderApp(App[int]):
    """An app in which a key acts on what the key before it has made of the screen.

    Textual hands a key to the widget that has the focus when the key arrives. Behind a key that opens a dialog, or on a
    machine too busy for the fingers, that is the widget before: what was meant for a field acts as commands.
    """

    async def on_event(self, event: events.Event) -> None:
        """Let every earlier key come to its end, then find out whom this one is for."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._settle()
            focused, bound = self.screen.focused, self.screen.active_bindings.get(event.key)
            typed = focused is not None and focused.check_consume_key(event.key, event.character)
            # Of a widget that fills the screen Textual makes it small again, before any binding.
            shrinks = event.key == "escape" and self.screen.maximized is not None
            # A key that goes through all widgets before its action is performed would be overtaken by the next.
            if not (typed or shrinks) and bound is not None and bound.enabled:
                self.screen._clear_tooltip()  # As Textual does before it hands a key on.
                if await self.run_action(bound.binding.action, bound.node):
                    return
        await super().on_event(event)

    async def _settle(self) -> None:
        """Wait until the screen is there, and whatever earlier keys made its widgets post is worked off, outwards."""
        screen = self.screen
        if not screen.is_mounted:
            await AwaitMount(screen, [screen])
        nodes = [screen] if screen.focused is None else screen.focused.ancestors_with_self
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for node in nodes:
                    done = asyncio.Event()
                    # Not ``call_later``: Textual inspects the signature of what that wraps, each time.
                    if node is not self and node.post_message(events.Callback(callback=done.set)):
                        await done.wait()
