"""The words of the help: of each verb, word and option of the table in `options.py`. Data alone; `help.py` lays it out.

An option is found by its verb (`log --follow`), else by itself (`--wait`); so is the word behind a verb. No sentence
has a command in backquotes: what can be typed are the examples of the table, and a test reads each.
"""

from trayexec.light.errors import Text

# One line for each: on the first page, of verbs with verbs below them, and where a shell completes.
SHORT = {
    "run": Text("run a command with a profile's credentials"),
    "auth": Text("open the session: asks for the MFA code"),
    "lock": Text("forget session and role credentials now"),
    "status": Text("identities, and the time they have left"),
    "list": Text("profiles, accounts, roles, state, problems"),
    "shell": Text("your shell, where AWS_PROFILE names any profile"),
    "console": Text("open the AWS console in the browser"),
    "env": Text("print credentials for another tool"),
    "log": Text("who asked for which profile, and what was answered"),
    "why": Text("how a profile resolves, step by step"),
    "doctor": Text("what in this machine or shell stands in the way"),
    "setup": Text("a guided first run"),
    "keys": Text("long-term keys in the keychain"),
    "keys add": Text("store long-term keys"),
    "keys import": Text("take over the keys of your AWS files, or aws-vault's"),
    "keys list": Text("which keys are stored, and whose they are"),
    "keys rotate": Text("a new access key in place of the stored one"),
    "keys remove": Text("take keys out of the keychain"),
    "config": Text("our own settings, in config.toml"),
    "config path": Text("where the file is"),
    "config show": Text("the settings as they are in force"),
    "config edit": Text("change the file in your editor"),
    "config check": Text("whether the file is right"),
    "autostart": Text("start the agent, and so its icon, at login"),
    "autostart enable": Text("start it at each login"),
    "autostart disable": Text("do so no more"),
    "autostart status": Text("whether it starts, and what is in its way"),
    "agent": Text("run, start, stop or restart the agent"),
    "hook": Text("let AWS_PROFILE work in the shell you have"),
    "completion": Text("completion for your shell, without the hook"),
    "credential-process": Text("credentials for your AWS config"),
    "version": Text("which version this is"),
    "help": Text("this page; of a verb, of a run, or all"),
}

# What there is to know besides, in a paragraph.
MORE = {
    "run": Text(
        "A -- on the line means run: credentials of PROFILE go into the environment of CMD, which takes this "
        "process's place. Its terminal, its signals and its exit status are its own. Without a name it is the "
        "profile that AWS_PROFILE names; where it names none, you choose from a list on a terminal, and Tab marks "
        "several. With more than one name CMD runs once for each, side by side: credentials for all come first; "
        "CMD gets TRAYEXEC_PROFILE and TRAYEXEC_ACCOUNT, an empty standard input and no terminal."
    ),
    "auth": Text(
        "In a dialog, or on the terminal where there is no display. Exit status 0 once it is open. For a session or a "
        "profile of IAM Identity Center: sign in, in the browser."
    ),
    "lock": Text("Of all identities, or of the one that is named. Keys stay where they are stored."),
    "status": Text("Likewise what gives profiles their credentials without a code, and where the screen is locked."),
    "list": Text("On a terminal, what is wrong with a profile stands below the table, with the fix."),
    "shell": Text(
        "With --live: credentials renew by themselves. TRAYEXEC_PROFILE is there for the prompt. What aws configure "
        "writes goes to your own AWS config."
    ),
    "console": Text(
        "Signed in as the profile's role, or as a federated user, without MFA, for a profile that is an identity. The "
        "session ends with the credentials, after an hour at most. Without PROFILE it is that of AWS_PROFILE."
    ),
    "env": Text(
        "What would win over them is unset by the formats that can. Without PROFILE it is that of AWS_PROFILE, "
        "else you choose from a list, on a terminal."
    ),
    "log": Text(
        "With the program, and the processes above it up to the terminal or app. No secret stands in it. It works "
        "without an agent."
    ),
    "why": Text("Each step with its file and line; then how it stands now, and what AWS answered last."),
    "doctor": Text(
        "It asks AWS once with each stored pair of keys whether it is taken, and no person anything. Exit status 1 if "
        "something that is used does not work."
    ),
    "setup": Text(
        "The AWS config, keys, the MFA device, a first session, your shell, start at login. Each change is shown "
        "first; run it at any time: what is done is passed over."
    ),
    "keys add": Text(
        "Into the keychain of this desktop, once AWS has said whose they are. Keys of another account than that of the "
        "profile's MFA device are refused."
    ),
    "keys import": Text(
        "They go into the keychain, aws-mfa's too, and out of the files if you agree: the changes are shown, the old "
        "text is kept."
    ),
    "keys list": Text(
        "The identities of your AWS config, and what else is stored; how old the keys are, while one is open."
    ),
    "keys rotate": Text(
        "It is made with AWS and stored before the old one is deleted. Interrupted anywhere, the next keys rotate goes "
        "on from there."
    ),
    "config edit": Text("It counts once it is right."),
    "autostart enable": Text("The files are shown as they are written."),
    "agent": Text(
        "In the foreground, or in the background with start and stop. The first command that needs it starts it, too. "
        "restart makes it the version that is installed now: what is open goes on, and no code is asked for."
    ),
    "hook": Text(
        "Shell code: AWS_PROFILE=account-a aws … works in the shell that takes it, with completion. direnv is for "
        "~/.config/direnv/direnvrc: use trayexec account-a in an .envrc."
    ),
    "completion": Text("Shell code that completes verbs, options, profiles, groups and identities."),
    "credential-process": Text(
        "AWS's credential_process document, for other tools that read your AWS config. It prints nothing else."
    ),
}

# The word behind a verb, and its options.
OPTIONS = {
    "PROFILE": Text("a profile of your AWS config, or a role: its ARN, or 222222222222:Name"),
    "IDENTITY": Text("one of those that status shows; needed where there are several"),
    "auth IDENTITY": Text("one of those that status shows, or a sign-in; needed where there are several"),
    "keys add PROFILE": Text("the profile that the keys are for"),
    "keys import PROFILE": Text("only the keys of these; else of all"),
    "keys remove PROFILE": Text("the profile that they are stored for"),
    "shell PROFILE": Text("the profile that is chosen there; else none is"),
    "agent start|stop|restart": Text("in the background"),
    "hook bash|zsh|fish|direnv": Text("the shell that reads the code"),
    "completion bash|zsh|fish": Text("the shell that reads the code"),
    "help VERB|run|all": Text("of one verb, of a run with all its options, or of everything"),
    "run PROFILE": Text("a name, a glob or a @group of config.toml; or a role: its ARN, or 222222222222:Name"),
    "--region": Text("the region of the command, whatever the profile says"),
    "console --region": Text("open it in this region"),
    "--source": Text("the profile or identity that a role is assumed from; not needed where there is one identity"),
    "--policy": Text("let the role do no more than this policy allows: one in a file, or stored ones by ARN"),
    "--read-only": Text("let the role do no more than AWS's ReadOnlyAccess allows"),
    "--long": Text("a session of the role for so long, up to 12 hours; costs a code of its own"),
    "--need": Text("renew first unless so much time is left: 90s, 15m, 1h30m"),
    "--wait": Text("how long to wait for a person who enters the code; 120 seconds"),
    "credential-process --wait": Text("how long to wait for a person who enters the code; 50 seconds"),
    "--no-wait": Text("do not wait, and show no dialog"),
    "--profile": Text("a profile whose name looks like something else: -x, @home, star*"),
    "--live": Text("credentials that renew while CMD runs; inside, AWS_PROFILE names any profile"),
    "--server": Text(
        "the same over HTTP on 127.0.0.1, with a token that ends with CMD, for SDKs that want a container's"
    ),
    "--except": Text("leave these out: a name, a glob or a @group; may be repeated"),
    "--jobs": Text("how many run at a time; 8"),
    "--output": Text(
        "prefix: each line behind its profile; grouped: each profile's output whole; json: an object a profile; "
        "dir=PATH: a file for each"
    ),
    "--dry-run": Text("only say what would be done"),
    "--fail-fast": Text("at the first failure end the others, and begin no more"),
    "--keep-going": Text("run the others where a profile gets no credentials; else nothing runs then"),
    "--retry-failed": Text("those that did not succeed in the last run"),
    "run --yes": Text("more than 10 profiles on a terminal: do not ask"),
    "--yes": Text("do not ask"),
    "--json": Text("for programs"),
    "--code-stdin": Text("read the code from standard input"),
    "auth --force": Text("renew an open one, without a gap"),
    "--no-browser": Text("show address and code of a sign-in, and open no page"),
    "--format": Text("how it is written; sh, for eval"),
    "status --format": Text(
        "a line for a prompt: of the profile that AWS_PROFILE names, else of each identity, with {profile}, {account}, "
        "{identity}, {phase}, {left} and {until}",
        profile="{profile}",
        account="{account}",
        identity="{identity}",
        phase="{phase}",
        left="{left}",
        until="{until}",
    ),
    "--service": Text("open it at this service, as in s3"),
    "--destination": Text("open it at this path (/s3/buckets) or address of the console"),
    "--print": Text("print the address: it signs in whoever opens it"),
    "--copy": Text("put the address into the clipboard"),
    "--duration": Text("make sure that the session lasts so long, an hour at most"),
    "--follow": Text("go on with what comes"),
    "-n": Text("the last N only"),
    "--env": Text("take them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    "--memory": Text("the agent holds them until it ends, and they are stored nowhere"),
    "keys add --yes": Text("replace others without a question"),
    "--long-term-suffix": Text("the one that you gave aws-mfa; may be repeated"),
    "--aws-vault": Text("those that aws-vault keeps in the same keychain"),
    "--from": Text("first take over the accounts, roles, groups and colours that a team shares"),
    "--headless": Text("without an icon"),
    "--help": Text("this help"),
    "--version": Text("which version this is"),
}

EXITS = Text(
    "The command's own; 127 not found and 126 not executable, before any prompt; 125 trayexec could not; 2 usage. Of "
    "several profiles: 0 all succeeded, 123 some command failed, 125 some profile got no credentials."
)
ENVIRONMENT = Text(
    "TRAYEXEC_SOCKET names the private socket, TRAYEXEC_NO_AUTOSTART=1 keeps commands from starting an agent. "
    "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and AWS_ENDPOINT_URL are honoured, also per project."
)
SETTINGS = Text("config.toml in ~/.config/trayexec; see trayexec(1), and config show.")
