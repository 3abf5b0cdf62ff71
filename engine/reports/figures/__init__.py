"""Figures of runs: for paper as PNG, SVG or PDF, for terminals as text, for programs as JSON.

To add a kind ``NAME``, write ``NAME.py`` with a frozen dataclass that is a ``kinds.Drawing`` (its fields, the numbers that are
shown, become the JSON; ``caption``, ``draw`` and ``text``) and a function ``gather(selected)`` that makes it from the completed
runs of a ``selected.Selected``, and enter it into ``kinds.KINDS``. Where there is nothing to draw, ``gather`` raises
``selected.nothing`` with the command that trains what is missing; where runs are of several tasks or backbones but the figure
is of one, ``selected.choose``. Curves are drawn by ``lines.draw_lines`` and ``terminal.lines_text``; colours come from
``style.looks``, foreign text goes through ``style.plain``, and matplotlib is imported inside of functions only.
"""
