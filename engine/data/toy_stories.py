"""Causes with their effects, and clauses by topic, for two tasks of the built-in benchmark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """Sentences about ``{person}``; each cause may lead to each effect."""

    causes: tuple[str, ...]
    effects: tuple[str, ...]


STORIES = (
    Story(
        (
            "Heavy rain fell on {person} all morning.",
            "{person} was caught in a storm.",
            "{person} walked home through pouring rain.",
        ),
        ("{person}'s coat was soaked.", "{person} hung wet clothes up to dry.", "{person} bought an umbrella."),
    ),
    Story(
        ("{person} won the lottery.", "{person} inherited a fortune.", "{person}'s company made a huge profit."),
        ("{person} bought a big house.", "{person} gave money to charity.", "{person} became rich."),
    ),
    Story(
        (
            "{person} left the cake in the oven too long.",
            "{person} forgot the pizza on the stove.",
            "{person} burned the roast chicken.",
        ),
        ("The kitchen was full of smoke.", "{person} threw the meal away.", "{person} ordered food from a restaurant."),
    ),
    Story(
        (
            "{person} trained every day for the race.",
            "{person} ran ten miles each morning.",
            "{person} had the best coach in the country.",
        ),
        ("{person} won the marathon.", "{person} received a gold medal.", "{person} broke the school record."),
    ),
    Story(
        ("{person} overslept.", "{person}'s alarm clock did not ring.", "The taxi took {person} to the wrong station."),
        ("{person} missed the train.", "{person} arrived late at work.", "{person} had to wait for the next train."),
    ),
    Story(
        (
            "{person} practised the violin for years.",
            "{person} sang beautifully at the audition.",
            "A famous conductor heard {person} play.",
        ),
        (
            "The orchestra offered {person} a place.",
            "The audience gave {person} a standing ovation.",
            "{person} recorded an album.",
        ),
    ),
    Story(
        ("{person} lost a wallet.", "A thief robbed {person}.", "{person} spent the whole salary on a watch."),
        ("{person} could not pay the bill.", "{person} had to borrow money.", "{person} had no cash for the bus."),
    ),
    Story(
        ("{person} lay on the beach all day.", "{person} fell asleep in the sun.", "{person} forgot the sunscreen."),
        ("{person}'s skin turned red.", "{person} got a sunburn.", "{person}'s shoulders hurt from the heat."),
    ),
    Story(
        (
            "{person} skipped breakfast and lunch.",
            "{person} had not eaten since yesterday.",
            "The fridge was empty when {person} woke up.",
        ),
        ("{person}'s stomach growled.", "{person} was very hungry.", "{person} ate three sandwiches at once."),
    ),
    Story(
        ("{person} stayed awake all night.", "Loud neighbours kept {person} up until dawn.", "{person} worked a double shift."),
        ("{person} drank a lot of coffee.", "{person} yawned during the meeting.", "{person} fell asleep on the sofa."),
    ),
    Story(
        ("{person} slipped on the ice.", "{person} fell down the stairs.", "{person} crashed the bicycle."),
        ("{person} broke an arm.", "{person} was taken to the hospital.", "{person} needed a bandage."),
    ),
    Story(
        (
            "{person} studied hard for the exam.",
            "A tutor helped {person} with mathematics.",
            "{person} read every book on the list.",
        ),
        ("{person} got the best grade.", "{person} passed the test easily.", "The teacher praised {person}."),
    ),
    Story(
        (
            "{person} dropped the phone in the river.",
            "{person}'s telephone fell out of the window.",
            "{person} sat down on a new phone.",
        ),
        ("{person}'s screen was cracked.", "{person} could not call anyone.", "{person} took the phone to be repaired."),
    ),
    Story(
        ("{person} planted seeds in the spring.", "{person} watered the garden daily.", "{person} gave the roses fertilizer."),
        ("Flowers bloomed in {person}'s garden.", "{person} picked fresh tomatoes.", "{person}'s plants grew tall."),
    ),
    Story(
        (
            "{person} forgot to refuel the car.",
            "{person}'s tank was almost empty.",
            "{person} drove past the last petrol station.",
        ),
        ("{person}'s car stopped on the motorway.", "{person} walked to get some petrol.", "{person}'s engine died."),
    ),
    Story(
        ("{person} told a very funny joke.", "{person} put on a clown costume.", "{person} made a silly face."),
        ("Everybody laughed.", "The children giggled at {person}.", "{person}'s friends could not stop smiling."),
    ),
    Story(
        ("{person} found a lost dog in the park.", "{person} rescued a kitten from a tree.", "{person} adopted a puppy."),
        ("{person} bought pet food.", "{person} took the animal to the vet.", "The animal followed {person} everywhere."),
    ),
    Story(
        ("{person} caught a cold.", "{person} sat next to someone with the flu.", "{person} had a virus."),
        ("{person} stayed in bed with a fever.", "{person} sneezed all day.", "{person} called the doctor."),
    ),
)

CLAUSES = {
    "food": (
        "baked some bread", "fried two eggs", "ordered a mushroom pizza", "peeled the potatoes", "ate a bowl of soup",
        "tried the fish curry", "set the table for dinner", "stirred the porridge", "grilled sausages", "tasted the cheese",
        "chopped onions", "made pancakes",
    ),
    "money": (
        "paid the rent", "opened a savings account", "lent a friend forty dollars", "counted the coins", "cashed a cheque",
        "asked for a higher salary", "checked the price", "sold some shares", "took out a loan", "filed the taxes",
        "bargained for a discount", "withdrew some cash",
    ),
    "music": (
        "played the guitar", "sang in the choir", "tuned the piano", "listened to a symphony", "practised a waltz",
        "wrote a love song", "bought a ticket for the opera", "learned to drum", "hummed a tune", "danced to a jazz band",
        "rehearsed with the orchestra", "strummed a banjo",
    ),
    "sport": (
        "played football", "watched the tennis final", "ran a marathon", "swam twenty laps", "scored a goal",
        "trained at the gym", "cheered for the home team", "went skiing", "joined a hockey club", "threw a javelin",
        "boxed three rounds", "rowed in a regatta",
    ),
    "travel": (
        "took the train to {city}", "booked a flight to {city}", "packed a suitcase", "checked into a hotel", "visited {city}",
        "renewed the passport", "followed a tourist guide through {city}", "sailed to an island", "hitchhiked to {city}",
        "boarded a ferry", "drove across the border", "asked for directions to {city}",
    ),
    "weather": (
        "got soaked in the rain", "sheltered from the storm", "shivered in the snow", "watched the clouds",
        "enjoyed the sunshine", "ran from the thunder", "complained about the heat", "walked through the fog",
        "slipped on the ice", "waited for the drizzle to stop", "felt the cold wind", "shovelled snow",
    ),
}  # fmt: skip
NEUTRAL_CLAUSES = (
    "read a novel", "called a cousin", "painted the fence", "wrote a long letter", "fed the cat", "fixed the lamp",
    "met an old friend", "cleaned the windows", "solved a puzzle", "sewed a button", "watered the plants", "repaired the radio",
)  # fmt: skip
