"""The small world of the built-in benchmark: words, events, weather and opinions that all of its tasks talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

PEOPLE = (
    "Anna", "Brian", "Carla", "David", "Elena", "Frank", "Grace", "Henry", "Irene", "Jacob", "Laura", "Martin",
    "Nadia", "Oscar", "Paula", "Robert", "Sofia", "Thomas",
)  # fmt: skip
CITIES = (
    "Paris", "London", "Berlin", "Madrid", "Rome", "Vienna", "Boston", "Chicago", "Tokyo", "Sydney",
    "Dublin", "Lisbon", "Oslo", "Prague", "Toronto",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Thursday", "Friday", "Wednesday", "Sunday")
GOOD = (
    "wonderful", "excellent", "delightful", "great", "lovely", "perfect", "charming", "brilliant",
    "superb", "fantastic", "marvelous", "splendid",
)  # fmt: skip
BAD = (
    "awful", "terrible", "dreadful", "bad", "disappointing", "horrible", "boring", "disgusting",
    "miserable", "lousy", "appalling", "pathetic",
)  # fmt: skip
EXPERIENCES = (
    "dinner", "concert", "hotel", "match", "journey", "soup", "museum", "breakfast", "guide", "orchestra",
    "stadium", "restaurant", "singer", "flight", "beach",
)  # fmt: skip
WET = ("rainy", "stormy", "cloudy", "wet", "foggy", "snowy")
DRY = ("sunny", "warm", "dry", "clear", "bright", "hot")
FOODS = (
    "a bowl of soup", "a plate of noodles", "a cheese sandwich", "an apple pie", "a green salad", "a roast chicken",
    "a mushroom pizza", "a fish curry", "an omelette", "a chocolate cake",
)  # fmt: skip
GOODS = (
    "a winter coat", "a bicycle", "a silver watch", "an umbrella", "a wooden chair", "a pair of boots",
    "a guitar", "a leather bag", "a telescope", "a carpet",
)  # fmt: skip
SIGHTS = (
    "the old castle", "the art museum", "the cathedral", "the zoo", "the harbour", "the city library",
    "the stadium", "the opera house", "the royal palace", "the science park",
)  # fmt: skip
PIECES = (
    "a love song", "a slow waltz", "a violin concerto", "a folk tune", "a jazz number", "a short symphony",
    "a piano sonata", "a drum solo", "a lullaby", "a military march",
)  # fmt: skip


@dataclass(frozen=True)
class Action:
    """Something people do: base form, two past forms that mean the same, a vaguer past form and what it is done to."""

    base: str
    past: str
    synonym: str
    vague: str
    objects: tuple[str, ...]


ACTIONS = (
    Action("eat", "ate", "had", "ate something", FOODS),
    Action("buy", "bought", "purchased", "went shopping", GOODS),
    Action("visit", "visited", "toured", "went sightseeing", SIGHTS),
    Action("play", "played", "performed", "made music", PIECES),
    Action("cook", "cooked", "prepared", "made some food", FOODS),
    Action("lose", "lost", "misplaced", "lost something", GOODS),
)


@dataclass(frozen=True)
class Event:
    """Who did what, where and when."""

    person: str
    action: Action
    thing: str
    city: str
    day: str


T = TypeVar("T")


class World:
    """Draws from the lists. The last third of each list is kept from training and makes up half of what tests draw."""

    def __init__(self, random: Random, test: bool) -> None:
        self.random = random
        self.test = test

    def draw(self, items: Sequence[T], *but: T) -> T:
        """One of ``items``, none of ``but``."""
        cut = len(items) * 2 // 3
        part = items[cut:] if self.test and self.random.random() < 0.5 else items[:cut]
        return self.random.choice([item for item in part if item not in but] or [item for item in items if item not in but])

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def event(self, *others: Event) -> Event:
        """An event that differs from ``others`` in person, thing, city and day."""
        action = self.random.choice(ACTIONS)
        return Event(
            self.draw(PEOPLE, *(other.person for other in others)),
            action,
            self.draw(action.objects, *(other.thing for other in others)),
            self.draw(CITIES, *(other.city for other in others)),
            self.draw(DAYS, *(other.day for other in others)),
        )

    def tell(self, event: Event, reworded: bool | None = None) -> str:
        """The event as a sentence, in one of several wordings; ``reworded`` fixes the verb's form."""
        verb = event.action.synonym if (self.chance(0.5) if reworded is None else reworded) else event.action.past
        core = f"{event.person} {verb} {event.thing}"
        return self.random.choice(
            (
                f"{core} in {event.city} on {event.day}.",
                f"On {event.day}, {core} in {event.city}.",
                f"While in {event.city} on {event.day}, {core}.",
            )
        )

    def changed(self, event: Event, *fields: str) -> Event:
        """The event with these fields drawn anew; a new thing brings its own action."""
        other = self.event(event)
        new: dict[str, Any] = {field: getattr(other, field) for field in fields}
        if "thing" in fields:
            new["action"] = other.action
        return replace(event, **new)

    def opinion(self, good: bool) -> str:
        return self.draw(GOOD if good else BAD)
