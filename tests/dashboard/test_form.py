"""The form: what it plans and queues equals what the command line would."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Button, Input, Static

from engine.catalog.catalog import BUILT_IN
from engine.data.check_benchmark import checked
from engine.files.disk import file_digest
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan
from engine.plugins.home_catalog import load_catalog
from scalearn_tui.dashboard.model.choices import choices_of, matching, with_choices
from scalearn_tui.dashboard.model.form_settings import settings_at_hand
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
from scalearn_tui.dashboard.screens.picker import PickerScreen
from scalearn_tui.dashboard.widgets.plan_lines import NOTHING_TO_QUEUE
from scalearn_tui.text.options import LAUNCH_OPTIONS, parse_request

from ..own_benchmarks.shop import write_shop
from ..plugins.package import FILES, find_packages_in, install


async def fill(pilot, **values: str) -> None:
    for name, value in values.items():
        pilot.app.screen.query_one(f"#option-{name}", Input).value = value
    await pilot.pause()


async def open_form(pilot, until) -> NewRunScreen:
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
    await pilot.pause()
    return pilot.app.screen


async def test_has_every_launch_option(dashboard, until, screen_text) -> None:
    async with dashboard((80, 24)) as (app, pilot):
        screen = await open_form(pilot, until)
        assert [field.id for field in screen.query(Input)] == [f"option-{option.name}" for option in LAUNCH_OPTIONS]
        await fill(
            pilot,
            method="scalearn++",
            target="rte",
            sources="cb,copa,boolq,wic",
            backbone="minilm",
            seed="0-4",
            limit="train=9",
        )
        await until(pilot, lambda: "writ" in screen_text(app) or "hub" in screen_text(app) or "data" in screen_text(app))
        text = screen_text(app)
        assert "Queue" in text and "Copy command" in text, "the buttons are in view at 80x24 whatever the plan says"


async def test_keys_typed_ahead_reach_the_field_that_they_were_typed_for(dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        method, target, sources = (screen.query_one(f"#option-{name}", Input) for name in ("method", "target", "sources"))
        method.focus()
        await pilot.pause()
        for key in ("l", "o", "r", "tab", "r", "t", "e", "tab", "c", "b"):
            # As a terminal does: the next key does not wait for what the one before does.
            app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: sources.value == "cb")
        assert (method.value, target.value) == ("lora", "rte")


async def test_tab_completes_what_is_typed(dashboard, until) -> None:
    async with dashboard() as (_, pilot):
        screen = await open_form(pilot, until)
        method, target = (screen.query_one(f"#option-{name}", Input) for name in ("method", "target"))
        method.focus()
        await pilot.press(*"adapterf")
        await pilot.pause()
        await pilot.press("tab")
        assert method.value == "adapterfusion" and target.has_focus
        await pilot.press("tab")
        assert target.value == "" and not target.has_focus, "there is nothing to complete in an empty field"


async def test_plans_and_queues(dashboard, store, until, woken, home, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await until(pilot, lambda: "name a target" in screen_text(app))
        wanted = {
            "method": "scalearn++",
            "target": "toy/sentiment",
            "sources": "sentiment,choice",
            "backbone": "minilm",
            "epochs": "2",
        }
        await fill(pilot, **wanted)
        await until(pilot, lambda: "3 runs: 3 new" in screen_text(app))
        assert "2 source adapters first, 1 run waits for them" in screen_text(app)
        assert not screen.query_one("#queue", Button).disabled
        await until(pilot, lambda: "34 steps each (2 epochs of 17)" in screen_text(app), seconds=60)
        assert "k trainable, ~" in screen_text(app) and "on one device" in screen_text(app)
        assert "scalearn run --method scalearn++ --target toy/sentiment" in " ".join(screen_text(app).split())
        assert store.count() == 0, "a plan queues nothing"
        screen.query_one("#queue", Button).press()
        await until(pilot, lambda: not isinstance(app.screen, NewRunScreen))
        await until(pilot, lambda: len(app.services.index) == 3)
        plan = make_plan(parse_request(wanted), store, load_catalog(store.home))
        assert {planned.spec.run_id for planned in plan.runs} == {run.id for run in store.runs()} and not plan.new
        assert home in woken

        await open_form(pilot, until)
        await fill(pilot, **wanted)
        await until(pilot, lambda: "3 runs: 3 under way" in screen_text(app))
        queue = app.screen.query_one("#queue", Button)
        assert queue.disabled and NOTHING_TO_QUEUE in screen_text(app) and queue.tooltip == NOTHING_TO_QUEUE


async def test_errors_are_one_line(dashboard, store, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await fill(pilot, method="adapter", target="nonsense", backbone="minilm")
        await until(pilot, lambda: "no task 'nonsense'" in screen_text(app))
        await fill(pilot, target="toy/sentiment", set="reduction=0")
        await until(pilot, lambda: "reduction must lie between" in screen_text(app))
        queue = screen.query_one("#queue", Button)
        assert queue.disabled and "reduction must lie between" in queue.tooltip
        queue.press()
        await pilot.pause(0.5)
        assert isinstance(app.screen, NewRunScreen) and store.count() == 0


async def test_opens_files_of_rows_before_it_queues(dashboard, store, until, screen_text, notices, home, tmp_path) -> None:
    path = write_shop(tmp_path / "shop")
    info = checked(read_declaration(path))
    save(home.benchmarks, Stored(info.benchmark, path, file_digest(path), info.data))
    write_shop(tmp_path / "shop", rows=30)
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        (tmp_path / "shop" / "stars.tsv").write_text("title\tbody\n", encoding="utf-8")
        await fill(pilot, method="adapter", target="shop/stars", backbone="minilm")
        # However the lines break, which hangs on the length of the path.
        await until(pilot, lambda: "column 'stars'; it has title, body" in " ".join(screen_text(app).replace("│", "").split()))
        queue = screen.query_one("#queue", Button)
        assert queue.disabled and "column 'stars'" in queue.tooltip
        await fill(pilot, target="shop/mood")
        await until(pilot, lambda: not queue.disabled)
        queue.press()
        await until(pilot, lambda: "shop/mood: train 30 of 40 rows" in notices(app))
        assert store.count() == 1


async def test_completes_words_and_shows_choices(dashboard, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await pilot.press(*"full")
        await until(pilot, lambda: screen.query_one("#option-method", Input)._suggestion == "full-ft")
        await pilot.press("right", "enter")
        assert screen.query_one("#option-method", Input).value == "full-ft"
        await pilot.press(*"toy/se")
        await until(pilot, lambda: "toy/sentiment" in screen_text(app))
        assert "toy/choice" not in screen_text(app)


async def test_copies_the_command(dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await fill(pilot, method="adapter", target="rte")
        screen.query_one("#copy", Button).press()
        await until(pilot, lambda: app.clipboard == "scalearn run --method adapter --target rte")


async def test_plans_on_a_benchmark_that_was_added_meanwhile(dashboard, store, until, home, tmp_path, screen_text) -> None:
    async with dashboard() as (app, pilot):
        path = write_shop(tmp_path / "shop")
        save(home.benchmarks, Stored(read_declaration(path), path, file_digest(path)))
        await open_form(pilot, until)
        await fill(pilot, method="scalearn", target="shop/mood", backbone="minilm")
        await until(pilot, lambda: "5 runs: 5 new" in screen_text(app))


async def test_what_installed_packages_add_is_marked_with_their_names(
    dashboard, until, screen_text, notices, tmp_path, monkeypatch, home
) -> None:
    find_packages_in(tmp_path / "site", monkeypatch)
    async with dashboard() as (app, pilot):
        install(tmp_path / "site")
        screen = await open_form(pilot, until)
        for field, typed, shown in (
            ("method", "tiny", "tiny-method (tiny-pack 1.0)"),
            ("benchmark", "tiny", "tiny (tiny-pack 1.0)"),
        ):
            screen.query_one(f"#option-{field}", Input).focus()
            await fill(pilot, **{field: typed})
            await until(pilot, lambda shown=shown: shown in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, NewRunScreen))
        install(tmp_path / "site", "1.1", files={**FILES, "method.py": "import nowhere"})
        await open_form(pilot, until)
        await until(pilot, lambda: "No module named 'nowhere'" in notices(app))


async def test_a_wrong_setting_is_named_before_there_is_a_target(dashboard, until, screen_text) -> None:
    async with dashboard((120, 40)) as (app, pilot):
        screen = await open_form(pilot, until)
        await fill(pilot, method="scalearn", set="omega_dropout=2 patience=7")
        await until(pilot, lambda: "omega_dropout must lie between 0 and 0.99, not 2" in screen_text(app))
        assert screen.query_one("#queue", Button).disabled
        lines = {line.split()[0]: line for line in panel(screen).splitlines()}
        assert lines["omega_dropout"].split() == ["omega_dropout", "2", "0", "to", "0.99"]
        assert lines["patience"].split()[:4] == ["patience", "7", "not", "30"]
        assert lines["learning_rate"].split()[:3] == ["learning_rate", "0.006", "paper"]
        await fill(pilot, target="toy/claim", set="", epochs="60")
        await until(pilot, lambda: "toy/claim" in panel(screen) and "not 60" not in panel(screen))


def panel(screen: NewRunScreen) -> str:
    """The settings beside the fields."""
    return screen.query_one("#setting-lines", Static).content.plain


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_methods_are_chosen_from_a_list_that_shows_all_of_them(dashboard, until, screen_text, size) -> None:
    async with dashboard(size) as (app, pilot):
        screen = await open_form(pilot, until)
        method = screen.query_one("#option-method", Input)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen) and "full-ft" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "two frozen source adapters with fixed scales" in " ".join(screen_text(app).split()))
        await pilot.press(*"softm")
        await until(pilot, lambda: "scalearn-mean" not in screen_text(app))
        await pilot.press("space", "enter")
        await until(pilot, lambda: method.value == "adapter,scalearn-softmax")
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen))
        await pilot.press(*"adaptersoup", "enter")
        # Where no mark is changed, the one at the cursor alone.
        await until(pilot, lambda: method.value == "adaptersoup")
        await pilot.press("f2", "escape")
        await until(pilot, lambda: app.screen is screen)
        assert method.value == "adaptersoup" and method.has_focus


async def test_a_setting_is_chosen_with_its_default(dashboard, until) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await fill(pilot, method="scalearn", set="patience=7")
        field = screen.query_one("#option-set", Input)
        field.focus()
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen))
        await pilot.press(*"omega_d", "enter")
        await until(pilot, lambda: field.value == "patience=7,omega_dropout=0.3")
        assert field.cursor_at_end
        screen.query_one("#option-seed", Input).focus()
        await pilot.press("f2")
        await pilot.pause()
        assert app.screen is screen, "seeds are not listed"


def test_targets_are_those_of_the_benchmark_and_known_by_their_names() -> None:
    choices = choices_of("target", {"benchmark": "superglue"}, BUILT_IN)
    assert [choice.value for choice in choices][-1] == "superglue/rte" and len(choices) == 8
    assert choices[-1].is_meant("RTE") and choices[-1].is_meant("superglue/rte")
    everywhere = {choice.value: choice for choice in choices_of("target", {}, BUILT_IN)}
    assert everywhere["glue/rte"].is_meant("rte") and not everywhere["superglue/rte"].is_meant("rte")
    sources = choices_of("sources", {}, BUILT_IN)
    chosen = [choice for choice in sources if choice.value in ("glue/rte", "superglue/cb")]
    assert with_choices(["rte", "copa", "0123abcdef"], sources, chosen) == ["rte", "0123abcdef", "superglue/cb"]
    assert [choice.value for choice in matching(sources, "rte")][:2] == ["glue/rte", "superglue/rte"]


def test_defaults_say_where_they_come_from() -> None:
    values = {"method": "adapter,scalearn++", "target": "record", "set": "batch_size=32 patience=5x nosuch=1"}
    lines = {line.name: line for line in settings_at_hand(values, BUILT_IN)}
    assert (lines["learning_rate"].default, lines["learning_rate"].origin) == ("0.0003 / 0.006", "usual / paper")
    assert (lines["epochs"].default, lines["epochs"].origin) == ("30 / 3", "usual / superglue/record")
    assert lines["batch_size"].typed == "", "the default is no change"
    assert "patience must be a whole number" in lines["patience"].error and "no setting 'nosuch'" in lines["nosuch"].error
    few = {line.name: line for line in settings_at_hand({"target": "rte", "shots": "16"}, BUILT_IN)}
    assert (few["patience"].default, few["patience"].origin, few["epochs"].origin) == ("20", "few-shot", "few-shot")
