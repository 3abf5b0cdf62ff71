"""Foreign text in LaTeX: what pdflatex shows with no package and in every font encoding, as ASCII."""

from __future__ import annotations

import re
import unicodedata

SIGNS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "[": "{[}", "]": "{]}", "`": r"\textquoteleft{}", '"': r"\textquotedblright{}", "\xa0": " ",
    "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "…": r"\ldots{}", "§": r"\S{}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}",
    "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
"""What means something else in LaTeX, and what it names; a bracket would be an argument of the end of the line before it."""
LIGATURES = re.compile("-(?=-)|'(?=')")
"""What needs something between it and its like."""
GREEK = "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
"""Letters whose commands are their names."""
LATIN_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))
"""Greek letters that look like Latin ones, for which there are no commands."""
MATH = {
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "−": "-", "±": r"\pm", "×": r"\times", "·": r"\cdot",
    "∞": r"\infty", "→": r"\rightarrow", "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow", "†": r"^{\dagger}",
    "‡": r"^{\ddagger}", "µ": r"\mu", "°": r"^{\circ}", **LATIN_GREEK,
}  # fmt: skip
ACCENTS = dict(zip("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327", "`'^~=u.\"rHvc", strict=True))
"""Commands of combining marks."""


def latex(text: str) -> str:
    r"""In one line of text, shown as it is by pdflatex without packages: accents as commands, Greek and mathematics as math,
    what fonts may lack as ``\texttt{U+4E2D}``; what is invisible is left out."""
    return LIGATURES.sub(r"\g<0>{}", "".join(map(_shown, unicodedata.normalize("NFC", text))))


def _shown(sign: str) -> str:
    """One sign of NFC text."""
    if sign in SIGNS:
        return SIGNS[sign]
    if " " <= sign <= "~":
        return sign
    if sign in MATH:
        return f"${MATH[sign]}$"
    if sign in GREEK:
        name = unicodedata.name(sign).rpartition(" ")[2].replace("LAMDA", "LAMBDA")
        return rf"$\{name.title() if sign.isupper() else name.lower()}$"
    if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp"):
        return " " if sign.isspace() else ""
    decomposed = unicodedata.normalize("NFD", sign)
    base, marks = decomposed[0], decomposed[1:]
    if marks in ACCENTS and base.isascii() and base.isalpha():
        return rf"\{ACCENTS[marks]}{{{base}}}"
    return rf"\texttt{{U+{ord(sign):04X}}}"
