"""`doctor`: what in this machine or shell stands in the way. It changes nothing and asks no person.

`gather` looks at everything once (`facts`), `checks` is the list of pure functions that judge it (`finding`).
"""

from collections.abc import Mapping

from trayexec.commands import answer, as_json
from trayexec.commands.doctor.checks import check
from trayexec.commands.doctor.finding import Grade
from trayexec.commands.doctor.gather import gather
from trayexec.commands.reading import Options
from trayexec.light import exits
from trayexec.light.translate import speaker

MARKS = {Grade.GOOD: "✓", Grade.NOTE: "·", Grade.PROBLEM: "✗"}


def doctor(options: Options, environ: Mapping[str, str]) -> int:
    """Look at everything and say what was found; exit status 1 if anything that is used does not work."""
    findings = list(check(gather(environ)))
    speak = speaker(environ)
    if options.json:
        as_json.show(
            [
                {
                    "code": one.code,
                    "grade": one.grade.value,
                    "about": str(one.about),
                    "text": speak(one.text),
                    "hint": speak(one.hint) if one.hint else None,
                }
                for one in findings
            ]
        )
    else:
        for one in findings:
            hint = f"\n  {speak(one.hint)}" if one.hint else ""
            answer.say(f"{MARKS[one.grade]} {speak(one.about)}: {speak(one.text)}{hint}")
    return 1 if any(one.grade is Grade.PROBLEM for one in findings) else exits.OK
