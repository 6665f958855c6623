"""Signals as a login leaves them, whatever started us: a shell's background job ignores some, and nohup one more."""

import signal

# Python ignores these itself, and gives them back to children.
PYTHONS_OWN = frozenset({signal.SIGPIPE, signal.SIGXFSZ})


def ignored() -> frozenset[signal.Signals]:
    """What whoever started us wants to be ignored."""
    return frozenset(
        number for number in signal.Signals if number not in PYTHONS_OWN and signal.getsignal(number) is signal.SIG_IGN
    )


def put_back() -> None:
    """See to it that what is started from here on begins with every signal at its default, and none blocked.

    An ignored signal is inherited, one that is handled is not. So what is ignored is handled from now on, by nothing:
    this process itself stays unmoved, as whoever started it wants.
    """
    for number in ignored():
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
