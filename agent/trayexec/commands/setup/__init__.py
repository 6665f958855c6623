"""`setup`: a guided first run. Each step looks at what is there, so it can be run at any time, and be left anywhere.

A step is a file of this folder. It says what is done already, what it would do, and does it with the person: nothing is
changed that was not shown before and agreed to.
"""

import shutil
import sys
from collections.abc import Mapping
from functools import partial

from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.harden import seal
from trayexec.commands.reading import Options
from trayexec.commands.setup import (
    access_keys,
    aws_config,
    first_role,
    found_by_name,
    keys_in_files,
    mfa_device,
    shared_config,
    shell_hook,
    start_at_login,
)
from trayexec.commands.setup.interview import Interview
from trayexec.commands.setup.situation import Situation
from trayexec.commands.setup.step import Outcome, taken, told
from trayexec.core.shell_words import profile
from trayexec.light import exits
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live.carry_home import sweep_beside

STEPS = (
    *(aws_config.STEP, access_keys.STEP, mfa_device.STEP, keys_in_files.STEP, first_role.STEP, shell_hook.STEP),
    *(found_by_name.STEP, start_at_login.STEP),
)


def setup(options: Options, environ: Mapping[str, str]) -> int:
    """Lead a person through the steps. Raises TrayexecError (`usage`) without a terminal, KeyboardInterrupt."""
    seal()
    look = partial(Situation.now, environ, {})
    steps = STEPS if options.shared is None else (shared_config.read(options.shared).step, *STEPS)
    if not options.dry_run and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise _no_terminal(environ)
    if not options.dry_run:
        sweep_beside((*files_of_this_user(environ).paths(None, None), *shell_hook.start_files(environ)))
    interview = Interview.here(environ)
    interview.title(Text("One MFA code in the morning, every AWS account all day, and no key on disk."))
    if options.dry_run:
        interview.say(Text("Nothing is changed: this only says what is there, and what would be done."))
    else:
        interview.say(
            Text("Return takes what stands in brackets, s skips a step, Ctrl-C leaves: what is done stays done.")
        )
    outcomes = []
    try:
        for number, step in enumerate(steps, 1):
            interview.step(number, len(steps), step.title)
            if options.dry_run:
                told(step, interview, look)
            else:
                outcomes.append(taken(step, interview, look))
    except KeyboardInterrupt:
        interview.gap()
        interview.say(Text("Left here. `trayexec setup` goes on from what is done."))
        raise
    return exits.OK if options.dry_run else _ended(outcomes, look(), interview)


def _ended(outcomes: list[Outcome], situation: Situation, interview: Interview) -> int:
    """Say what to type now. Returns the exit status."""
    interview.gap()
    name = first_role.working(situation)
    if name is not None:
        interview.title(Text("Ready. In any terminal:"))
        command = "aws sts get-caller-identity" if shutil.which("aws") else "printenv AWS_ACCOUNT_ID"
        interview.command(f"trayexec {profile(name)} -- {command}")
    else:
        interview.title(Text("Not everything is there yet."))
        interview.say(Text("`trayexec setup` goes on from here, and `trayexec doctor` says what stands in the way."))
    return exits.FAILED if Outcome.FAILED in outcomes else exits.OK


def _no_terminal(environ: Mapping[str, str]) -> TrayexecError:
    return TrayexecError(
        trouble(
            "usage",
            "There is no terminal to ask on.",
            "By hand: write profiles to {file}, and store their keys with `trayexec keys add PROFILE --env`. "
            "`trayexec setup --dry-run` says what is missing here.",
            file=files_of_this_user(environ).paths(None, None)[0],
        )
    )
