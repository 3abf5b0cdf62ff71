"""Which task and which examples each step trains on, and which examples a few-shot run has."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.samplers import TaskBatches, epoch_order, task_chances

GLUE = (2241, 3301, 7695, 5174, 60614, 94268, 353431, 327461)
"""rte mrpc cola stsb sst2 qnli mnli qqp after a tenth became dev."""
SUPERGLUE = (225, 360, 498, 2241, 4885, 8484, 24518, 100730)
"""cb copa wsc rte wic boolq multirc record, the last in queries."""
PALS = (8551, 3668, 392702, 2490, 5749, 67349, 363849, 108436)
"""cola mrpc mnli rte sts sst qqp qnli in the release that BERT and PALs used."""


def chances(sizes: tuple[int, ...], policy: str, temperature: float = 1.0, epoch: int = 0) -> list[float]:
    return [round(float(chance), 3) for chance in task_chances(sizes, policy, temperature, epoch, 25)]


def test_chances_are_those_of_the_papers() -> None:
    rounded = [round(float(chance), 4) for chance in task_chances(GLUE, "proportional", 1.0, 0, 25)]
    assert rounded == [0.0026, 0.0039, 0.009, 0.0061, 0.071, 0.1104, 0.4138, 0.3834]
    rounded = [round(float(chance), 4) for chance in task_chances(SUPERGLUE, "proportional", 1.0, 0, 25)]
    assert rounded == [0.0016, 0.0025, 0.0035, 0.0158, 0.0344, 0.0598, 0.1727, 0.7097]
    assert chances(GLUE, "proportional", 10.0) == [0.096, 0.1, 0.109, 0.104, 0.134, 0.14, 0.159, 0.158]
    assert chances(PALS, "annealed")[2:4] == [0.412, 0.003]
    assert chances(PALS, "annealed", epoch=24) == pytest.approx(
        [0.091, 0.077, 0.196, 0.071, 0.084, 0.138, 0.193, 0.151], abs=1.1e-3
    )
    assert chances(PALS, "sqrt") == chances(PALS, "proportional", 2.0)
    assert round(60_000 * float(task_chances(PALS, "sqrt", 1.0, 0, 25)[3])) == pytest.approx(1427, abs=2)
    assert chances(PALS, "uniform") == [0.125] * 8
    assert task_chances((3, 1), "annealed", 1.0, 0, 1).tolist() == [0.75, 0.25]
    assert np.isfinite(task_chances(GLUE, "proportional", 1e-3, 0, 1)).all()


def test_annealed_sampling_makes_as_many_batches_as_the_paper_says() -> None:
    expected = 2400 * sum(task_chances(PALS, "annealed", 1.0, epoch, 25) for epoch in range(25))
    assert round(float(expected[3])) == pytest.approx(1397, abs=2) and round(float(expected[2])) == pytest.approx(
        19_117, abs=10
    )


def test_one_task_is_trained_as_ever() -> None:
    batches = TaskBatches([10], 4, seed=5, epochs=3)
    assert batches.steps_per_epoch == 3
    for step in range(9):
        task, examples = batches.at(step)
        order = epoch_order(10, 5, step // 3)
        assert task == 0 and examples.tolist() == order[4 * (step % 3) : 4 * (step % 3) + 4].tolist()


def test_every_example_comes_once_in_a_pass_and_passes_differ() -> None:
    """The released sampler drew with replacement: a third of the examples was never seen in an epoch."""
    batches = TaskBatches([23, 13, 50], 4, seed=1, epochs=40, policy="uniform")
    seen: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for step in range(40 * batches.steps_per_epoch):
        task, examples = batches.at(step)
        seen[task] += examples.tolist()
    for task, size in enumerate((23, 13, 50)):
        passes = [tuple(seen[task][start : start + size]) for start in range(0, len(seen[task]) - size, size)]
        assert len(passes) > 3 and len(set(passes)) == len(passes)
        assert all(sorted(drawn) == list(range(size)) for drawn in passes)


def test_any_step_can_be_computed_without_the_previous_ones() -> None:
    def fresh() -> TaskBatches:
        return TaskBatches([23, 13, 50], 4, seed=1, epochs=8, policy="annealed", steps_per_epoch=11)

    straight = fresh()
    walked = [straight.at(step) for step in range(60)]
    for step in (59, 3, 40, 22):
        for batches in (fresh(), straight):
            task, examples = batches.at(step)
            assert task == walked[step][0] and examples.tolist() == walked[step][1].tolist()


def test_the_runs_seed_decides() -> None:
    """The released sampler always had seed 0, so that its three seeds saw the same batches."""
    first, second = (TaskBatches([40, 40], 4, seed, 4) for seed in (0, 1))
    assert first.tasks_of(0).tolist() != second.tasks_of(0).tolist()
    assert [first.at(step)[1].tolist() for step in range(9)] != [second.at(step)[1].tolist() for step in range(9)]
    assert first.tasks_of(0).tolist() != first.tasks_of(1).tolist()


def test_chances_use_the_counts_given() -> None:
    """The released joint sampler never drew a row of the last task beyond the number of its queries."""
    batches = TaskBatches([100, 1000], 10, seed=3, epochs=1, steps_per_epoch=2000, counts=[100, 100])
    drawn = [batches.at(step) for step in range(2000)]
    share = sum(task for task, _ in drawn) / 2000
    assert 0.45 < share < 0.55
    assert len({int(example) for task, examples in drawn if task == 1 for example in examples}) == 1000


def test_tasks_of_one_size_are_shuffled_apart() -> None:
    assert epoch_order(50, 3, 1, 0).tolist() != epoch_order(50, 3, 1, 1).tolist()
