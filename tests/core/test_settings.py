"""Our own settings: what is understood, and that everything else is said with its line."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trayexec.adapters.dialogs.choose import FINDERS
from trayexec.core.config.session_policy import SessionPolicy
from trayexec.core.settings import (
    Command,
    ConfirmRule,
    Delivery,
    DialogMethod,
    IdentityRule,
    OnLock,
    ProfileRule,
    Renew,
    Settings,
    document,
    example,
    parse,
    written,
)
from trayexec.core.toml_lines import key_lines, line_of
from trayexec.light.errors import TrayexecError, Trouble

FULL = """
[session]
duration = "8h"
warn = ["5m", "30m", "5m"]
[prompt]
method = "zenity"
timeout = "2m"
[screen]
on_lock = "wipe"
idle_lock = "30m"
[notify]
first_use = false
[menu]
favourites = ["account-b", "@prod"]
[groups]
prod = ["prod-*", "account-a"]
"all of them" = []
"""


def refused(text: str) -> Trouble:
    """The trouble that this text is."""
    with pytest.raises(TrayexecError) as caught:
        parse(text, file="config.toml")
    assert caught.value.trouble.code == "settings"
    return caught.value.trouble


def line(trouble: Trouble) -> int:
    """The line that it names."""
    found = re.match(r"Line (\d+) of config.toml", str(trouble.title))
    assert found, trouble
    return int(found[1])


def test_an_empty_file_sets_nothing() -> None:
    """What holds then is what the design says."""
    usual = parse("# nothing yet\n", file="config.toml")
    assert usual == Settings()
    assert (usual.session_seconds, usual.warn, usual.prompt_seconds) == (43200, (900, 300), 90)
    assert (usual.prompt, usual.on_lock) == (DialogMethod.AUTO, OnLock.REFUSE)


def test_everything_that_can_be_set_is_understood() -> None:
    """Warnings come out longest first and once each; groups keep their order."""
    text = FULL.replace('"all of them" = []\n', "")
    assert parse(text, file="config.toml") == Settings(
        session_seconds=28800,
        warn=(1800, 300),
        prompt=DialogMethod.ZENITY,
        prompt_seconds=120,
        on_lock=OnLock.WIPE,
        idle_lock=1800,
        groups={"prod": ("prod-*", "account-a")},
        favourites=("account-b", "@prod"),
        first_use=False,
    )


def test_a_group_needs_a_name_that_can_be_typed() -> None:
    """`@all of them` could not be."""
    assert line(refused(FULL)) == 17


def test_the_rules_of_a_profile_add_up() -> None:
    """Of all patterns that match, for each key what is said last counts; names match by case."""
    found = parse(
        """
        ["profile"."*"]
        confirm = "never"
        colour = "blue"
        [profile."prod-*"]
        confirm = "30m"
        colour = "#FF0000"
        [profile.prod-eu]
        delivery = "live"
        confirm = "always"
        browser = "firefox 'ext+container:name=A B'"
        """,
        file="config.toml",
    )
    assert found.rule("prod-eu") == ProfileRule(
        "prod-eu", ConfirmRule(0), Delivery.LIVE, "#ff0000", browser=Command(("firefox", "ext+container:name=A B"))
    )
    assert found.rule("prod-us") == ProfileRule("prod-us", ConfirmRule(1800), None, "#ff0000")
    assert found.rule("PROD-us") == ProfileRule("PROD-us", ConfirmRule(None), None, "blue")
    assert Settings().rule("x") == ProfileRule("x")


def test_a_session_policy_counts_as_a_whole() -> None:
    """Of several patterns the last that says one: joined, they would allow what either allows."""
    found = parse(
        """
        [profile."*"]
        policy_arns = ["ReadOnlyAccess", "ReadOnlyAccess"]
        [profile."prod-*"]
        policy = '''{"Version": "2012-10-17", "Statement": []}'''
        """,
        file="config.toml",
    )
    assert found.rule("dev").policy == SessionPolicy(arns=("ReadOnlyAccess",))
    assert found.rule("prod-eu").policy == SessionPolicy('{"Version":"2012-10-17","Statement":[]}')
    assert parse(written(document(found)), file="config.toml") == found


PINENTRIES = ["pinentry-gnome3", "pinentry-gtk-2", "pinentry-qt", "pinentry-qt5", "pinentry-fltk"]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ('"terminal"', DialogMethod.TERMINAL),
        ('"ykman oath accounts code -s aws"', Command(("ykman", "oath", "accounts", "code", "-s", "aws"))),
        ('"/usr/bin/my-totp"', Command(("/usr/bin/my-totp",))),
        ("[\"op\", 'a b']", Command(("op", "a b"))),
    ],
)
def test_a_method_is_a_dialog_or_a_command(method: str, expected: DialogMethod | Command) -> None:
    """A command is split into words once, here, and never sees a shell."""
    assert parse(f"prompt.method = {method}", file="config.toml").prompt == expected


@pytest.mark.parametrize("name", [*FINDERS, "terminal", "auto", *PINENTRIES])
def test_every_dialog_that_doctor_names_can_be_set(name: str) -> None:
    """By the name that it has there: one pinentry of several, too. It is a dialog and not a command that is run."""
    prompt = parse(f'prompt.method = "{name}"', file="config.toml").prompt
    assert not isinstance(prompt, Command)
    assert prompt.value == name


@pytest.mark.parametrize("method", ['"pinetry"', '"Zenity"', '""', '"\'"', "[]", "[1]", '["a\\u0000"]', "7", '[""]'])
def test_a_slip_in_a_method_is_not_run_as_a_command(method: str) -> None:
    """One word that looks like a dialog's name is a slip."""
    assert "pinentry" in str(refused(f"prompt.method = {method}").hint)


@pytest.mark.parametrize("value", ["900", '"15m"', '"36h"', '"1d12h"'])
def test_a_session_lasts_what_aws_allows(value: str) -> None:
    """15 minutes to 36 hours, both included."""
    assert 900 <= parse(f"session.duration = {value}", file="config.toml").session_seconds <= 129600


@pytest.mark.parametrize("value", ["899", '"37h"', "true", "1.5", '"soon"', "-1", '"-1"', "2020-01-01", "[]"])
def test_a_session_out_of_bounds_is_refused(value: str) -> None:
    """The hint says what is allowed."""
    trouble = refused(f"\nsession.duration = {value}")
    assert line(trouble) == 2
    assert "from 15m to 36h" in str(trouble.hint)


def test_a_warning_must_come_before_the_end() -> None:
    """Those that hold without being written give way to a short session; those that are written do not."""
    assert parse('session.duration = "15m"', file="config.toml").warn == (300,)
    assert line(refused('[session]\nduration = "1h"\nwarn = [\n  "5m",\n  "1h",\n]')) == 5


@pytest.mark.parametrize(
    ("text", "number", "named", "guess"),
    [
        ('[session]\n\n  duraton = "1h"', 3, "session.duraton", "Did you mean duration?"),
        ("[sesion]", 1, "sesion", "Did you mean session?"),
        ('\n\n"prompt" . "tiemout" = 1', 3, "prompt.tiemout", "Did you mean timeout?"),
        ('screen = { on_lock = "keep", onlock = "keep" }', 1, "screen.onlock", "Did you mean on_lock?"),
        ('[profile."prod-#1"] # color\nconfirm="never"\ncolor = "red"', 3, "profile.prod-#1.color", "mean colour?"),
        ('x = """\na = 1 # "\\"" """\n[q]', 1, "x", "Remove it"),
        ("[[groups]]\na = 1", 1, "groups", "Write [groups]"),
        ("groups.a = 'x'", 1, "groups.a", "list of profile names"),
        ("groups.a = ['']", 1, "groups.a", "list of profile names"),
        ("notify.first_use = 'no'", 1, "notify.first_use", "true or false"),
        ("menu.favourites = 'x'", 1, "menu.favourites", "list of profile names"),
        ("[menu]\nfavorites = []", 2, "menu.favorites", "Did you mean favourites"),
        ("[groups]\n\n'@a' = ['x']", 3, "groups.@a", "Name a group"),
        ("profile = 1", 1, "profile", "[profile]"),
        ("profile.'' = {}", 1, "profile", "pattern"),
        ("profile.a = 1", 1, "profile.a", "[profile.a]"),
        ("profile.a.confirm = true", 1, "profile.a.confirm", "always"),
        ("profile.a.confirm = '10s'", 1, "profile.a.confirm", "from 1m"),
        ("profile.a.browser = ''", 1, "profile.a.browser", "firefox --new-window"),
        ("profile.a.colour = 'mauve'", 1, "profile.a.colour", "#rrggbb"),
        ("profile.a.policy = '{'", 1, "profile.a.policy", "not a policy in JSON"),
        ("profile.a.policy = ['ReadOnlyAccess']", 1, "profile.a.policy", "not a policy in JSON"),
        ("profile.a.policy_arns = 'ReadOnlyAccess'", 1, "profile.a.policy_arns", "Write a list of at most 10 ARNs"),
        ("profile.a.policy_arns = ['arn:aws:iam::1:policy/X']", 1, "profile.a.policy_arns", "Write a list"),
        ("profile.a.policy_arns = []", 1, "profile.a.policy_arns", "Write a list"),
        ("profile.a.delivery = 'post'", 1, "profile.a.delivery", "env, live, server, long"),
        ('screen.idle_lock = "30s"', 1, "screen.idle_lock", "from 1m to 36h"),
        ("[screen]\n#\non_lock = 'nothing'", 3, "screen.on_lock", "refuse, keep, wipe"),
        ("[prompt]\r\n\r\ntimeout = 9", 3, "prompt.timeout", "from 10s to 10m"),
        ("session.warn = '5m'", 1, "session.warn", "list of durations"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_what_is_allowed(
    text: str, number: int, named: str, guess: str
) -> None:
    """However the key is written."""
    trouble = refused(text)
    assert line(trouble) == number
    assert named in str(trouble.title)
    assert guess in str(trouble.hint)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("[session]\nduration = ", 2),
        ("[session]\n[session]", 2),
        ("a = 1\na = 2", 2),
        ("\n\nx = [1,\n2", 4),
        ("\n" + "x=" + "[" * 5000, 2),
        ("\n\nx = " + "9" * 5000 + "\n\n", 3),
        ("[session]\nduration = 12h", 2),
        ("\x00", 1),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(text: str, number: int) -> None:
    """Also where the parser itself does not tell, as with endless numbers and nesting."""
    assert line(refused(text)) == number


def test_the_line_of_every_kind_of_key_is_found() -> None:
    """Quotes, dots, comments, brackets in strings and long strings do not mislead."""
    text = "\n".join(
        [
            '# [not] = "a table"',
            'top = "[x] = 1 # no" # y = 2',
            "[a.\"b.c\".'d e'] # f = 1",
            "k = '''",
            "[fake]",
            "z = 1'''",
            "l = " + '"' * 3 + "one\\",
            'two \\" "" three' + '"' * 4,
            "m = [ # one",
            '  { n = 1, "o p" = [2,',
            "    3] },",
            "  '#', \"]\",",
            "]",
            "when = 1979-05-27 07:32:00",
            "[[t]]",
            "u = 1",
            "[[t]]",
            "v.w.x = 1",
        ]
    )
    found = key_lines(text)
    table = ("a", "b.c", "d e")
    assert {path: number for path, number in found.items() if not any(isinstance(part, int) for part in path)} == {
        ("top",): 2,
        ("a",): 3,
        ("a", "b.c"): 3,
        table: 3,
        (*table, "k"): 4,
        (*table, "l"): 7,
        (*table, "m"): 9,
        (*table, "when"): 14,
        ("t",): 15,
        ("t", "u"): 16,
        ("t", "v"): 18,
        ("t", "v", "w"): 18,
        ("t", "v", "w", "x"): 18,
    }
    assert found[(*table, "m", 0, "n")] == 10
    assert found[(*table, "m", 0, "o p", 1)] == 11
    assert found[(*table, "m", 2)] == 12
    assert line_of(text, ("a", "b.c", "unknown")) == 3


TOML = st.text(alphabet="ab= [].{}\"'\n#,\\1ht-", max_size=60)
KEYWORDS = [
    "[session]",
    "[prompt]",
    "[groups]",
    "[screen]",
    "[profile.x]",
    "duration",
    "warn",
    "on_lock",
    "idle_lock",
    "confirm",
    "a",
]
SIGNS = ["\n", "\n", "\n", " = ", " = ", ".", "[", "]", "{", "}", ",", "# ", '"""']
WORDS = st.lists(st.sampled_from([*KEYWORDS, *SIGNS, '"1h"', "'5m'", "7", "true", '"keep"']), max_size=25).map("".join)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(TOML | WORDS | st.text(max_size=40))
def test_any_text_is_settings_or_a_trouble_with_a_line_of_the_file(text: str) -> None:
    """Nothing else is raised, and the line exists."""
    try:
        found: Settings | Trouble = parse(text, file="config.toml")
    except TrayexecError as error:
        found = error.trouble
    if isinstance(found, Trouble):
        assert found.code == "settings"
        assert 1 <= line(found) <= text.count("\n") + 1
        assert str(found.hint)


KEYS = st.sampled_from(["a", '"b c"', "'d.e'", "f.g", "h"])
SCALARS = st.sampled_from(["1", '"x"', "'#'", '"""a\n]"""', "'''\n'''", '"\\""', "true", "1.5"])
ITEMS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(lambda each: "[" + ", # c\n".join(each) + "\n]"),
    max_leaves=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(KEYS, ITEMS), max_size=6), st.integers(0, 3))
def test_the_scanner_finds_the_same_keys_as_the_parser(pairs: list[tuple[str, str]], blanks: int) -> None:
    """Every statement is found at the line it was written on."""
    text = ""
    tables: list[int] = []
    keys: list[int] = []
    for number, (key, value) in enumerate(pairs):
        text += "\n" * blanks + f"[t{number}]\n"
        tables.append(text.count("\n"))
        text += f"{key} = {value} # done\n"
        keys.append(tables[-1] + 1)
    found = key_lines(text)
    assert [found[(f"t{number}",)] for number in range(len(pairs))] == tables
    inner = [next(path for path in found if len(path) > 1 and path[0] == f"t{number}") for number in range(len(pairs))]
    assert [found[path] for path in inner] == keys


@pytest.mark.parametrize("value", ['""', "3", "[]", "[3]", '"\'"', "true"])
def test_a_code_comes_from_a_command(value: str) -> None:
    """Whatever else is written there is told with its line; so is a setting that identities do not have."""
    found = refused(f"[identity.default]\ncode = {value}\n")
    assert line(found) == 2
    assert "ykman" in str(found.hint)
    assert "code" in str(refused('[identity.default]\nkode = "x"\n').hint)


def test_to_renew_unasked_is_said() -> None:
    """With a command it is usual to ask; without one a profile's may do it."""
    assert parse('[identity.default]\nrenew = "auto"\n', file="x").renews("default")
    assert line(refused('[identity.default]\ncode = "ykman"\nrenew = "always"\n')) == 3
    assert not parse('[identity.default]\ncode = "ykman"\n', file="x").renews("default")
    said = parse('[identity.default]\nrenew = "auto"\ncode = "ykman"\n', file="x")
    assert said.renews("default")
    assert not said.renews("other")


@pytest.mark.parametrize("value", ['""', "3", "[]", "[3]", '"\'"', "true"])
def test_keys_come_from_a_command(value: str) -> None:
    """As codes do."""
    found = refused(f'[identity.default]\ncode = "x"\nkeys = {value}\n')
    assert line(found) == 3
    assert "op item get" in str(found.hint)
    said = parse('[identity."a.b"]\nkeys = "op item get \'my aws\' --format json"\n', file="config.toml")
    assert said.keys_command("a.b") == Command(("op", "item", "get", "my aws", "--format", "json"))
    assert said.keys_command("default") is None


@pytest.mark.parametrize("value", ['"GAHT12345678"', "[3]", '["phone"]', '["arn:aws:iam::111111111111:u2f/user/key"]'])
def test_further_devices_are_serials(value: str) -> None:
    """Such as AWS takes with a code, in a list; each once."""
    found = refused(f"[identity.default]\ndevices = {value}\n")
    assert line(found) == 2
    assert "mfa/phone" in str(found.hint)
    said = parse('[identity.default]\ndevices = ["GAHT12345678", "GAHT12345678"]\n', file="x")
    assert said.devices("default") == ("GAHT12345678",)
    assert said.devices("other") == ()


def test_profiles_are_marked_by_the_last_rule_that_says_it() -> None:
    """And nothing is looked at where none says it."""
    said = parse('[profile."ci-*"]\nmfa = false\n[profile.ci-prod]\nmfa = true\n', file="config.toml")
    assert said.unasked(["ci-a", "ci-prod", "dev"]) == {"ci-a"}
    assert Settings().unasked(["ci-a"]) == frozenset()
    for table in ("identity.ci", "profile.ci"):
        assert line(refused(f'[{table}]\nmfa = "no"\n')) == 2


NAMES = st.text(min_size=1, max_size=8)
COMMANDS = st.none() | st.builds(Command, st.just(("ykman", "-s", "a b")))
RULES = st.builds(
    ProfileRule,
    NAMES,
    confirm=st.none() | st.builds(ConfirmRule, st.none() | st.just(0) | st.integers(60, 36 * 3600)),
    delivery=st.none() | st.sampled_from(Delivery),
    colour=st.none() | st.sampled_from(["red", "#00ff7f"]),
    policy=st.sampled_from([None, SessionPolicy(arns=("A",)), SessionPolicy('{"Statement":"\\u00e4"}', ("A", "B/C"))]),
    browser=st.none() | st.sampled_from([Command(("firefox", "a b"))]),
    mfa=st.none() | st.booleans(),
)


@given(
    st.builds(
        Settings,
        session_seconds=st.integers(900, 36 * 3600),
        warn=st.lists(st.integers(60, 800), unique=True).map(lambda many: tuple(sorted(many, reverse=True))),
        prompt=st.sampled_from(DialogMethod) | st.builds(Command, st.just(("a program", 'with "words"'))),
        prompt_seconds=st.integers(10, 600),
        on_lock=st.sampled_from(OnLock),
        idle_lock=st.none() | st.integers(60, 129600),
        favourites=st.lists(NAMES).map(tuple),
        first_use=st.booleans(),
        groups=st.dictionaries(st.sampled_from(["prod", "ä.b", 'q"']), st.lists(NAMES).map(tuple)),
        identities=st.dictionaries(
            NAMES,
            st.builds(IdentityRule, keys=COMMANDS, mfa=st.booleans(), devices=st.sampled_from([(), ("GAHT12345678",)]))
            | st.builds(
                IdentityRule,
                st.just(Command(("ykman", "-s", "a b"))),
                st.sampled_from(Renew),
                COMMANDS,
                st.booleans(),
            ),
        ),
        rules=st.lists(RULES, unique_by=lambda rule: rule.pattern).map(tuple),
    )
)
def test_what_is_written_is_read_as_the_same(said: Settings) -> None:
    """All that can be set, with any name in it."""
    assert parse(written(document(said)), file="x") == said


def test_the_example_changes_nothing() -> None:
    """As it stands it is a comment; without its signs it is a file that is right."""
    assert parse(example(), file="x") == Settings()
    assert parse(example().replace("# ", "").replace("#\n", "\n"), file="x").groups
