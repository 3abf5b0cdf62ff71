"""What a screen shows of chosen runs, read again whenever they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from engine.registry.reading import Reader
    from scalearn_tui.dashboard.services import Services

Answer = TypeVar("Answer")
Read = TypeVar("Read", covariant=True)


class Readable(Protocol[Read]):
    """Reads what was chosen from one registry. ``read`` blocks, and is called by one thread at a time."""

    registry: Reader

    def read(self) -> Read: ...


class Following(Generic[Answer]):
    """Readings in threads, one at a time; what changes meanwhile is read afterwards."""

    def __init__(
        self,
        services: Services,
        make: Callable[[Reader], Readable[Answer] | None],
        take: Callable[[Answer], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """``make`` returns what reads the present choice, None while nothing is chosen; the others take the answers."""
        self._services, self._make, self._take, self._failed = services, make, take, failed
        self._readable: Readable[Answer] | None = None
        self._reading = False
        self.stale = True
        """Whether something changed since the newest reading began."""

    @property
    def has_begun(self) -> bool:
        """Whether the present choice was ever read."""
        return self._readable is not None

    def begin(self) -> None:
        """Something else was chosen: what comes of an earlier choice is of no interest."""
        self._readable, self._reading, self.stale = None, False, True

    def refresh(self) -> None:
        """Read now, or as soon as the reading under way is over."""
        registry, self.stale = self._services.reader, True
        if registry is None or self._reading:
            return
        if self._readable is None or self._readable.registry is not registry:
            self._readable = self._make(registry)
        if self._readable is None:
            return
        readable, self._reading, self.stale = self._readable, True, False

        def answered(then: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda answer: self._answered(readable, then, answer)

        self._services.background(readable.read, answered(self._take), answered(self._failed))

    def _answered(self, readable: Readable[Answer], then: Callable[[Any], None], answer: object) -> None:
        if readable is self._readable:
            self._reading = False
            then(answer)
