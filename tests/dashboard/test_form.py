"""The form: what it plans and queues equals what the command line would."""

from __future__ import annotations

from textual.widgets import Button, Input

from engine.data.check_benchmark import checked
from engine.files.disk import file_digest
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan
from engine.plugins.home_catalog import load_catalog
from scalearn_tui.dashboard.screens.new_run import NewRunScreen
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
            "epochs": "1",
        }
        await fill(pilot, **wanted)
        await until(pilot, lambda: "3 runs: 3 new" in screen_text(app))
        assert "2 source adapters first" in screen_text(app)
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


async def test_errors_are_one_line(dashboard, store, until, screen_text) -> None:
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        await fill(pilot, method="adapter", target="nonsense", backbone="minilm")
        await until(pilot, lambda: "no task 'nonsense'" in screen_text(app))
        await fill(pilot, target="toy/sentiment", set="reduction=0")
        await until(pilot, lambda: "reduction must lie between" in screen_text(app))
        screen.query_one("#queue", Button).press()
        await pilot.pause(0.5)
        assert isinstance(app.screen, NewRunScreen) and store.count() == 0


async def test_opens_the_files_of_rows_before_it_queues(dashboard, store, until, screen_text, notices, home, tmp_path) -> None:
    path = write_shop(tmp_path / "shop")
    info = checked(read_declaration(path))
    save(home.benchmarks, Stored(info.benchmark, path, file_digest(path), info.data))
    write_shop(tmp_path / "shop", rows=30)
    async with dashboard() as (app, pilot):
        screen = await open_form(pilot, until)
        (tmp_path / "shop" / "stars.tsv").write_text("title\tbody\n", encoding="utf-8")
        await fill(pilot, method="adapter", target="shop/stars", backbone="minilm")
        await until(pilot, lambda: "1 run: 1 new" in screen_text(app))
        screen.query_one("#queue", Button).press()
        # However the lines break, which hangs on the length of the path.
        await until(pilot, lambda: "column 'stars'; it has title, body" in " ".join(screen_text(app).replace("│", "").split()))
        assert isinstance(app.screen, NewRunScreen) and store.count() == 0
        await fill(pilot, target="shop/mood")
        screen.query_one("#queue", Button).press()
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
