"""All tests by name: what each claims, and which one is made where none is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.reports.significance.measured import Contrast, Outcome
from engine.reports.significance.model_tests import bootstrap, mcnemar, randomisation
from engine.reports.significance.sign_flip import sign_flip
from engine.reports.significance.t_tests import bootstrap_t, crossed_t, welch
from engine.reports.table import Difference

CLAIMS = {
    "methods": "new seeds and new examples",
    "models": "new examples, of these trained models",
    "seeds": "new seeds, on these examples",
}
"""What a difference generalises to."""


@dataclass(frozen=True)
class Test:
    """A test of two methods on one task, or on average over a fixed set of tasks."""

    title: str
    claim: str
    """A key of ``CLAIMS``."""
    apply: Callable[[Sequence[Contrast]], Outcome]
    """Raises Untested."""

    def difference(self, contrasts: Sequence[Contrast]) -> Difference:
        """As a family of its own. Raises Untested."""
        outcome = self.apply(contrasts)
        return Difference(
            claim=self.claim,
            test=self.title,
            difference=outcome.difference,
            low=outcome.low,
            high=outcome.high,
            p=outcome.p,
            adjusted=outcome.p,
            family=1,
            clusters=sum(contrast.on.clusters for contrast in contrasts),
        )


TESTS = {
    "crossed": Test("crossed t", "methods", crossed_t),
    "welch": Test("Welch's t", "seeds", welch),
    "sign-flip": Test("sign-flip", "seeds", sign_flip),
    "mcnemar": Test("McNemar mid-p", "models", mcnemar),
    "randomisation": Test("approximate randomisation", "models", randomisation),
    "bootstrap": Test("percentile bootstrap", "models", bootstrap),
}


BOOTSTRAP_T = Test("bootstrap t", "models", bootstrap_t)


def table_test(contrasts: Sequence[Contrast]) -> Test:
    """Crossed t where both methods have two seeds or more everywhere, else the same of trained models.

    Tables have many pairs: no count of resamples or swaps bounds these p from below, as Holm's correction needs it.
    """
    return TESTS["crossed"] if all(contrast.fewest > 1 for contrast in contrasts) else BOOTSTRAP_T


def usual_test(contrasts: Sequence[Contrast]) -> Test:
    """Of one pair: that of tables, but McNemar's or approximate randomisation for models of equally many seeds."""
    test = table_test(contrasts)
    if test is not BOOTSTRAP_T or any(len(contrast.first) != len(contrast.second) for contrast in contrasts):
        return test
    (first, *others) = contrasts
    counts = not others and first.on.metric == "accuracy" and first.on.independent
    return TESTS["mcnemar" if counts else "randomisation"]
