"""The formats hold the same rows, are read by the programs they are for, and take effect nowhere."""

from __future__ import annotations

import csv
import io
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pyarrow.parquet as pq
import pytest
from tensorboardX.proto.event_pb2 import Event

from engine import results
from engine.errors import UserError
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.results import chosen
from engine.results.parquet import write_parquet
from engine.results.tensorboard import write_events
from engine.results.writing import write_csv, write_json, write_jsonl
from tests.registry.rows import point
from tests.reports.rows import spec, start
from tests.results.conftest import TRANSFER, UNDER_WAY

KINDS = [results.scores, results.curves, results.predictions]


def written(write: Any, rows: results.ResultRows[Any]) -> str:
    out = io.StringIO()
    assert write(rows, out) == len(list(rows)) > 0
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_csv_json_and_parquet_hold_the_same(kind: Any, filled: Store, tmp_path: Path) -> None:
    rows = kind(home=filled.home.root)
    lines = [json.loads(line) for line in written(write_jsonl, rows).splitlines()]
    document = json.loads(written(write_json, rows))
    assert document == {"schema": 1, "rows": lines}
    flat = list(csv.DictReader(io.StringIO(written(write_csv, rows))))
    write_parquet(rows, tmp_path / "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet", use_threads=False)
    assert table.column_names == list(flat[0]) == list(rows.columns)
    for line, cells, parquet in zip(lines, flat, table.to_pylist(maps_as_pydicts="strict"), strict=True):
        line |= {f"settings.{name}": value for name, value in line.pop("settings", {}).items()}
        assert {name: value for name, value in parquet.items() if value is not None} == {
            name: value for name, value in line.items() if value is not None
        }
        for name, value in line.items():
            text = json.dumps(value) if isinstance(value, list | dict) else str(value)
            assert cells[name] == ("" if value in (None, [], {}) else text)


def test_a_table_of_pandas_is_that_of_the_csv(filled: Store) -> None:
    rows = results.scores(home=filled.home.root)
    read = pandas.read_csv(io.StringIO(written(write_csv, rows)), dtype={"run": str, "group": str})
    direct = rows.to_pandas()
    assert list(read) == list(direct) and read["value"].equals(direct["value"]) and (read["run"] == direct["run"]).all()


def test_foreign_text_takes_no_effect(filled: Store) -> None:
    class Rows(results.ResultRows[Any]):
        def __iter__(self) -> Iterator[Any]:
            yield results.Prediction(
                run="1", task="a\x1b[2Jb", split="dev", row_id="0", gold='=HYPERLINK("x")', label="b\nc\u202e", labels=("=1",),
            )  # fmt: skip

    rows = Rows(results.Prediction, lambda: iter(()))
    (cells,) = csv.DictReader(io.StringIO(written(write_csv, rows)))
    assert cells["gold"] == '\'=HYPERLINK("x")' and cells["label"] == "b c\ufffd" and cells["task"] == "a\ufffd[2Jb"
    line = written(write_jsonl, rows)
    assert line.isprintable() is False and line.strip().isprintable() and json.loads(line)["label"] == "b\nc\u202e"


def events(folder: Path) -> list[tuple[Event, Any]]:
    """Event and value of the files directly in a folder: records with their length in front, and check sums around."""
    found = []
    for path in folder.glob("events.out.*"):
        content = path.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = Event.FromString(content[12 : 12 + length])
            found += [(event, value) for value in event.summary.value]
            content = content[16 + length :]
    return found


def test_tensorboard_has_curves_with_step_and_time_and_what_settings_led_to(filled: Store, tmp_path: Path) -> None:
    runs = chosen("backbone:roberta-base", filled.home.root)
    assert write_events(runs, tmp_path / "events") == 5 + sum(
        1 for _ in results.scores("backbone:roberta-base", filled.home.root)
    )
    folder = tmp_path / "events" / f"adapter-toy-topics-0-{UNDER_WAY.run_id}"
    began = filled.find(UNDER_WAY.run_id).started_at
    points = {(value.tag, event.step): (value.simple_value, event.wall_time) for event, value in events(folder)}
    assert began and points["train/loss", 10] == (1.0, pytest.approx(began.timestamp() + 4.0)) and len(points) == 5
    (transfer,) = (tmp_path / "events").glob(f"*{TRANSFER.run_id}")
    told = events(transfer / "scores")
    scores = {value.tag: value.simple_value for _, value in told if value.HasField("simple_value")}
    assert scores["test/toy/claim/accuracy"] == pytest.approx(0.7)
    hparams = b"".join(value.metadata.plugin_data.content for _, value in told)
    assert b"learning_rate" in hparams and b"toy/question,toy/claim" in hparams
    with pytest.raises(UserError, match="not empty; name a new folder"):
        write_events(runs, tmp_path / "events")


def test_a_missing_library_of_tensorboard_is_named(filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(UserError, match=r"pip install 'scalearn-tui\[tensorboard\]'"):
        write_events(chosen("", filled.home.root), tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_a_file_is_not_replaced_by_half_of_another(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_text("before")

    def broken() -> Iterator[Any]:
        yield next(iter(results.curves(home=filled.home.root)))
        raise UserError("the rest is lost")

    with pytest.raises(UserError, match="the rest"):
        write_parquet(results.ResultRows(results.CurvePoint, broken), path)
    assert path.read_text() == "before" and [file.name for file in tmp_path.iterdir()] == ["rows.parquet"]


def test_numbers_that_json_lacks(store: Store) -> None:
    attempt = start(store, spec("adapter", "toy/claim"))
    run_id = spec("adapter", "toy/claim").run_id
    store.progress(run_id, attempt, [point(run_id, 1, float("inf"))], step=1)
    rows = results.curves(home=store.home.root)
    assert json.loads(written(write_jsonl, rows))["value"] is None and ",inf\n" in written(write_csv, rows)
    assert store.find(run_id).state is RunState.RUNNING
