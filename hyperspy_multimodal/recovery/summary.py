"""Summary of a fusion in the log: verdicts and problems of maps, the most serious first."""

import contextlib
import functools
import logging

from ..notes import Pool, gathered, gathered_so_far, repeat
from .verdict import RULES, SOUND, VERDICTS, all_texts, concerned, ranked

_logger = logging.getLogger(__name__)
_MOST = 5  # reasons, unless the verdicts need more

#: Summaries of lazy fusions that `compute_maps` waits for.
LATER = Pool()


class Summary(list):
    """The messages of a call, and the results of its fusions.

    Attributes
    ----------
    fusions : list of (list of Verdict, str)
        Verdicts of each fusion (one per slice of a stack), and how the HAADF was used.
    postponed : bool
        Whether the notes belong to a lazy fusion, which logs them when it is computed.
    full_output : bool
        Whether the call returns all messages in its output.
    """

    def __init__(self, notes=(), full_output=False):
        super().__init__(notes)
        self.fusions, self.postponed, self.full_output = [], False, full_output

    def log(self):
        """Log the summary.

        It is a warning if a map is not sound, if the user should act, or if the first line contains
        information that is needed to quote numbers.
        """
        if self.postponed:
            return
        if not self.fusions:
            repeat(self)
            return
        shown = self._shown()
        more = {note.text: note.source for note in self if note.text not in shown}
        for text, source in more.items():
            logging.getLogger(source).info("%s", text)
        lines = [self.first_line()]
        every = [each for fused, _ in self.fusions for each in fused]
        lines += [f"{i}. {text}{concerned(self, every, text)}" for i, text in enumerate(shown, 1)]
        if more:
            where = "the output" if self.full_output else "full_output=True"
            lines.append(f"{len(more)} more in `messages` of {where}.")
        serious = shown or any(note.brief and RULES[note.kind].brief_warns for note in self)
        _logger.log(logging.WARNING if serious else logging.INFO, "%s", "\n".join(lines))

    def _shown(self):
        """Return the most serious reasons, and all that explain words of the first line."""
        reasons, alike = self.reasons(), self._alike()
        shown = set(reasons[:_MOST])
        worst = {name: verdict for name, verdict, _ in self._merged()}
        for verdict in (each for verdicts, _ in self.fusions for each in verdicts):
            if verdict.verdict != worst[verdict.name]:
                continue  # the first line has the words of a worse slice
            for words in verdict.words:
                own = {alike[text] for text in verdict.texts_of(words)}
                explaining = [text for text in reasons if alike[text] in own]
                if explaining and not shown.intersection(explaining):
                    shown.add(explaining[0])
        return [text for text in reasons if text in shown]

    def reasons(self):
        """Return texts of the problems of maps and their remedies, the most serious first."""
        shown = ranked(self, [each for verdicts, _ in self.fusions for each in verdicts])
        alike, first = self._alike(), {}
        for text in shown:
            first.setdefault(alike[text], text)
        return list(first.values())

    def texts(self):
        """Return the texts of all messages, the most serious first."""
        verdicts = [each for fused, _ in self.fusions for each in fused]
        return all_texts(self, verdicts)

    def _alike(self):
        """Return a key for each text: slices have nearly the same messages, with other numbers."""
        if len(self.fusions) < 2:
            return {note.text: note.text for note in self}
        return {note.text: note.kind or note.text for note in self}

    def _merged(self):
        """Return the name, the worst verdict and its words for each map."""
        return _merged([verdicts for verdicts, _ in self.fusions])

    def first_line(self):
        """Return the verdicts, and the brief messages, in one line."""
        merged = self._merged()
        parts = []
        for verdict in VERDICTS:
            by_words = {}
            for name, worst, words in merged:
                if worst == verdict:
                    by_words.setdefault(_why(words), []).append(name)
            parts += [f"{', '.join(own)} {verdict}{why}" for why, own in by_words.items()]
        slices = f" (worst of {len(self.fusions)} slices)" if len(self.fusions) > 1 else ""
        used = list(dict.fromkeys(how for _, how in self.fusions))
        line = f"Maps{slices}: {'; '.join(parts)}. HAADF: {' or '.join(used)}."
        return " ".join([line, *self.briefs()])

    def briefs(self):
        """Return the parts of messages for the first line; for slices, those of the first one."""
        found = {}
        for note in self:
            if note.brief:
                found.setdefault((note.source, note.kind), []).append(note.brief)
        return [
            f"{first.removesuffix('.')} (one of several slices)." if len(set(more)) else first
            for first, *more in (list(dict.fromkeys(each)) for each in found.values())
        ]


@contextlib.contextmanager
def one_summary(full_output=False):
    """Collect messages, which the outermost call logs in one record.

    If an error occurs, the messages so far are logged one by one.

    Parameters
    ----------
    full_output : bool
        Whether the call returns all messages in its output. Default False.

    Yields
    ------
    Summary
    """
    outer = gathered_so_far()
    if isinstance(outer, Summary):
        yield outer
        return
    summary = Summary(full_output=full_output)
    try:
        with gathered(summary):
            yield summary
    except BaseException:
        repeat(summary)
        raise
    summary.log()


def summed_up(function):
    """Make a function log all its messages in one summary."""

    @functools.wraps(function)
    def summarising(*args, **kwargs):
        with one_summary():
            return function(*args, **kwargs)

    return summarising


@contextlib.contextmanager
def one_of_several(common):
    """Collect the messages about one slice, to which the notes ``common`` also apply."""
    outer, own = gathered_so_far(), Summary(common)
    with gathered(own):
        yield
    outer.extend(own[len(common) :])
    outer.fusions += own.fusions
    outer.postponed |= own.postponed


def postponed():
    """Return the notes so far, for a fusion that is to be computed later."""
    summary = gathered_so_far()
    if summary is None:
        return ()
    summary.postponed = True
    return tuple(summary)


def fused_later(fuse, notes, reading):
    """Fuse in a task what another one has read, as `Told`; a waiting `compute_maps` logs."""
    summary = Summary([*notes, *reading.notes])
    try:
        with gathered(summary):
            fused = fuse(reading.value)
    except BaseException:
        repeat(summary)
        raise
    if not LATER.report(summary):
        summary.log()
    return fused


@contextlib.contextmanager
def logged_together():
    """Log the messages of lazy fusions, and of all slices of a stack, in one record."""
    with LATER.opened() as summaries:
        try:
            yield
        finally:
            both = Summary(note for each in summaries for note in each)
            both.fusions = [fusion for each in summaries for fusion in each.fusions]
            both.log()


def _merged(slices):
    """Return the name, the worst verdict and its reasons in words for each map."""
    found = {}
    for verdict in (each for verdicts in slices for each in verdicts):
        worst, words = found.get(verdict.name, (SOUND, []))
        if VERDICTS.index(verdict.verdict) > VERDICTS.index(worst):
            worst, words = verdict.verdict, []
        if verdict.verdict == worst:
            words = list(dict.fromkeys([*words, *verdict.words]))
        found[verdict.name] = worst, words
    return [(name, *each) for name, each in found.items()]


def _why(words):
    return f" ({', '.join(words)})" if words else ""
