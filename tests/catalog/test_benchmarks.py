"""Declarations of the built-in benchmarks, and the lookup of their tasks."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from engine.catalog.catalog import BUILT_IN
from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.reports.published import FOLDER, published_averages, published_results
from tests.files.folders import task_data

FOLDERS = {"glue": "glue", "superglue": "super_glue"}


@pytest.mark.parametrize(
    "task", [task for name in FOLDERS for task in BUILT_IN.benchmarks[name].tasks], ids=lambda task: task.key
)
def test_sizes_and_labels_are_the_official_ones(task: TaskInfo) -> None:
    folder = f"{FOLDERS[task.benchmark]}/{task.config or task.name}"
    manifest = json.loads((task_data() / "manifest.json").read_text())[folder]
    official = [manifest[split]["official_rows"] for split in task.official_splits]
    assert task.sizes == tuple(official[:2])
    for split in task.official_splits:
        schema = pq.read_schema(task_data() / folder / f"{split}.parquet")
        if task.kind not in ("regression", "entity_ranking"):
            features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
            assert task.labels == tuple(features["label"]["names"])


def test_every_task_is_well_formed() -> None:
    for task in BUILT_IN.tasks.values():
        assert task.kind in KINDS and task.metrics and task.columns
        assert len(set(task.labels)) == len(task.labels)
        assert (task.kind == "regression") == (not task.labels)
        train, dev, test = task.split_sizes.values()
        assert train > dev > 0 < test
        assert train + (0 if task.dev else dev) == task.sizes[0]


def test_humset_has_the_labels_of_its_card_sorted() -> None:
    tasks = {task.name: task for task in BUILT_IN.benchmarks["humset"].tasks}
    assert {name: len(task.labels) for name, task in tasks.items()} == {
        "sectors": 11, "pillars_1d": 7, "subpillars_1d": 33, "pillars_2d": 6, "subpillars_2d": 18,
    }  # fmt: skip
    for name, task in tasks.items():
        assert list(task.labels) == sorted(task.labels)
        assert (task.columns, task.label_column, task.max_length) == (("excerpt",), name, 128)
        assert (task.metrics, task.select_by) == (("macro_f1", "micro_f1"), "metric")
    for dimension in ("1d", "2d"):
        pillars = dict.fromkeys(label.split("->")[0] for label in tasks[f"subpillars_{dimension}"].labels)
        assert tuple(pillars) == tasks[f"pillars_{dimension}"].labels


@pytest.mark.parametrize(
    ("name", "backbone"), [("glue", "roberta-base"), ("superglue", "roberta-base"), ("humset", "xlm-roberta-base")]
)
def test_tasks_are_in_the_order_of_the_published_table(name: str, backbone: str) -> None:
    place = BUILT_IN.benchmarks[name]
    table = place.published[0]
    with (FOLDER / table.file).open() as file:
        header = next(csv.reader(file))
    assert table.backbone == backbone and not table.server
    assert [table.columns.get(task.name, task.name) for task in place.tasks] == header[2:-1]
    assert len(published_results(place, table)) == 14
    assert all(len(line) == len(place.tasks) for line in published_results(place, table).values())


def test_every_published_file_is_some_benchmarks() -> None:
    used = [table.file for benchmark in BUILT_IN.benchmarks.values() for table in benchmark.published]
    assert sorted(used) == sorted(path.name for path in FOLDER.glob("*.csv"))


def test_averages_of_the_glue_server_are_over_the_nine_columns_that_are_named() -> None:
    _, table = BUILT_IN.benchmarks["glue"].published
    assert "nine columns, MNLI-m, MNLI-mm, QQP F1, QNLI, SST-2, CoLA, STS-B, MRPC F1 and RTE" in table.server
    nine = ("mnli_m", "mnli_mm", "qqp_f1", "qnli", "sst-2", "cola", "sts-b", "mrpc_f1", "rte")
    with (FOLDER / table.file).open() as file:
        lines = {line["method"]: line for line in csv.DictReader(file)}
    for title, average in published_averages(table).items():
        assert sum(float(lines[title][name]) for name in nine) / 9 == pytest.approx(float(average), abs=0.05)


def test_gsg_is_glue_and_superglue_with_rte_once() -> None:
    keys = [task.key for task in BUILT_IN.benchmarks["gsg"].tasks]
    assert len(keys) == 15 and len(set(keys)) == 15
    both = [task.key for name in ("glue", "superglue") for task in BUILT_IN.benchmarks[name].tasks]
    assert keys == [key for key in both if key != "superglue/rte"]
    assert all(BUILT_IN.tasks[key].key == key for key in keys) and not any(key.startswith("gsg/") for key in BUILT_IN.tasks)


def test_a_name_is_looked_up_in_its_benchmark_or_in_the_first_that_has_it() -> None:
    assert (
        BUILT_IN.find_task("rte").key == BUILT_IN.find_task("rte", "gsg").key == BUILT_IN.find_task("gsg/rte").key == "glue/rte"
    )
    assert BUILT_IN.find_task("rte", "superglue").key == BUILT_IN.find_task("SuperGLUE/RTE").key == "superglue/rte"
    assert BUILT_IN.find_task("boolq", "gsg").key == BUILT_IN.find_task("BoolQ").key == "superglue/boolq"
    assert BUILT_IN.find_task("STS-B").key == "glue/stsb" and BUILT_IN.find_task("subpillars1d").key == "humset/subpillars_1d"
    assert BUILT_IN.find_benchmark("Super_GLUE").name == "superglue"
    with pytest.raises(
        UserError, match=r"no task 'boolx' in glue or superglue or humset or toy \(did you mean boolq\?\); there are mnli, qqp"
    ):
        BUILT_IN.find_task("boolx")
    with pytest.raises(UserError, match=r"no task 'sectors' in gsg; there are mnli.*copa, cb$"):
        BUILT_IN.find_task("sectors", "gsg")
