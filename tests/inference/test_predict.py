"""What a run predicts for new lines is what it predicted when it was evaluated, for every kind of task and of run."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.adapters.exporting import export_adapter
from engine.adapters.importing import import_adapter
from engine.catalog.catalog import BUILT_IN
from engine.catalog.task import TaskInfo
from engine.data import new_texts, text_lines
from engine.data.check_benchmark import checked
from engine.data.loading import load_rows
from engine.data.prepared import prepare, within_positions
from engine.files.disk import file_digest
from engine.files.home import Home
from engine.inference.memory import free_memory
from engine.inference.predict import main
from engine.metrics.scoring import score
from engine.own_benchmarks.declaration import read_declaration
from engine.own_benchmarks.stored import Stored, save
from engine.plans.planner import make_plan, submit
from engine.plugins.home_catalog import load_catalog
from engine.registry.store import Store, open_store
from engine.runs.request import Request
from tests.own_benchmarks.shop import MINIMAL, write_shop
from tests.training.runs import trained

Rows = list[dict[str, Any]]
SETTINGS = {"batch_size": 8, "learning_rate": 1e-2, "precision": "float32"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(Home(tmp_path_factory.mktemp("predict") / "home"))


@pytest.fixture(scope="module")
def train(store: Store, tiny_backbone: Path) -> Callable[..., str]:
    """Train a tiny run, its sources first; its id."""

    def run(method: str, *targets: str, **fields: Any) -> str:
        settings = {**SETTINGS, **fields.pop("settings", {})}
        values = {"epochs": 1, "limits": {"train": 64, "dev": 16}, "settings": settings, **fields}
        plan = make_plan(
            Request(methods=(method,), targets=targets, backbone=str(tiny_backbone), **values),
            store,
            load_catalog(store.home),
        )
        (run_id,) = submit(plan, store)
        for planned in plan.new:
            trained(store, planned.spec.run_id)
        return run_id

    return run


def without_label(task: TaskInfo, rows: Rows) -> Rows:
    labels = (task.label_column, "answers", "idx")
    return [{name: value for name, value in row.items() if name not in labels} for row in rows]


def label(store: Store, run_id: str, key: str, file: Path, *options: str) -> int:
    """The exit code of labelling the texts in ``file``, which is standard input."""
    with file.open() as texts, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", texts)
        return main([run_id, "--task", key, "--home", str(store.home.root), "--name", str(file), *options])


def predict(store: Store, run_id: str, key: str, rows: Rows, folder: Path, capsysbinary: Any) -> Rows:
    """The answers to ``rows``."""
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert label(store, run_id, key, file) == 0
    return [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


def as_logits(task: TaskInfo, answers: Rows, rows: Rows) -> np.ndarray:
    """Logits from which the metrics see these answers."""
    if task.kind == "regression":
        return np.array([[answer["value"]] for answer in answers], dtype=np.float32)
    if task.kind == "entity_ranking":
        pairs = [(answer, entity) for answer, row in zip(answers, rows, strict=True) for entity in row["entities"]]
        return np.array([[0.0, float(answer["entity"] == entity)] for answer, entity in pairs])
    chosen = [answer["labels"] if task.kind == "multilabel" else [answer["label"]] for answer in answers]
    return np.array([[1.0 if label in names else -1.0 for label in task.labels] for names in chosen])


def check(
    store: Store, run_id: str, key: str, backbone: Path, folder: Path, capsysbinary: Any, data_dir: Path | None = None
) -> Rows:
    """That the metrics of the answers are the run's own on test; the answers."""
    task = within_positions(BUILT_IN.tasks[key], 128)
    rows = load_rows(task, data_dir)["validation"].to_pylist()
    answers = predict(store, run_id, key, without_label(task, rows), folder, capsysbinary)
    assert len(answers) == len(rows)
    test = prepare(task, backbone, store.home.tokens, data_dir).splits["test"]
    scores = score(task, as_logits(task, answers, rows), np.array(test.labels), test.groups, test.candidates)
    expected: Mapping[str, float] = store.results([run_id])[run_id][key]["test"]
    assert scores == pytest.approx({name: value for name, value in expected.items() if name != "loss"}, abs=1e-6)
    return answers


@pytest.mark.parametrize("key", ["toy/entailment", "toy/similarity", "toy/topics", "toy/choice"])
def test_single_task_runs_of_every_kind(
    key: str, train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    first = check(store, train("adapter", key), key, tiny_backbone, tmp_path, capsysbinary)[0]
    if key == "toy/similarity":
        assert list(first) == ["value"]
    else:
        assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-5) or key == "toy/topics"
        assert tuple(first["probabilities"]) == BUILT_IN.tasks[key].labels
        assert next(iter(first)) == ("labels" if key == "toy/topics" else "label")
    if key == "toy/choice":
        assert first["text"] == load_rows(BUILT_IN.tasks[key], None)["validation"].to_pylist()[0][first["label"]]
        assert first["score"] == max(first["probabilities"].values())


def test_every_task_of_a_joint_run(
    train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    run_id = train("hyperformer++", "toy/question", "toy/similarity", settings={"steps_per_epoch": 4})
    for key in ("toy/question", "toy/similarity"):
        check(store, run_id, key, tiny_backbone, tmp_path, capsysbinary)


def test_a_fully_fine_tuned_backbone(
    train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    check(store, train("full-ft", "toy/sentiment"), "toy/sentiment", tiny_backbone, tmp_path, capsysbinary)


@pytest.mark.parametrize("method", ["scalearn", "adapterfusion", "adaptersoup", "probing-pair"])
def test_a_two_stage_run_with_its_sources(
    method: str, train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    settings = {"similarity_model": "backbone", "similarity_texts": 20} if method == "adaptersoup" else {}
    run_id = train(method, "toy/question", sources=("toy/choice", "toy/question"), settings=settings)
    check(store, run_id, "toy/question", tiny_backbone, tmp_path, capsysbinary)


def write(folder: Path, rows: Rows) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{split}.parquet")


def test_tasks_whose_rows_are_grouped(
    train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    words = ["good", "bad", "great", "happy", "sad"]
    write(tmp_path / "super_glue" / "multirc", [
        {"paragraph": f"it was {words[p % 5]}", "question": f"what was it {q}", "answer": words[a],
         "idx": {"paragraph": p, "question": 2 * p + q, "answer": a}, "label": int(a == p % 5)}
        for p in range(12) for q in range(2) for a in range(3)
    ])  # fmt: skip
    write(tmp_path / "super_glue" / "record", [
        {"passage": f"it was {words[p % 5]}\n@highlight\nand {words[p % 3]}", "query": "it was @placeholder",
         "entities": words[: 2 + p % 4], "answers": [words[p % 2]], "idx": {"passage": p, "query": p}}
        for p in range(20)
    ])  # fmt: skip
    for key in ("superglue/multirc", "superglue/record"):
        run_id = train("adapter", key, data_dir=tmp_path)
        answers = check(store, run_id, key, tiny_backbone, tmp_path, capsysbinary, tmp_path)
        if key == "superglue/record":
            assert all(answer["entity"] in answer["probabilities"] for answer in answers)
            file = tmp_path / "gapless.jsonl"
            row = {"passage": "it was good", "query": "it was @placeholder", "entities": ["good", "bad"]}
            file.write_text("".join(json.dumps({**row, "query": query}) + "\n" for query in (row["query"], "it was")))
            assert label(store, run_id, key, file) == 2
            assert f"{file}:2: 'query' has no @placeholder" in capsysbinary.readouterr().err.decode()
            file.write_text(json.dumps({**row, "entities": ["good", " "]}))
            assert label(store, run_id, key, file) == 2
            assert f"{file}:1: 'entities' holds a blank text" in capsysbinary.readouterr().err.decode()
            table = tmp_path / "rows.csv"
            table.write_text('passage,query,entities\nit was good,it was @placeholder,"[""good"", ""bad""]"\n')
            assert label(store, run_id, key, table, "--format", "csv") == 0
            (from_table,) = capsysbinary.readouterr().out.splitlines()
            assert [json.loads(from_table)] == predict(store, run_id, key, [row], tmp_path, capsysbinary)


@pytest.fixture
def sentiment(train: Callable[..., str]) -> str:
    return train("adapter", "toy/sentiment")


def test_windows_change_nothing_and_ids_are_repeated(
    sentiment: str, store: Store, tmp_path: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"sentence": "it was good " * (1 + 7 * number % 11), "id": f"é{number}"} for number in range(20)]
    whole = predict(store, sentiment, "toy/sentiment", rows, tmp_path, capsysbinary)
    assert [answer["id"] for answer in whole] == [row["id"] for row in rows]
    monkeypatch.setattr(new_texts, "WINDOW_ROWS", 3)
    parts = predict(store, sentiment, "toy/sentiment", rows, tmp_path, capsysbinary)
    assert [answer["label"] for answer in parts] == [answer["label"] for answer in whole]
    assert [answer["score"] for answer in parts] == pytest.approx([answer["score"] for answer in whole], abs=1e-6)
    assert predict(store, sentiment, "toy/sentiment", [], tmp_path, capsysbinary) == []


GOOD = b'{"sentence": "it was good"}'
MALFORMED = [
    (b'{"sentence": "it', "this is not JSON"),
    (b'["it was good"]', "this is not a JSON object"),
    (b"", "this line is empty"),
    (b'{"text": "it was good"}', "there is no 'sentence'; toy/sentiment reads sentence"),
    (b'{"sentence": 3}', "'sentence' must be text"),
    (b'{"sentence": " "}', "'sentence' is blank"),
    (b'{"sentence": "it was good", "id": 1e999}', "1e999 is not a finite number"),
    (b'{"sentence": "it was good", "id": NaN}', "NaN is not a finite number"),
    (b'{"sentence": "it was good", "id": ' + b"7" * 5000 + b"}", "has more digits than a number may have"),
    (b'{"sentence": ' + b"[" * 100_000, "this is nested too deeply"),
    (b'{"sentence": "' + b"a" * text_lines.LONGEST + b'"}', "this line has more than 8,388,608 bytes"),
    (b'{"sentence": "\xff"}', "this is not UTF-8"),
    (b'{"sentence": "\\ud800"}', "half a character"),
]


@pytest.mark.parametrize(("line", "why"), MALFORMED, ids=[why for _, why in MALFORMED])
def test_a_malformed_line_is_named(
    line: bytes, why: str, sentiment: str, store: Store, tmp_path: Path, capsysbinary: Any
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join([GOOD, GOOD, GOOD, line, GOOD]))
    assert label(store, sentiment, "toy/sentiment", file) == 2
    out, err = capsysbinary.readouterr()
    assert out == b""
    (message,) = err.decode().splitlines()
    assert message.startswith(f"{file}:4: ") and why in message


def test_bad_lines_are_left_out_on_request(sentiment: str, store: Store, tmp_path: Path, capsysbinary: Any) -> None:
    whole = predict(store, sentiment, "toy/sentiment", [json.loads(GOOD)], tmp_path, capsysbinary)
    file, notices = tmp_path / "rows.jsonl", tmp_path / "notices"
    file.write_bytes(b"\n".join([line for line, _ in MALFORMED] + [GOOD]))
    with notices.open("w") as heard:
        options = ("--skip-bad", "--notices", str(heard.fileno()))
        assert label(store, sentiment, "toy/sentiment", file, *options) == 0
    *named, count = notices.read_text().splitlines()
    for number, (notice, (_, why)) in enumerate(zip(named, MALFORMED, strict=True), start=1):
        assert notice.startswith(f"{file}:{number}: ") and why in notice
    assert count == f"{len(MALFORMED)} of {len(MALFORMED) + 1} rows are left out; the others are answered"
    answers = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert answers == [{"line": len(MALFORMED) + 1, **whole[0]}]


def test_a_row_that_the_template_refuses_is_named(
    train: Callable[..., str], store: Store, tmp_path: Path, capsysbinary: Any
) -> None:
    text = "it was good and great"
    write(tmp_path / "super_glue" / "wsc.fixed", [
        {"text": f"{text} {number}", "span1_text": "it", "span2_index": 2, "label": number % 2} for number in range(20)
    ])  # fmt: skip
    run_id = train("adapter", "superglue/wsc", data_dir=tmp_path)
    lines = [{"text": text, "span1_text": "it", "span2_index": place} for place in (0, 1, 9)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert label(store, run_id, "superglue/wsc", file) == 2
    assert f"{file}:3: superglue/wsc: span2_index 9 lies outside" in capsysbinary.readouterr().err.decode()
    table = tmp_path / "rows.tsv"
    for place, why in (("1", ""), ("one", f"{table}:2: 'span2_index' must be a whole number")):
        table.write_text(f"text\tspan1_text\tspan2_index\n{text}\tit\t{place}\n")
        assert label(store, run_id, "superglue/wsc", table, "--format", "tsv") == (2 if why else 0)
        assert why in capsysbinary.readouterr().err.decode()


def test_an_own_task_reads_the_columns_of_its_patterns(
    train: Callable[..., str], store: Store, tiny_backbone: Path, tmp_path: Path, capsysbinary: Any
) -> None:
    path = write_shop(tmp_path / "shop")
    save(store.home.benchmarks, Stored(checked(read_declaration(path)).benchmark, path, file_digest(path)))
    runs = {}
    for key, file in (("shop/next", "next_test.jsonl"), ("shop/topics", "topics_test.jsonl")):
        runs[key] = train("adapter", key)
        lines = [json.loads(line) for line in (path.parent / file).read_text().splitlines()]
        asked = [{name: value for name, value in line.items() if name not in ("label", "topics")} for line in lines]
        answers = predict(store, runs[key], key, asked, tmp_path, capsysbinary)
        task = load_catalog(store.home).tasks[key]
        test = prepare(task, tiny_backbone, store.home.tokens, None).splits["test"]
        scores = score(task, as_logits(task, answers, asked), np.array(test.labels), test.groups, test.candidates)
        expected = store.results([runs[key]])[runs[key]][key]["test"]
        assert scores == pytest.approx({name: value for name, value in expected.items() if name in task.metrics})
        if key == "shop/next":
            assert [answer["text"] for answer in answers] == [
                line["endings"][int(answer["label"])] for line, answer in zip(lines, answers, strict=True)
            ]
            table = tmp_path / "rows.csv"
            with table.open("w", newline="") as file_of_cells:
                writer = csv.writer(file_of_cells)
                writer.writerow(["start", "endings"])
                writer.writerows([line["start"], json.dumps(line["endings"])] for line in lines)
            assert label(store, runs[key], key, table, "--format", "csv") == 0
            assert [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()] == answers
    for line, why in (
        ({"start": "it", "endings": ["goes", "is"]}, "must hold a list of 3 options"),
        ({"start": " ", "endings": ["goes", "went", "is"]}, 'column "start" is empty'),
        ({"start": "it"}, "there is no 'endings'; shop/next reads start, endings"),
    ):
        file = tmp_path / "rows.jsonl"
        file.write_text(json.dumps(line))
        assert label(store, runs["shop/next"], "shop/next", file) == 2
        assert f"{file}:1: {why}" in capsysbinary.readouterr().err.decode().replace('column "endings" ', "")


def test_an_imported_adapter_is_not_taken_for_that_of_another_task(
    train: Callable[..., str], store: Store, tmp_path: Path, capsysbinary: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for text in ("{review}", "Review: {review}"):
        path = write_shop(tmp_path / "shop", MINIMAL.replace("{review}", text))
        save(store.home.benchmarks, Stored(checked(read_declaration(path)).benchmark, path, file_digest(path)))
        if text == "{review}":
            run_id = train("adapter", "shop/mood")
    there = open_store(Home(tmp_path_factory.mktemp("there")))
    import_adapter(there, Path(export_adapter(store, run_id, tmp_path / "mood.safetensors")["file"]))
    shutil.copytree(store.home.benchmarks, there.home.benchmarks)
    assert label(there, run_id, "shop/mood", Path(os.devnull)) == 2
    assert "is another one than shop/mood of the catalog" in capsysbinary.readouterr().err.decode()


def test_sources_are_needed_and_must_be_those_of_the_training(
    train: Callable[..., str], store: Store, tmp_path: Path, capsysbinary: Any
) -> None:
    run_id = train("scalearn++", "toy/question", sources=("toy/topics", "toy/question"))
    source = next(edge.source_id for edge in store.sources(run_id) if edge.task == "toy/topics")
    rows = [{"question": "was it good", "passage": "it was good"}]
    before = predict(store, run_id, "toy/question", rows, tmp_path, capsysbinary)
    artefact = Path(export_adapter(store, source, tmp_path / "topics.safetensors")["file"])
    store.home.checkpoint(source, "best").unlink()
    assert label(store, run_id, "toy/question", tmp_path / "rows.jsonl") == 2
    err = capsysbinary.readouterr().err.decode()
    assert err.startswith(f"the source adapter toy/topics (run {source}) has lost its file") and len(err.splitlines()) == 1

    import_adapter(store, artefact)
    assert predict(store, run_id, "toy/question", rows, tmp_path, capsysbinary) == before


def test_a_local_backbone_of_another_machine_is_reported(
    sentiment: str, store: Store, tmp_path: Path, capsysbinary: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = open_store(Home(tmp_path_factory.mktemp("there")))
    import_adapter(there, Path(export_adapter(store, sentiment, tmp_path / "a.safetensors")["file"]))
    assert label(there, sentiment, "toy/sentiment", Path(os.devnull)) == 2
    assert "was trained elsewhere on a folder called tiny-bert" in capsysbinary.readouterr().err.decode()


def test_memory_of_a_container_counts(tmp_path: Path) -> None:
    assert free_memory(tmp_path) > 0
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert free_memory(tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory(tmp_path) > 2000
