"""Whether a map can be trusted: a table of possible problems, and their thresholds."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..notes import Note

SOUND, CARE, NOT_TRUSTED = "sound", "with care", "not to be trusted"
#: Verdicts, best first.
VERDICTS = (SOUND, CARE, NOT_TRUSTED)
_NEVER = float("inf")
_END = re.compile(r"(?<=\.) (?=[A-Z])")  # of a sentence


class Rule(NamedTuple):
    """Consequence of a kind of message for a map.

    Attributes
    ----------
    words : str
        The reason in a few words, at most 36 letters: a line below a map of the overview.
    care, distrust : float
        Amounts above which a map is to be taken with care, or is not to be trusted.
    to_do : bool
        Whether the user should act even if all maps are sound.
    by_haadf : bool
        Whether only maps that follow the HAADF are affected.
    by_place : bool
        Whether the problem depends on where the HAADF is dark or bright, so that a shifted or
        rotated image may cause it.
    brief_warns : bool
        Whether its part of the first line makes a warning of the summary.
    at_start, at_end : bool
        Whether it is listed before or after all others. A wrong HAADF makes other messages wrong.
    is_remark : bool
        Whether its words appear beside the verdict without changing it.
    """

    words: str
    care: float = _NEVER
    distrust: float = _NEVER
    to_do: bool = False
    by_haadf: bool = False
    by_place: bool = False
    brief_warns: bool = True
    at_start: bool = False
    at_end: bool = False
    is_remark: bool = False


#: Rules for each kind of message, the most serious first. The amount is 1 unless stated otherwise.
#: benchmarks/fidelity/verdicts.py tests the thresholds.
RULES = {
    # the spectrum
    "wrong model": Rule("spectrum not explained", distrust=1),
    "not found": Rule("not found", distrust=1),
    # elements in the spectrum that have no map
    "no map": Rule("", to_do=True),
    # counts of lines that windows miss, over those they should hold
    "missed counts": Rule("window misses part of the line", care=0.05, distrust=0.5),
    # the error of the total, over the total
    "uncertain total": Rule("uncertain total", care=0.1),
    # the Poisson error of the total, over the total
    "few counts": Rule("few counts", care=1 / 15, distrust=1 / 6),
    # variance of the noise over that of the map, less its standard error
    "mostly noise": Rule("contrast is mostly noise", distrust=0.5),
    "partly noise": Rule("contrast is partly noise", care=0.2),
    # pixels below which much of the structure is noise
    "fine noise": Rule("fine structure is partly noise", care=1),
    "shared window": Rule("window shared with another line", distrust=1),
    "no counts": Rule("no counts", distrust=1),
    "scaled counts": Rule("scaled counts", care=1, to_do=True),
    "wrong gain": Rule("doubtful gain", care=1, to_do=True),
    # counts that may be of another element, over all of the map
    "hidden element": Rule("hidden element under the line", care=0.05, distrust=0.3),
    # the spectrum does not tell whether another element is there
    "possible element": Rule("possible element under the line", care=1),
    # counts that an unnamed element is taken to hold under the line, over all there
    "unnamed overlap": Rule("unlisted element under the line", care=0.05, distrust=0.5),
    # counts by which an unlisted light element changes a total, over the total
    "unlisted neighbour": Rule("unlisted element beside the line", care=0.05, distrust=0.5),
    # lines that do not follow others of their element, and are left out of its map
    "left out lines": Rule("", to_do=True),
    # correlation of the noise of two maps
    "overlap": Rule("overlap with another line", care=0.7),
    "near peak": Rule("unexplained peak near the line", care=1),
    # height of peaks that is not described
    "poor fit": Rule("poor fit of the spectrum", care=0.1, distrust=0.4),
    # counts that are wrong as peaks move over the scan, over the total
    "moving peaks": Rule("peaks shift across the scan", care=0.03, distrust=0.3),
    "far fit": Rule("poor fit of the edges", care=1),
    "moved edges": Rule("edges far from the tables", care=1),
    "unlisted edge": Rule("unlisted edge in the spectrum", care=1, to_do=True),
    # electrons of another edge that are not subtracted, over the total
    "overlapping edge": Rule("another edge in the window", care=0.05, distrust=0.5),
    "background": Rule("doubtful background", care=0.03, distrust=0.5),
    # net counts in vacuum if the whole scan had them, over the total
    "vacuum": Rule("doubtful background", care=0.03, distrust=0.5, by_place=True),
    # net counts where they are below 0, over the total
    "negative counts": Rule("doubtful background", care=0.03, distrust=0.1),
    "cut window": Rule("window beyond the energy axis", care=1),
    "shares": Rule("fractions instead of counts", care=1, to_do=True),
    "noise": Rule("noise level is a guess", care=1),
    # the scan
    "lost positions": Rule("lost scan positions", care=1, to_do=True, by_place=True),
    "disturbed lines": Rule("disturbed rows or columns", care=1, to_do=True),
    "unrecorded": Rule("faulty channels", care=1, to_do=True),
    # the fusion; the relative gap
    "not converged": Rule("not converged", care=1e-2, distrust=1e-1),
    # by how much the total differs from that of the counts
    "changed total": Rule("total differs from the counts", care=0.05, distrust=0.5),
    # standard errors of what still differs
    "erased structure": Rule("structure lost or added", care=1, distrust=10),
    # differences between counts and map in most of the scan, in units of the noise
    "too smooth": Rule("counts differ from the map", care=1),
    "restored lines": Rule("restored lines", care=1),
    "hot pixels": Rule("possible hot pixels", care=1),
    # standard errors of sums over ranges of brightness of the HAADF or another map, or over strips
    "wrong sums": Rule("sums over parts of the scan differ", care=1),
    # the same, of sums that are a small part of the total
    "wrong small sums": Rule("sums over dim parts differ", is_remark=True),
    # the HAADF
    # by how much a map is above or below its counts where the HAADF is bright
    "leak": Rule("HAADF leaks into the map", care=0.02, distrust=0.2, by_place=True),
    # by how much it is, after an automatic choice
    "bright bias": Rule("biased where the HAADF is bright", care=0.02, by_place=True),
    "turned HAADF": Rule(
        "HAADF may be rotated or mirrored", care=1, to_do=True, by_haadf=True, at_start=True
    ),
    "shifted HAADF": Rule("HAADF may be shifted", care=1, to_do=True, by_haadf=True, at_start=True),
    # variance of the HAADF that the maps do not explain
    "unlike HAADF": Rule("HAADF poorly explained", care=0.5, by_haadf=True),
    "saturated HAADF": Rule("saturated HAADF", care=1, by_haadf=True),
    "clipped HAADF": Rule("HAADF clipped at black", care=1, by_haadf=True),
    "widest blur": Rule("HAADF much sharper than the maps", care=1, by_haadf=True),
    "doubtful field": Rule(
        "HAADF may show another field of view", care=1, to_do=True, by_haadf=True, at_start=True
    ),
    # problems that affect no map
    "to do": Rule("", to_do=True),
    "": Rule("", to_do=True),
    # the contrast that noise can hide over 8 pixels: such a map shows that it shows nothing
    "flat": Rule("flat map: structure may be hidden", care=1),
    # standard deviations of pixels with few counts: the map is as good as without them
    "rough errors": Rule("", at_end=True),
    "close decision": Rule("", at_end=True),
    "close regulariser": Rule("choice of regulariser is close", at_end=True, is_remark=True),
    "told": Rule(""),
    # whether align=True moved the HAADF
    "aligned": Rule("", brief_warns=False),
    # maps of whole numbers, which may include background and overlapping lines
    "gross counts": Rule("", brief_warns=False),
    "counts in steps": Rule("", brief_warns=False),
    # structure that was restored or removed
    "corrected": Rule("", brief_warns=False),
}
#: Reasons against the counts themselves, not only against what a fusion makes of them.
WORDS_ON_COUNTS = frozenset(
    RULES[kind].words
    for kind in RULES
    if list(RULES).index(kind) < list(RULES).index("not converged")
    if kind not in ("mostly noise", "partly noise", "fine noise", "few counts")
    if RULES[kind].words
)
_FIRST = sorted(RULES, key=lambda kind: not RULES[kind].at_start)
_RANKS = {kind: rank for rank, kind in enumerate(_FIRST)}


class Reason(NamedTuple):
    """A problem of a map.

    Attributes
    ----------
    verdict : str
        Verdict if this were the only reason.
    words, text : str
        The reason in a few words, and in full with the remedy.
    rank : int
        Row of the table.
    """

    verdict: str
    words: str
    text: str
    rank: int

    @property
    def gravity(self):
        """Sort key, the most serious problems first."""
        return -VERDICTS.index(self.verdict), self.rank


@dataclass(frozen=True)
class Verdict:
    """The verdict on a map.

    Attributes
    ----------
    name : str
        Line or edge.
    verdict : str
        One of `VERDICTS`.
    reasons : list of Reason
        Reasons, the most serious first; empty for a sound map.
    remarks : tuple of Reason
        Remarks, which do not affect the verdict.
    """

    name: str
    verdict: str
    reasons: list
    remarks: tuple = ()

    @property
    def words(self):
        """The reasons that decide the verdict, a wrong HAADF, and remarks, in a few words."""
        return list(dict.fromkeys(each.words for each in self._decisive()))

    @property
    def texts(self):
        """The reasons and remarks in full."""
        return list(dict.fromkeys(each.text for each in (*self.reasons, *self.remarks)))

    @property
    def first_sentences(self):
        """The first sentence of each reason."""
        return list(dict.fromkeys(_END.split(text, maxsplit=1)[0] for text in self.texts))

    def texts_of(self, words):
        """Return the full texts of the reasons and remarks that `words` summarises."""
        return [each.text for each in self._decisive() if each.words == words]

    def _decisive(self):
        own = [
            each
            for each in self.reasons
            if each.verdict == self.verdict or RULES[_FIRST[each.rank]].at_start
        ]
        return [*own, *self.remarks]


def grade(note: Note, name, follows=True):
    """Return the verdict on a map according to a message, one of `VERDICTS`.

    Parameters
    ----------
    note : Note
        The message.
    name : str
        Line or edge.
    follows : bool
        Whether the map follows brightness or edges of the HAADF. Default True.
    """
    rule, amount = RULES[note.kind], note.amount(name)
    if rule.by_haadf and not follows:
        return SOUND
    return NOT_TRUSTED if amount >= rule.distrust else CARE if amount >= rule.care else SOUND


def verdicts_of(names, notes, follow=None, in_vacuum=False):
    """Return the `Verdict` on each map.

    Parameters
    ----------
    names : sequence of str
        Lines or edges.
    notes : sequence of Note
        All messages about the scan and its fusion.
    follow : sequence of bool, optional
        Whether each map follows brightness or edges of the HAADF, default all.
    in_vacuum : bool
        Whether the subtracted background was measured where the HAADF is dark. Default False.
    """
    found = []
    for name, follows in zip(names, follow or [True] * len(names), strict=True):
        by_place = in_vacuum or any(
            RULES[note.kind].by_place and grade(note, name) != SOUND for note in notes
        )
        reasons = []
        for note in notes:
            rule = RULES[note.kind]
            verdict = grade(note, name, follows or (rule.at_start and by_place))
            reasons.append(Reason(verdict, rule.words, note.text, _RANKS[note.kind]))
        doubts = dict.fromkeys(each for each in reasons if each.verdict != SOUND)
        against = sorted(doubts, key=lambda each: each.gravity)
        remarks = tuple(
            each
            for note, each in zip(notes, reasons, strict=True)
            if RULES[note.kind].is_remark and note.amount(name) > 0
        )
        found.append(Verdict(name, against[0].verdict if against else SOUND, against, remarks))
    return found


def ranked(notes, verdicts):
    """Return texts of the problems of maps and their remedies, the most serious first.

    Those of a wrong HAADF come first. Of equally serious ones, those that decide the verdict on a
    map come before those of maps on which a worse one decides. What the user should do is as
    serious as doubts about a map.
    """
    gravity = {
        note.text: (-VERDICTS.index(CARE), False, _RANKS[note.kind])
        for note in notes
        if RULES[note.kind].to_do
    }
    for each in verdicts:
        for reason in each.reasons:
            grave, rank = reason.gravity
            own = grave, reason.verdict != each.verdict, rank
            gravity[reason.text] = min(own, gravity.get(reason.text, own))
    first, last = (
        {note.text: _RANKS[note.kind] for note in notes if getattr(RULES[note.kind], place)}
        for place in ("at_start", "at_end")
    )
    others = [text for text in sorted(gravity, key=gravity.get) if text not in {**first, **last}]
    return [*sorted(first, key=first.get), *others, *sorted(last, key=last.get)]


def all_texts(notes, verdicts):
    """Return the texts of all messages, beginning with those from `ranked`.

    Those about the HAADF end with the maps that they affect, from `concerned`.
    """
    texts = dict.fromkeys([*ranked(notes, verdicts), *(note.text for note in notes)])
    return [text + concerned(notes, verdicts, text) for text in texts]


def concerned(notes, verdicts, text):
    """Return which maps a problem of the HAADF affects, unless it affects all of them."""
    if not any(RULES[note.kind].by_haadf for note in notes if note.text == text):
        return ""
    suffer = dict.fromkeys(each.name for each in verdicts if text in each.texts)
    if not suffer or len(suffer) == len({each.name for each in verdicts}):
        return ""
    return f" This concerns only {', '.join(suffer)}."
