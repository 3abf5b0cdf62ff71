"""Files of rows: their contents, and that every mistake in them is reported with its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.data import user_tables
from engine.data.user_tables import class_names, location_of, read_file
from engine.errors import UserError

ROWS = [{"text": 'she said "no",\nand left', "label": "yes"}, {"text": "Käse", "label": "no"}]


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_the_four_kinds_of_file_hold_the_same_rows(tmp_path: Path) -> None:
    quoted = '"she said ""no"",\nand left"'
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    paths = [
        write(tmp_path / "rows.csv", f"text,label\n{quoted},yes\n\nKäse,no\n"),
        write(tmp_path / "marked.csv", f"\ufefftext,label\r\n{quoted},yes\r\nKäse,no"),
        write(tmp_path / "rows.tsv", f"text\tlabel\n{quoted}\tyes\nKäse\tno\n"),
        write(tmp_path / "rows.jsonl", "\n\n".join(map(json.dumps, ROWS))),
        tmp_path / "rows.parquet",
    ]
    for path in paths:
        assert read_file(path).to_pylist() == ROWS, path
        assert read_file(path, ["label"]).to_pylist() == [{"label": "yes"}, {"label": "no"}], path
    # The first row takes two lines, and a blank one follows.
    assert [location_of(path, 1).removeprefix(f"{tmp_path}/") for path in paths] == [
        "rows.csv:5",
        "marked.csv:4",
        "rows.tsv:4",
        "rows.jsonl:3",
        "rows.parquet row 2",
    ]


def test_types_of_jsonl_agree_over_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_tables, "CHUNK", 2)
    rows = [
        {"names": [], "number": 1},
        {"names": [], "number": None},
        {"names": ["a", "b"], "number": 2.5, "late": "x"},
    ]
    table = read_file(write(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, rows))))
    assert table.to_pylist() == [
        {"names": [], "number": 1.0, "late": None},
        {"names": [], "number": None, "late": None},
        rows[2],
    ]
    assert table.schema.field("names").type == pa.list_(pa.string())


def test_types_that_disagree_over_chunks_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_tables, "CHUNK", 1)
    with pytest.raises(UserError, match=r"rows.jsonl: a column has values of several types"):
        read_file(write(tmp_path / "rows.jsonl", '{"a": {"b": 1}}\n{"a": {"b": "c"}}\n'))


def test_errors_name_files_below_the_working_directory_shortly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^rows.csv:3: 1 cell, but the header names 2 columns$"):
        read_file(write(tmp_path / "rows.csv", "a,b\n1,2\n3\n"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.txt", "", "rows.txt is not a file of rows; those end in .csv, .tsv, .jsonl, .parquet"),
        ("rows.csv", "", "rows.csv is empty; its first line must name the columns"),
        ("rows.csv", "a,b\n1,2\n1,2,3\n", "rows.csv:3: 3 cells, but the header names 2 columns"),
        ("rows.csv", "a,a\n1,2\n", "rows.csv:1: the header names the column 'a' twice"),
        ("rows.csv", 'a,wanted\n1,2\n"1,2\n3,4\n', "rows.csv:3: the quotes of this row do not match"),
        ("rows.tsv", 'a\twanted\n"1" is one\t2\n', "rows.tsv:2: the quotes of this row do not match"),
        ("rows.csv", "a,b\n1,2\n", "rows.csv has no column 'wanted'; it has a, b"),
        ("rows.jsonl", '{"a": 1, "b": 2}\n', "rows.jsonl has no column 'wanted'; it has a, b"),
        ("rows.jsonl", "", "rows.jsonl has no column 'wanted'; it has none"),
        (
            "rows.jsonl",
            '{"wanted": 1}\n\n{"wanted" 2}\n',
            "rows.jsonl:3: not valid JSON at character 11: Expecting ':' delimiter",
        ),
        ("rows.jsonl", "[1, 2]\n", "rows.jsonl:1: each line must be one JSON object, not a list of a number"),
        ("rows.jsonl", '{"wanted": 1}\n{"wanted": "b"}\n', 'rows.jsonl:2: column "wanted" holds text here and a number before'),
        ("rows.jsonl", '{"wanted": [1, "b"]}\n', 'rows.jsonl: column "wanted" has values of several types'),
        ("rows.jsonl", '{"wanted": 1%s}\n' % ("0" * 30), 'rows.jsonl:1: column "wanted" holds a number of more than 64 bits'),
        (
            "rows.jsonl",
            '{"wanted": 1}\n{"wanted": 1%s}\n' % ("0" * 5000),
            "rows.jsonl:2: a number is too long, or lists lie too deep",
        ),
        ("rows.jsonl", '{"wanted": %s\n' % ("[" * 100_000), "rows.jsonl:1: a number is too long, or lists lie too deep"),
        ("rows.jsonl", '{"wanted": "\\uD800"}\n', "rows.jsonl:1: this holds half a character (a lone surrogate)"),
        (
            "rows.jsonl",
            '{"wanted": 0.5}\n{"wanted": 1%s}\n' % ("0" * 30),
            'rows.jsonl:2: column "wanted" holds a number of more',
        ),
        ("rows.parquet", "no parquet at all", "rows.parquet cannot be read as parquet"),
    ],
)
def test_mistakes_are_reported_with_their_line(name: str, content: str, message: str, tmp_path: Path) -> None:
    columns = ["wanted"] if "wanted" in content + message else None
    with pytest.raises(UserError, match=re.escape(f"{tmp_path}/{message}")):
        read_file(write(tmp_path / name, content), columns)


def test_damaged_rows_below_a_whole_footer_are_reported_in_our_words(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(2000)]}), tmp_path / "rows.parquet")
    content = bytearray((tmp_path / "rows.parquet").read_bytes())
    content[200:1200] = b"\xff" * 1000
    (tmp_path / "rows.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"rows.parquet cannot be read(?: as parquet)?; it is cut, damaged or another kind"):
        read_file(tmp_path / "rows.parquet")


def test_a_parquet_file_names_each_column_once(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["x"])] * 3, names=["text", "label", "label"])
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(UserError, match=r"rows.parquet: the header names the column 'label' twice"):
        read_file(tmp_path / "rows.parquet", ["text", "label"])


@pytest.mark.parametrize(
    ("about", "names"),
    [
        ({"info": {"features": {"a": {"names": ["x ", "y"]}}}}, ("x", "y")),
        ({"info": {"features": {"a": [{"names": ["x"]}], "b": {"names": ["z"]}}}}, ("x",)),
        ({"info": {"features": {"a": {"feature": {"names": ["x", "y"]}, "_type": "List"}}}}, ("x", "y")),
        ({"info": {"features": {"a": {"feature": {"dtype": "int64"}}, "b": {"names": ["z"]}}}}, ()),
        ({"info": {"features": {"a": [], "b": {"names": ["z"]}}}}, ()),
        ({"info": {"features": {"a": {"names": None}}}}, ()),
        ({"info": None}, ()),
        ("{", ()),
    ],
)
def test_class_names_are_read_where_a_file_has_them(about: object, names: tuple[str, ...]) -> None:
    schema = pa.schema({"a": pa.int64()}, metadata={"huggingface": about if isinstance(about, str) else json.dumps(about)})
    assert class_names(schema, "a") == names
    assert class_names(pa.schema({"a": pa.int64()}), "a") == ()


def test_paths_and_contents_that_are_not_text_are_reported(tmp_path: Path) -> None:
    for name in ("rows.csv", "rows.jsonl"):
        path = tmp_path / name
        path.write_bytes(b'{"a": 1}\n{"a": "\xff"}\n')
        with pytest.raises(UserError, match=f"{name}:2: this is not UTF-8"):
            read_file(path)
    with pytest.raises(UserError, match=r"gone.csv does not exist"):
        read_file(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=r"folder.csv cannot be read: Is a directory"):
        read_file(tmp_path / "folder.csv")
