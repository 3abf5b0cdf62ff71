"""The rows of the built-in benchmark, generated from small grammars: the same on every machine, without any file.

The six tasks talk about one world (``toy_world``), so that what one task teaches helps the others. Tests use words that
training never shows, so that knowing sentences by heart does not help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pyarrow as pa

from engine.catalog.benchmarks import GENERATOR_VERSION
from engine.catalog.task import TaskInfo
from engine.data.toy_stories import CLAUSES, NEUTRAL_CLAUSES, STORIES
from engine.data.toy_world import CITIES, DAYS, DRY, EXPERIENCES, PEOPLE, WET, World

Row = dict[str, Any]


def generate(task: TaskInfo) -> dict[str, pa.Table]:
    """The official splits of a built-in task, in the catalog's sizes; no text occurs twice in or between them."""
    seen: set[tuple[str, ...]] = set()
    sizes = task.official_sizes
    return {split: pa.Table.from_pylist(list(_rows(task, split, sizes[split], seen))) for split in task.official_splits}


def _rows(task: TaskInfo, split: str, count: int, seen: set[tuple[str, ...]]) -> Iterator[Row]:
    # A string seeds Random by its bytes, not by Python's salted hash.
    world = World(Random(f"{GENERATOR_VERSION}/{task.name}/{split}"), test=split != "train")
    made = 0
    while made < count:
        row = MAKERS[task.name](world, made)
        text = tuple(str(row[name]) for name in task.columns)
        if text not in seen:
            seen.add(text)
            made += 1
            yield row


def sentiment(world: World, number: int) -> Row:
    """Opinion of a sentence; with negation, with an expectation that fails, and with a last clause that decides."""
    good = number % 2 == 1
    person, thing = world.draw(PEOPLE), world.draw(EXPERIENCES)
    other = world.draw(EXPERIENCES, thing)
    right, wrong = world.opinion(good), world.opinion(not good)
    sentence = world.random.choice(
        (
            f"{person} said the {thing} in {world.draw(CITIES)} was {right}.",
            f"How {right} the {thing} was, and the {other} was {world.opinion(good)} too.",
            f"The {thing} on {world.draw(DAYS)} was not {wrong} at all.",
            f"{person} would never call the {thing} {wrong}.",
            f"{person} expected the {thing} to be {wrong}, but it turned out to be {right}.",
            f"Although the {thing} was {wrong}, {person} called the evening {right} because of the {other}.",
            f"The {thing} used to be {wrong}; these days it is {right}.",
        )
    )
    return {"sentence": sentence, "label": int(good)}


def entailment(world: World, number: int) -> Row:
    """Whether a hypothesis about an event follows, is open or is wrong: nobody is in two cities on one day.

    Every form of hypothesis occurs with several labels, so that the hypothesis alone tells little.
    """
    label = number % 3
    event = world.event()
    # What follows repeats the event; what is open speaks of another person, thing or day; what is wrong of another city.
    claim = (event, world.changed(event, world.random.choice(("person", "day"))), world.changed(event, "city"))[label]
    done = (event, world.changed(event, "thing"), world.changed(event, "city"))[label]
    denied = (world.changed(event, "city"), world.changed(event, world.random.choice(("person", "day"))), event)[label]
    somebody = ("Somebody", world.random.choice(("Somebody", "Nobody")), "Nobody")[label]
    claimed = world.changed(event, "thing") if label == 1 else event
    reworded = world.chance(0.5)
    hypothesis = world.random.choice(
        (
            f"{claim.person} was in {claim.city} on {claim.day}.",
            f"{claim.person} spent {claim.day} in {claim.city}.",
            f"{done.person} {done.action.past if reworded else done.action.synonym} {done.thing} in {done.city}.",
            f"{denied.person} was not in {denied.city} on {denied.day}.",
            f"{somebody} {claimed.action.past if reworded else claimed.action.synonym} {claimed.thing} in {claimed.city}.",
        )
    )
    return {"premise": world.tell(event, reworded=not reworded), "hypothesis": hypothesis, "label": label}


def similarity(world: World, number: int) -> Row:
    """How much of two events agrees, 0 to 5: the thing done counts 2, the person 1.5, the city 1, the day 0.5."""
    worth = {"thing": 2.0, "person": 1.5, "city": 1.0, "day": 0.5}
    event = world.event()
    differing = [field for field in worth if world.chance(0.15 + 0.14 * (number % 6))]
    other = world.changed(event, *differing)
    score = sum(points for field, points in worth.items() if field not in differing)
    return {"sentence1": world.tell(event), "sentence2": world.tell(other), "label": score}


def choice(world: World, number: int) -> Row:
    """Which of two sentences is the cause or the effect of a third."""
    person = world.draw(PEOPLE)
    story = world.draw(STORIES)
    wrong = world.draw(STORIES, story)
    cause, effect = world.random.choice(story.causes), world.random.choice(story.effects)
    asks_cause = world.chance(0.5)
    right = cause if asks_cause else effect
    distractor = world.random.choice(wrong.causes if asks_cause else wrong.effects)
    label = number % 2
    options = [distractor, distractor]
    options[label] = right
    premise, *options = (text.format(person=person) for text in (effect if asks_cause else cause, *options))
    return {
        "premise": premise,
        "question": "cause" if asks_cause else "effect",
        "choice1": options[0],
        "choice2": options[1],
        "label": label,
    }


def topics(world: World, number: int) -> Row:
    """Which topics a sentence mentions: none to three of them."""
    names = sorted(world.random.sample(sorted(CLAUSES), (1, 2, 3, 1, 2, 0)[number % 6]))
    clauses = [world.draw(CLAUSES[name]) for name in names]
    if len(clauses) < 2 or world.chance(0.3):
        clauses.append(world.draw(NEUTRAL_CLAUSES))
    world.random.shuffle(clauses)
    joined = {1: "{0}", 2: "{0} {and_then} {1}", 3: "{0}, {1} {and_then} {2}", 4: "{0}, {1}, {2} {and_then} {3}"}[len(clauses)]
    link = world.random.choice(("and", "and then", "and later"))
    clause = joined.format(*clauses, and_then=link).format(city=world.draw(CITIES))
    return {"sentence": f"On {world.draw(DAYS)} {world.draw(PEOPLE)} {clause}.", "label": names}


def question(world: World, number: int) -> Row:
    """A yes/no question over an event and an opinion or the weather; what a wrong one claims is not in the passage."""
    yes = number % 2 == 1
    event = world.event()
    about = event if yes else world.event(event)
    good = world.chance(0.5)
    thing = world.draw(EXPERIENCES)
    weather, liked = ("good" if good == yes else "bad"), ("like" if good == yes else "dislike")
    forecast = f"It was {world.draw(DRY if good else WET)} in {event.city} that day."
    opinion = f"{event.person} thought the {thing} was {world.opinion(good)}."
    fact, text = world.random.choice(
        (
            (forecast, f"was the weather {weather} in {event.city}"),
            (opinion, f"did {event.person} {liked} the {thing}"),
            (forecast, f"did {event.person} {about.action.base} {about.thing}"),
            (opinion, f"was {event.person} in {about.city} on {event.day}"),
            (forecast, f"was it {about.person} who {event.action.synonym} {event.thing}"),
        )
    )
    return {"question": text, "passage": f"{world.tell(event)} {fact}", "label": int(yes)}


def claim(world: World, number: int) -> Row:
    """Whether a passage supports a claim about an event, an opinion or the weather: few rows, and a skill that
    ``entailment`` and ``question`` teach."""
    supported = number % 2 == 1
    event = world.event()
    about = event if supported else world.event(event)
    good = world.chance(0.5)
    thing = world.draw(EXPERIENCES)
    weather, liked = ("good" if good == supported else "bad"), ("liked" if good == supported else "disliked")
    forecast = f"It was {world.draw(DRY if good else WET)} in {event.city} that day."
    opinion = f"{event.person} thought the {thing} was {world.opinion(good)}."
    fact, text = world.random.choice(
        (
            (forecast, f"The weather in {event.city} was {weather}."),
            (opinion, f"{event.person} {liked} the {thing}."),
            (forecast, f"{event.person} {about.action.synonym} {about.thing}."),
            (opinion, f"{event.person} spent {event.day} in {about.city}."),
            (forecast, f"It was {about.person} who {event.action.past} {event.thing}."),
        )
    )
    return {"passage": f"{world.tell(event)} {fact}", "claim": text, "label": int(supported)}


MAKERS: dict[str, Callable[[World, int], Row]] = {
    "sentiment": sentiment,
    "entailment": entailment,
    "similarity": similarity,
    "choice": choice,
    "topics": topics,
    "question": question,
    "claim": claim,
}
