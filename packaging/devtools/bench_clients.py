"""`bench` of what other programs wait for: SDKs that fetch credentials, shells that start. Each beside a plain loop."""

import socket
import statistics
import subprocess
import time
from urllib.parse import urlsplit

from devtools.figure import Figure
from devtools.machine import VENV, NotReadyError
from devtools.measuring import BARE, WARM, beside, drive, processor, timed, well
from devtools.scratch import Scratch

PROCESS = 1.5  # times a bare start that getting credentials for an SDK may take
STATUS = 2.4  # the same for `status`, to a script or in a prompt
TAB = 6.0  # the same for a Tab without an agent
HOOK_MS = 10.0  # that a shell may start later for the hook
FETCH_MS = 10.0  # of an answer by the container endpoint, at the worst of a hundred
SDKS = 32
LOOPED = 20  # rounds of a plain loop
BOTO3 = """
import statistics, sys, time
import botocore.session
def fetch():
    session = botocore.session.Session(profile="it")
    session.set_config_variable("config_file", sys.argv[1])
    begun = time.perf_counter()
    session.get_credentials().get_frozen_credentials()
    return time.perf_counter() - begun
fetch()
print(statistics.median(fetch() for _ in range(int(sys.argv[2]))))
"""
ONE_BOTO3 = "import botocore.session; botocore.session.Session().get_credentials().get_frozen_credentials()"
# The command of `--server`: says where to fetch, then fetches by a plain loop when told to, and stays.
FETCHING = f"""
echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN"
read -r now
for round in $(seq {LOOPED}); do
    curl -sS -o /dev/null -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"
done
echo done
"""
# What a shell needs at its start for the names of all profiles, without us.
NAMES = """
while read -r word name; do
    case $word in '[profile') names="$names ${name%]}" ;; esac
done < ~/.aws/config
complete -W "$names" aws
"""


def process(here: Scratch, count: int) -> Figure:
    """What an SDK starts for each set of credentials."""
    run, base, measured = beside(here, ["trayexec", "credential-process", WARM], [*BARE], count)
    what = "`trayexec credential-process p` against `python -c pass`"
    return Figure(what, f"≤ {PROCESS} times", measured, run <= PROCESS * base)


def status(here: Scratch, count: int) -> Figure:
    """What a script waits for that wants to know how things stand."""
    return _status(here, ["trayexec", "status", "--json"], count)


def prompt(here: Scratch, count: int) -> Figure:
    """What a shell waits for before each line that is typed, where a prompt says how things stand."""
    return _status(here, ["trayexec", "status", "--format", "{identity} {left} {until}"], count)


def _status(here: Scratch, argv: list[str], count: int) -> Figure:
    """By CPU, as it is mostly that."""
    bare, run = processor(here, BARE, argv, count=count)
    told = f"{run:.1f} ms, {run / bare:.2f} times ({bare:.1f} ms)"
    what = f"CPU of `{' '.join(argv[:3])}` against `python -c pass`"
    return Figure(what, f"≤ {STATUS} times", told, run <= STATUS * bare)


def completion(here: Scratch, count: int) -> Figure:
    """What a person waits for who presses Tab where no agent runs: every name comes from the files."""
    argv = ["env", "TRAYEXEC_SOCKET=/nowhere/socket", "trayexec", "completion", "bash", "--line", "trayexec\nwhy\nr"]
    bare, run = processor(here, BARE, argv, count=count)
    told = f"{run:.1f} ms, {run / bare:.2f} times ({bare:.1f} ms)"
    return Figure("CPU of Tab without an agent against `python -c pass`", f"≤ {TAB} times", told, run <= TAB * bare)


def boto3(here: Scratch, count: int) -> Figure:
    """The same from inside a client: a new botocore session each time, its credentials fetched by starting us."""
    config = here.home / "boto3-config"
    config.write_text(f"[profile it]\ncredential_process = {VENV / 'bin/trayexec'} credential-process {WARM}\n")
    done = here.run([BARE[0], "-c", BOTO3, str(config), str(count)])
    well(done)
    fetched = float(done.stdout) * 1000
    base = statistics.median(timed(here, [*BARE]) for _ in range(count)) * 1000
    loop = f'for round in $(seq {LOOPED}); do trayexec {WARM} -- {BARE[0]} -c "{ONE_BOTO3}"; done'
    looped = timed(here, ["sh", "-c", loop]) / LOOPED * 1000
    measured = (
        f"{fetched:.1f} ms, {fetched / base:.2f} times ({base:.1f} ms; median of {count});"
        f" a shell loop that starts a program with boto3 for each: {looped:.0f} ms"
    )
    what = "boto3 gets credentials through `credential_process`, against `python -c pass`"
    return Figure(what, f"≤ {PROCESS} times", measured, fetched <= PROCESS * base)


def hook(here: Scratch, count: int) -> Figure:
    """A shell that has the hook, against one that has not; and one that reads the profiles' names by itself."""
    well(here.run(["trayexec", "hook", "bash"]))
    ours = here.home / ".local/state/trayexec/hook.bash"
    bash = ["bash", "--norc", "--noprofile", "-c"]
    run, base, told = beside(here, [*bash, f". {ours}"], [*bash, ":"], count)
    looped, without, _ = beside(here, [*bash, NAMES], [*bash, ":"], count)
    measured = f"{told}; a loop that reads the profiles' names from the config: +{looped - without:.1f} ms"
    return Figure("bash with the hook against bash without", f"≤ +{HOOK_MS:.0f} ms", measured, run - base <= HOOK_MS)


def endpoint(here: Scratch, count: int) -> Figure:
    """Fetches from the endpoint of `--server` as 32 SDKs at once would make them, each a connection of its own."""
    argv = ["trayexec", "--server", WARM, "--", "sh", "-c", FETCHING]
    worst, rates = [], []
    with subprocess.Popen(argv, env=here.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as command:
        if command.stdout is None or command.stdin is None:
            raise NotReadyError("there are no pipes")
        url, _, token = command.stdout.readline().strip().partition(" ")
        place = urlsplit(url)
        request = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\n\r\n".encode()

        def fetch(_number: int) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", place.port or 0))
            connection.sendall(request)
            return connection

        try:
            drive(fetch, range(SDKS), SDKS, good=b"AccessKeyId")
            for _ in range(3):
                began = time.perf_counter()
                times = drive(fetch, range(count), SDKS, good=b"AccessKeyId")
                rates.append(count / (time.perf_counter() - began))
                worst.append(statistics.quantiles(times, n=100)[-1] * 1000)
        finally:
            began = time.perf_counter()
            command.stdin.close()
            said = command.stdout.read()
            looped = (time.perf_counter() - began) / LOOPED * 1000
    if command.returncode or said != "done\n":
        raise NotReadyError(f"the plain loop ended with {command.returncode} and said {said!r}")
    p99 = statistics.median(worst)
    measured = (
        f"p99 {p99:.1f} ms, {statistics.median(rates):,.0f} a second; a shell loop of `curl`: {looped:.1f} ms each"
    )
    return Figure(f"container endpoint, {SDKS} clients", f"p99 ≤ {FETCH_MS:.0f} ms", measured, p99 <= FETCH_MS)
