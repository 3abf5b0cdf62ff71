"""The built-in benchmarks and their tasks, as data.

Sizes are those of the hub's labelled splits. In GLUE and SuperGLUE, dev is a tenth of the official training split, and the
official validation split is the test split, because official test labels are not public (ScaLearn, section 4).
"""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.humset import HUMSET
from engine.catalog.joint_methods import PALS_PAPER
from engine.catalog.methods import SCALEARN_PAPER
from engine.catalog.task import BenchmarkInfo, HubData, PublishedTable, TaskInfo

GLUE_DATA = HubData("nyu-mll/glue", "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c", "glue")
SUPERGLUE_DATA = HubData("aps/super_glue", "3de24cf8022e94f4ee4b9d55a6f539891524d646", "super_glue")

NLI = ("entailment", "not_entailment")
BOOL = ("False", "True")
PAIR = ("sentence1", "sentence2")
CHOICE = ("premise", "question", "choice1", "choice2")

_GLUE = TaskInfo("glue", "", "", "classification", "plain", PAIR, ("accuracy",), data=GLUE_DATA)
GLUE = BenchmarkInfo(
    "glue",
    "GLUE",
    (
        replace(
            _GLUE,
            name="mnli",
            title="MNLI",
            columns=("premise", "hypothesis"),
            labels=("entailment", "neutral", "contradiction"),
            sizes=(392_702, 9_815),
            tests=(("test", "validation_matched"), ("test_mismatched", "validation_mismatched")),
            cluster="premise",
        ),
        replace(
            _GLUE,
            name="qqp",
            title="QQP",
            columns=("question1", "question2"),
            labels=("not_duplicate", "duplicate"),
            metrics=("accuracy", "f1"),
            sizes=(363_846, 40_430),
        ),
        replace(
            _GLUE,
            name="qnli",
            title="QNLI",
            columns=("question", "sentence"),
            labels=NLI,
            sizes=(104_743, 5_463),
            cluster="sentence",
        ),
        replace(_GLUE, name="sst2", title="SST-2", columns=("sentence",), labels=("negative", "positive"), sizes=(67_349, 872)),
        replace(
            _GLUE,
            name="stsb",
            title="STS-B",
            kind="regression",
            metrics=("pearson", "spearman"),
            sizes=(5_749, 1_500),
            stratify=False,
        ),
        replace(
            _GLUE,
            name="mrpc",
            title="MRPC",
            labels=("not_equivalent", "equivalent"),
            metrics=("accuracy", "f1"),
            sizes=(3_668, 408),
        ),
        replace(_GLUE, name="rte", title="RTE", labels=NLI, sizes=(2_490, 277)),
        replace(
            _GLUE,
            name="cola",
            title="CoLA",
            columns=("sentence",),
            labels=("unacceptable", "acceptable"),
            metrics=("matthews",),
            sizes=(8_551, 1_043),
        ),
    ),
    published=(
        PublishedTable("glue_roberta-base.csv", "roberta-base", SCALEARN_PAPER, {"sst2": "sst-2", "stsb": "sts-b"}),
        PublishedTable(
            "pals_bert-base.csv",
            "bert-base-uncased",
            PALS_PAPER,
            {
                "mnli": "mnli_m",
                "mnli test_mismatched/accuracy": "mnli_mm",
                "qqp": "qqp_acc",
                "qqp test/f1": "qqp_f1",
                "mrpc": "mrpc_acc",
                "mrpc test/f1": "mrpc_f1",
                "sst2": "sst-2",
                "stsb": "sts-b",
            },
            server="STS-B is a correlation that the table does not name; BERT-base is one model per task; averages are over "
            "nine columns, MNLI-m, MNLI-mm, QQP F1, QNLI, SST-2, CoLA, STS-B, MRPC F1 and RTE",
        ),
    ),
)

_SUPERGLUE = TaskInfo("superglue", "", "", "classification", "plain", (), ("accuracy",), labels=BOOL, data=SUPERGLUE_DATA)
SUPERGLUE = BenchmarkInfo(
    "superglue",
    "SuperGLUE",
    (
        replace(
            _SUPERGLUE,
            name="record",
            title="ReCoRD",
            kind="entity_ranking",
            template="record",
            columns=("passage", "query", "entities", "answers"),
            metrics=("f1", "exact_match"),
            sizes=(100_730, 10_000),
            max_length=256,
            truncate="first",
            stratify=False,
        ),
        replace(
            _SUPERGLUE,
            name="multirc",
            title="MultiRC",
            template="multirc",
            columns=("paragraph", "question", "answer"),
            metrics=("f1", "exact_match"),
            sizes=(27_243, 4_848),
            dev_size=2_720,
            max_length=324,
        ),
        replace(
            _SUPERGLUE,
            name="boolq",
            title="BoolQ",
            columns=("question", "passage"),
            sizes=(9_427, 3_270),
            cluster="passage",
        ),
        replace(_SUPERGLUE, name="wic", title="WiC", template="wic", columns=("word", *PAIR), sizes=(5_428, 638)),
        replace(
            _SUPERGLUE,
            name="wsc",
            title="WSC",
            template="wsc",
            columns=("text", "span1_text", "span2_index"),
            sizes=(554, 104),
            config="wsc.fixed",
            cluster="text",
        ),
        replace(
            _SUPERGLUE,
            name="copa",
            title="COPA",
            kind="multiple_choice",
            template="copa",
            columns=CHOICE,
            labels=("choice1", "choice2"),
            sizes=(400, 100),
        ),
        replace(
            _SUPERGLUE,
            name="cb",
            title="CB",
            columns=("premise", "hypothesis"),
            labels=("entailment", "contradiction", "neutral"),
            metrics=("accuracy", "macro_f1"),
            sizes=(250, 56),
            stratify=False,
        ),
        replace(_SUPERGLUE, name="rte", title="RTE", columns=("premise", "hypothesis"), labels=NLI, sizes=(2_490, 277)),
    ),
    published=(PublishedTable("superglue_roberta-base.csv", "roberta-base", SCALEARN_PAPER),),
)

GSG = BenchmarkInfo("gsg", "GLUE + SuperGLUE", (*GLUE.tasks, *(task for task in SUPERGLUE.tasks if task.name != "rte")))
"""The tasks of both under their own keys; RTE, which is in both, is GLUE's (ScaLearn, section 5)."""

GENERATOR_VERSION = "toy-1"
"""Identity of the built-in rows; raised with every change of the generator, so that the ids of old runs keep their meaning."""

_TOY = TaskInfo(
    "toy", "", "", "classification", "plain", ("sentence",), ("accuracy",),
    sizes=(600, 300), max_length=64, stratify=False, select_by="metric",
)  # fmt: skip
TOY = BenchmarkInfo(
    "toy",
    "Toy (built in)",
    (
        replace(_TOY, name="sentiment", title="Sentiment", labels=("negative", "positive")),
        replace(
            _TOY,
            name="entailment",
            title="Entailment",
            columns=("premise", "hypothesis"),
            labels=("entailment", "neutral", "contradiction"),
            metrics=("accuracy", "macro_f1"),
        ),
        replace(_TOY, name="similarity", title="Similarity", kind="regression", columns=PAIR, metrics=("pearson", "spearman")),
        replace(
            _TOY,
            name="choice",
            title="Choice",
            kind="multiple_choice",
            template="copa",
            columns=CHOICE,
            labels=("choice1", "choice2"),
        ),
        replace(
            _TOY,
            name="topics",
            title="Topics",
            kind="multilabel",
            labels=("food", "money", "music", "sport", "travel", "weather"),
            metrics=("macro_f1", "micro_f1"),
        ),
        replace(_TOY, name="question", title="Question", columns=("question", "passage"), labels=BOOL),
        # Too few rows to learn from scratch what the other tasks teach.
        replace(
            _TOY,
            name="claim",
            title="Claim",
            columns=("passage", "claim"),
            labels=("refuted", "supported"),
            sizes=(128, 300),
            dev="dev",
            dev_size=64,
        ),
    ),
    offline=True,
)

BENCHMARKS = (GLUE, SUPERGLUE, GSG, HUMSET, TOY)
