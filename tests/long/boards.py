"""Leaderboards for the programs that read them: pdflatex and a browser."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.catalog import BUILT_IN
from engine.registry.records import RunState
from engine.registry.store import Store
from engine.reports.leaderboard import build
from engine.reports.query import Query
from engine.reports.table import Cell, Difference, Leaderboard, Row, Standing, Table
from tests.reports.rows import PROVENANCE, spec, start

METHODS = ("full-ft", "adapter", "lora", "adapterfusion", "scalearn", "scalearn++")


def glue(store: Store, query: Query, seeds: int = 3, methods: tuple[str, ...] = METHODS) -> Leaderboard:
    """Methods on the tasks of GLUE, the best ones tested as if they were tied; LoRA lacks RTE."""
    tasks = [task.key for task in BUILT_IN.benchmarks["glue"].tasks]
    for number, method in enumerate(methods):
        two_stage = BUILT_IN.methods[method].group == "two-stage"
        for key in tasks[: -2 if method == "lora" else None]:
            for seed in range(seeds):
                sources = [spec("adapter", source) for source in tasks] if two_stage else []
                run = spec(method, key, seed, sources)
                score = 0.7 + 0.03 * number + 0.01 * seed
                parts, metrics = [name for name, _ in BUILT_IN.tasks[key].tests], BUILT_IN.tasks[key].metrics
                results = {part: dict.fromkeys(metrics, score) for part in ("dev", *parts)}
                counts = {"trainable": 894_528 * (number + 1), "transfer": 6_144 * (number + 1)}
                attempt = start(store, run)
                ended = {"results": {key: results}, "provenance": PROVENANCE, "step": 1}
                assert store.finish(run.run_id, attempt, RunState.COMPLETED, **ended, **counts)
    board = build(store, BUILT_IN, query)
    return replace(board, tables=tuple(tested(table) for table in board.tables))


def tested(table: Table) -> Table:
    """With standings as tests would give them: the two best of each column are tied, and compared with the first row."""

    def standing(mean: float, means: list[float]) -> Standing:
        rank = sum(other > mean for other in means) + 1
        gain = mean - means[0]
        against = Difference("methods", "crossed t", gain, gain - 1, gain + 1, 0.01, 0.04, family=5, clusters=408)
        return Standing(rank <= 2, rank == 3, "a" if rank <= 2 else "b", rank, mean - 0.8, mean + 0.8, against)

    def cell_of(key: str, cell: Cell) -> Cell:
        return replace(cell, standing=standing(cell.mean, [row.cells[key].mean for row in ours if key in row.cells]))

    def row_of(row: Row) -> Row:
        average = table.average(row)
        cells = {key: cell_of(key, cell) for key, cell in row.cells.items()}
        return replace(row, cells=cells, average_standing=None if average is None else standing(average, averages))

    ours = [row for row in table.rows if not row.published]
    averages = [average for row in ours if (average := table.average(row)) is not None]
    return replace(table, rows=tuple(row if row.published else row_of(row) for row in table.rows))
