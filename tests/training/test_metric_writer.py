"""What is pending reaches the registry, once and in order."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from engine.registry import connection
from engine.registry.store import Store, open_store
from engine.training.metric_writer import MetricWriter

from ..reports.rows import spec, start

RUN = spec("adapter", "toy/question")


@pytest.fixture
def writer(store: Store) -> MetricWriter:
    """Without its thread: the tests say when it writes."""
    return MetricWriter(store, RUN.run_id, start(store, RUN))


def test_the_next_epochs_losses_wait_until_the_epochs_own_is_written(store: Store, writer: MetricWriter) -> None:
    writer.fields(epoch=0, loss=0.9, step=3)
    writer.epoch_ended(epoch=1, loss=0.7)
    writer.fields(loss=0.5, step=4)
    writer.flush()
    run = store.find(RUN.run_id)
    assert (run.epoch, run.loss, run.step) == (1, 0.7, 4)
    writer.flush()
    run = store.find(RUN.run_id)
    assert (run.epoch, run.loss, run.step) == (1, 0.5, 4)


def test_an_epoch_without_a_loss_of_its_own_keeps_the_last_report(store: Store, writer: MetricWriter) -> None:
    writer.fields(loss=0.9)
    writer.epoch_ended(epoch=1)
    writer.flush()
    run = store.find(RUN.run_id)
    assert (run.epoch, run.loss) == (1, 0.9)


def test_a_locked_registry_does_not_hide_why_a_run_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = start(store, RUN)
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(store.home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArithmeticError), MetricWriter(open_store(store.home), RUN.run_id, attempt) as writer:
            writer.fields(step=1)
            raise ArithmeticError
