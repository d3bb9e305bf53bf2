"""HTML texts of the tuner: results of buttons, verdicts, messages and errors."""

import html

from ..names import written_name

_COLOURS = {"sound": "#3B7A57", "with care": "#B35C00", "not to be trusted": "#B00020"}
ERROR = "#B00020"


def said(message, verdicts=(), warnings=(), colour="inherit"):
    """Return a message, followed by verdicts and warnings, as HTML.

    Parameters
    ----------
    message : str
        Main message; omitted if empty.
    verdicts : sequence of dict
        Verdicts on the maps, as in ``full_output``.
    warnings : sequence of str
        Messages of warnings.
    colour : str
        Colour of the message.
    """
    parts = [_paragraph(message, colour)] if message else []
    if verdicts:
        parts.append("".join(map(_verdict, verdicts)))
    parts += [_paragraph(each) for each in warnings]
    return "".join(parts)


def _paragraph(text, colour="inherit"):
    lines = "<br>".join(map(html.escape, text.split("\n")))
    return f'<p style="color: {colour}; line-height: 1.35; margin: 0 0 0.5em">{lines}</p>'


def _verdict(row):
    because = f": {', '.join(row['because'])}" if row["because"] else ""
    name, text = (html.escape(each) for each in (written_name(row["map"]), row["verdict"]))
    return (
        f'<div style="line-height: 1.35"><b>{name}</b> <span style="color: '
        f'{_COLOURS.get(row["verdict"], "inherit")}">{text}{html.escape(because)}</span></div>'
    )
