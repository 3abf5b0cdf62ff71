"""Commands that read the registry or ask it for something."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import pytest

from engine.files.home import Home
from engine.registry.records import RunState
from engine.registry.store import Store, open_store
from scalearn_tui.cli.app import main
from scalearn_tui.cli.exits import ExitCode
from scalearn_tui.text.suggestions import FIRST_ADAPTER, FIRST_RUN

from ..plans.requests import needs_minilm
from ..reports.rows import complete, queue, spec, start

BOOLQ = "superglue/boolq"
Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("supervised")


class Terminal(io.StringIO):
    """Standard input of a user who types."""

    def isatty(self) -> bool:
        return True


def document(capsys: Capture, *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json"]) == ExitCode.OK
    parsed = json.loads(capsys.readouterr().out)
    assert parsed["schema"] == 1
    return parsed


def test_ls_lists_the_newest_first_and_filters(store: Store, capsys: Capture) -> None:
    done = complete(store, spec("adapter", BOOLQ), 0.7)
    waiting = queue(store, spec("scalearn++", "glue/rte", sources=[]))
    runs = document(capsys, "ls")["runs"]
    assert isinstance(runs, list)
    assert [run["id"] for run in runs] == [waiting.id, done.run_id]
    assert runs[1]["results"][BOOLQ]["test"]["accuracy"] == 0.7
    assert {"method", "backbone", "target", "seed", "state", "cause", "epoch", "metric", "value", "command"} <= set(runs[0])
    for flags in (["--state", "completed"], ["--method", "ST-A"], ["--target", "boolq"], ["--target", BOOLQ]):
        assert [run["id"] for run in document(capsys, "ls", *flags)["runs"]] == [done.run_id], flags  # type: ignore[attr-defined]
    assert main(["ls", "--target", "cola"]) == ExitCode.NOTHING_MATCHED


def test_ls_limits_unless_all(store: Store, capsys: Capture) -> None:
    for seed in range(4):
        queue(store, spec("adapter", BOOLQ, seed))
    assert len(document(capsys, "ls", "-n", "3")["runs"]) == 3  # type: ignore[arg-type]
    assert len(document(capsys, "ls", "-n", "3", "--target", "boolq")["runs"]) == 3  # type: ignore[arg-type]
    assert len(document(capsys, "ls", "-n", "3", "--all")["runs"]) == 4  # type: ignore[arg-type]


def test_ls_table_has_a_line_per_run(store: Store, capsys: Capture) -> None:
    complete(store, spec("adapter", BOOLQ), 0.7)
    failed = spec("adapter", BOOLQ, 1)
    store.finish(failed.run_id, start(store, failed), RunState.FAILED, "out of memory")
    assert main(["ls"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "✗ failed" in lines[1]
    assert lines[1].endswith("out of memory")
    assert "accuracy 70.00" in lines[2]


def test_an_empty_registry_is_not_an_error_but_a_filter_that_matches_none_is(store: Store, capsys: Capture) -> None:
    assert document(capsys, "ls")["runs"] == []
    assert main(["ls"]) == ExitCode.OK
    assert FIRST_RUN in capsys.readouterr().err
    for flags in ([], ["--json"]):
        assert main(["ls", "--state", "completed", *flags]) == ExitCode.NOTHING_MATCHED
    assert main(["ls", "--help"]) == ExitCode.OK
    assert "Exit code 3 when filters match none; an empty list without filters is 0." in " ".join(
        capsys.readouterr().out.split()
    )


@needs_minilm
@pytest.mark.parametrize("command", [FIRST_RUN, FIRST_ADAPTER])
def test_what_is_suggested_first_needs_no_hub(
    command: str, store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    program, *words = shlex.split(command)
    assert program == "scalearn" and main([*words, "--dry-run"]) == ExitCode.OK, capsys.readouterr().err


def test_ls_has_settings_where_runs_would_look_alike(store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(store, spec("adapter", BOOLQ))
    queue(store, spec("adapter", BOOLQ, 1, epochs=2))
    assert main(["ls"]) == ExitCode.OK
    assert "settings" not in capsys.readouterr().out, "the seeds tell them apart"
    queue(store, spec("adapter", BOOLQ, epochs=2, limits={"train": 500}))
    assert main(["ls"]) == ExitCode.OK
    heading, *rows = capsys.readouterr().out.splitlines()
    place = heading.index("settings")
    assert [row[place:].split("  ")[0] for row in rows] == ["epochs=2 limit train=500", "epochs=2", ""]
    settings = [run["settings"] for run in document(capsys, "ls")["runs"]]  # type: ignore[attr-defined]
    assert settings == [{"epochs": "2", "limit train": "500"}, {"epochs": "2"}, {}]

    monkeypatch.setenv("FORCE_COLOR", "1")
    for columns, shown in (("200", True), ("110", False)):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["ls"]) == ExitCode.OK
        heading = capsys.readouterr().out.splitlines()[0]
        assert ("settings" in heading, "age" in heading) == (shown, True)


def test_ls_as_json_has_all_settings(store: Store, capsys: Capture) -> None:
    run = queue(store, spec("adapter", BOOLQ, epochs=2, limits={"train": 500}, shots=16))
    (listed,) = document(capsys, "ls")["runs"]  # type: ignore[misc]
    assert listed["hyperparameters"] == run.parsed.hyperparameters
    assert (listed["limits"], listed["shots"], listed["group_id"]) == ({"train": 500}, 16, run.group_id)


def test_show_prints_both_tests_of_mnli(store: Store, capsys: Capture) -> None:
    mnli = spec("adapter", "glue/mnli")
    splits = {"dev": {"accuracy": 0.7}, "test": {"accuracy": 0.8412}, "test_mismatched": {"accuracy": 0.8355}}
    store.finish(mnli.run_id, start(store, mnli), RunState.COMPLETED, results={"glue/mnli": splits})
    run = document(capsys, "show", mnli.run_id)["run"]
    assert run["results"]["glue/mnli"] == splits  # type: ignore[index]
    assert main(["show", mnli.run_id]) == ExitCode.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["test", "results", "accuracy", "84.12"] in lines
    assert ["test", "mismatched", "results", "accuracy", "83.55"] in lines


def test_show_prints_everything(store: Store, capsys: Capture) -> None:
    source = complete(store, spec("adapter", BOOLQ), 0.7)
    target = complete(store, spec("scalearn++", BOOLQ, sources=[source]), 0.75)
    run = document(capsys, "show", target.run_id[:6])["run"]
    assert isinstance(run, dict)
    assert run["spec"] == target.model_dump(mode="json")
    assert run["sources"] == [{"task": BOOLQ, "run": source.run_id}]
    assert run["provenance"]["versions"]["scalearn-tui"] == "0.1.0"
    assert run["events"][0]["text"].startswith("queued by ")
    assert main(["show", "@1"]) == ExitCode.OK
    text = capsys.readouterr().out
    for part in (target.run_id, "accuracy 75.00", source.run_id, "learning_rate=0.006", "command"):
        assert part in text


def test_stop_and_resume(store: Store, capsys: Capture) -> None:
    waiting, working = spec("adapter", BOOLQ), spec("adapter", BOOLQ, 1)
    queue(store, waiting)
    start(store, working)
    assert main(["stop", waiting.run_id, working.run_id]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines() == [f"{waiting.run_id}  stopped", f"{working.run_id}  stopping"]
    assert store.find(waiting.run_id).state is RunState.STOPPED
    assert store.find(working.run_id).stop_requested
    assert main(["stop", waiting.run_id]) == ExitCode.NOTHING_MATCHED
    capsys.readouterr()
    assert main(["resume", waiting.run_id]) == ExitCode.OK
    assert capsys.readouterr().out == f"{waiting.run_id}  queued\n"
    assert store.find(waiting.run_id).state is RunState.QUEUED


def test_deleted_runs_lose_their_files_too(store: Store, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    source = complete(store, spec("adapter", BOOLQ), 0.7)
    target = queue(store, spec("scalearn++", BOOLQ, sources=[source]))
    path = store.home.checkpoint(source.run_id, "best")
    path.parent.mkdir(parents=True)
    path.touch()

    def deleted(*arguments: str) -> tuple[int, str, str]:
        return (main(["delete", *arguments]), *capsys.readouterr())

    code, out, err = deleted(source.run_id, "@1")
    assert (code, out) == (ExitCode.USAGE, "") and "(adapter on superglue/boolq, completed), " in err and "--yes" in err
    code, out, err = deleted(source.run_id, "--yes")
    assert (code, out) == (ExitCode.USAGE, "") and f"is a source of {target.id}; delete that one first" in err
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert deleted(source.run_id, "@1")[:2] == (ExitCode.INTERRUPTED, "") and store.count() == 2 and path.exists()
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert deleted(source.run_id, "@1")[:2] == (ExitCode.OK, f"{source.run_id}  deleted\n{target.id}  deleted\n")
    assert store.count() == 0 and not path.exists()


def test_deleting_says_what_is_left(user_folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEARN_HOME", str(user_folder / "home"))
    store = open_store(Home.default())
    linked, stuck = (complete(store, spec("adapter", BOOLQ, seed=seed), 0.7) for seed in (0, 1))
    elsewhere = user_folder / "disk"
    elsewhere.mkdir()
    (elsewhere / "best.safetensors").touch()
    store.home.run(linked.run_id).parent.mkdir()
    store.home.run(linked.run_id).symlink_to(elsewhere)
    evidence = store.home.evidence(stuck.run_id, BOOLQ, "dev").parent
    evidence.mkdir(parents=True)
    (evidence / "a").touch()
    (evidence / "b").touch()
    evidence.chmod(0o500)
    evidence.parents[2].chmod(0o500)
    assert main(["delete", linked.run_id, stuck.run_id, "--yes"]) == ExitCode.FAILURE
    assert "scalearn: nothing was deleted: " in capsys.readouterr().err and store.count() == 2
    evidence.parents[2].chmod(0o700)
    assert main(["delete", linked.run_id, stuck.run_id, "--yes"]) == ExitCode.FAILURE
    out, err = capsys.readouterr()
    link, left = err.splitlines()
    assert out == f"{linked.run_id}  deleted\n{stuck.run_id}  deleted\n" and store.count() == 0
    assert link == f"only the link to {elsewhere.resolve()} was removed; what lies there is yours to remove"
    assert (elsewhere / "best.safetensors").exists()
    assert "/evidence/superglue/a and 1 more could not be removed (Permission denied); remove by hand" in left
    assert not store.home.run(stuck.run_id).exists(), "a later run with this id would resume from it"


def test_resume_takes_sources_along(store: Store, capsys: Capture) -> None:
    source = spec("adapter", BOOLQ)
    target = spec("scalearn++", BOOLQ, sources=[source])
    store.finish(source.run_id, start(store, source), RunState.LOST, "killed")
    queue(store, target)
    store.fail_blocked()
    assert main(["resume", target.run_id]) == ExitCode.OK
    assert {store.find(run.run_id).state for run in (source, target)} == {RunState.QUEUED}


def test_resume_of_a_completed_run_says_so(store: Store, capsys: Capture) -> None:
    done = complete(store, spec("adapter", BOOLQ), 0.7)
    assert main(["resume", done.run_id]) == ExitCode.OK
    assert "completed" in capsys.readouterr().err
    assert store.find(done.run_id).state is RunState.COMPLETED


def test_leaderboard_formats(store: Store, capsys: Capture, tmp_path: Path) -> None:
    assert main(["leaderboard"]) == ExitCode.NOTHING_MATCHED
    complete(store, spec("adapter", BOOLQ, backbone="minilm"), 0.7)
    capsys.readouterr()
    assert main(["leaderboard"]) == ExitCode.OK
    assert "70.00 (1)" in capsys.readouterr().out
    assert main(["leaderboard", "--format", "markdown"]) == ExitCode.OK
    assert "| Adapter | – | – | 70.00 (1) |" in capsys.readouterr().out
    assert main(["leaderboard", "--format", "json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["schema"] == 2
    begins = {"board.csv": "benchmark,", "board.tex": "% Made by", "board.html": "<!doctype html>", "board.md": "### SuperGLUE"}
    for name, first in begins.items():
        assert main(["leaderboard", "--output", f"{tmp_path}/{name}"]) == ExitCode.OK
        assert (tmp_path / name).read_text().startswith(first)
    assert main(["leaderboard", "--format", "csv-long"]) == ExitCode.OK
    assert ",superglue/boolq,,test,accuracy,70.0," in capsys.readouterr().out
    assert main(["leaderboard", "--benchmark", "glue"]) == ExitCode.NOTHING_MATCHED


def test_a_leaderboard_is_a_query(store: Store, capsys: Capture) -> None:
    for rate in (1e-4, 1e-3):
        complete(store, spec("adapter", BOOLQ, backbone="minilm", learning_rate=rate), 0.7 + rate)
    complete(store, spec("lora", "superglue/rte", backbone="minilm"), 0.6)
    assert main(["leaderboard", "--best-of", "lr", "--split", "dev"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "Adapter (best of 2 learning_rate, chosen on dev)" in out and "69.10 (1)" in out and "flatters" in out
    assert main(["leaderboard", "--complete-only"]) == ExitCode.NOTHING_MATCHED
    assert "SuperGLUE, minilm: no row has all tasks" in capsys.readouterr().err
    assert main(["leaderboard", "--metric", "acuracy"]) == ExitCode.USAGE
    assert "no metric 'acuracy' (did you mean accuracy?)" in capsys.readouterr().err


def test_catalog_as_json(capsys: Capture) -> None:
    for command in ("methods", "tasks", "backbones"):
        assert main([command, "--json"]) == ExitCode.OK
        entries = json.loads(capsys.readouterr().out)
        assert isinstance(entries, list) and all(entry["name"] for entry in entries)
    assert main(["tasks", "--benchmark", "toy", "--json"]) == ExitCode.OK
    task = json.loads(capsys.readouterr().out)[0]
    assert set(task) == {"benchmark", "name", "kind", "labels", "metrics", "max_length", "sizes"}
    assert set(task["sizes"]) == {"train", "dev", "test"}


def test_parameters_are_counted_in_another_process(capsys: Capture) -> None:
    assert main(["methods", "--params", "--backbone", "roberta-base", "--tasks", "8", "--json"]) == ExitCode.OK
    counted = {method["name"]: method for method in json.loads(capsys.readouterr().out)}
    assert set(counted["pals"]) == {"name", "group", "trainable", "transfer", "head"}
    assert (counted["scalearn++"]["transfer"], counted["hyperformer++"]["transfer"]) == (6_144, 5_095_024)
    assert main(["methods", "--params", "--tasks", "99"]) == ExitCode.USAGE
    assert main(["methods", "--tasks", "8"]) == ExitCode.USAGE


def test_doctor_names_every_part(store: Store, capsys: Capture) -> None:
    checks = document(capsys, "doctor")["checks"]
    assert isinstance(checks, list)
    named = {check["name"]: check for check in checks}
    assert {"torch", "home", "registry", "supervisor", "devices", "offline backbone", "hub", "hub cache", "token cache"} <= set(
        named
    )
    assert named["supervisor"]["detail"] == "running"
