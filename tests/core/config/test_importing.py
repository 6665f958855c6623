"""Keys out of the AWS files: which are found, what the files say without them, and that nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.aws_parser import parse
from trayexec.core.config import importing
from trayexec.core.config.identities import LONG_TERM
from trayexec.core.config.importing import AwsFilePair, FileEdit, Holders
from trayexec.core.config.inifile import without, without_empty

NOW = 1_800_000_000.0  # 2027-01-15
KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
TEMPORARY = "aws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\naws_session_token = token\n"
DEVICE = "arn:aws:iam::111111111111:mfa/alice"
ROLE = "arn:aws:iam::222222222222:role/admin"


def pair(config: str = "", shared: str = "") -> AwsFilePair:
    """Both files, parsed as the program does it."""
    return AwsFilePair(parse(config, file="config"), parse(shared, file="credentials"))


def changed(config: str, shared: str, *, suffixes: tuple[str, ...] = LONG_TERM) -> tuple[str, str]:
    """Both files without the keys that are found in them."""
    files = pair(config, shared)
    edits = importing.edits(files, importing.long_term(files, suffixes=suffixes), now=NOW)
    return edits[0].applied(config), edits[1].applied(shared)


def names(config: str, shared: str) -> list[tuple[str, str, bool]]:
    """Section, profile and whether aws-mfa put it aside, of every pair that is found."""
    found = importing.long_term(pair(config, shared), suffixes=LONG_TERM)
    return [(one.section, one.name, one.aside) for one in found]


def test_long_term_keys_are_found_in_both_files() -> None:
    """Each under the profile that an SDK reads it for; what has a token or is half a pair is none."""
    config = f"[profile 'a b']\n{KEYS}[sso-session x]\n{KEYS}[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
    shared = f"[default]\n{KEYS}[short]\n{TEMPORARY}[default-longterm]\n{KEYS}[x-long-term]\n{KEYS}"
    assert names(config, shared) == [
        ("profile 'a b'", "a b", False),
        ("default", "default", False),
        ("default-longterm", "default", True),
        ("x-long-term", "x", True),
    ]


def test_a_long_term_section_that_roles_name_is_a_profile_of_its_own() -> None:
    """Its name is what leads to it, so its keys are stored under that name."""
    config = f"[profile a]\nrole_arn = {ROLE}\nsource_profile = default-longterm\n"
    assert names(config, f"[default-longterm]\n{KEYS}") == [("default-longterm", "default-longterm", False)]


def test_the_layout_of_aws_mfa_becomes_one_that_every_tool_reads() -> None:
    """The device goes to the config, the keys and credentials that have ended go, and a live session stays."""
    ended = f"[default]\nassumed_role = False\n{TEMPORARY}expiration = 2026-01-31 21:07:09\n"
    shared = f"# mine\n[default-long-term]\n{KEYS}aws_mfa_device = {DEVICE}\n\n{ended}[other]\nregion = x\n"
    config = "[default]\nregion = eu-central-1\n"
    assert changed(config, shared) == (f"{config}mfa_serial = {DEVICE}\n", "# mine\n[default]\n[other]\nregion = x\n")
    alive = shared.replace("2026-01-31", "2027-01-16")
    assert changed(config, alive)[1] == "# mine\n" + alive[alive.index("[default]") :]


def test_roles_of_aws_mfa_become_role_profiles() -> None:
    """`assume_role` beside the keys, and what it assumed by its options, also for several short-term sections."""
    assert changed("", f"[x-long-term]\n{KEYS}assume_role = {ROLE}\n") == (
        f"[profile x]\nrole_arn = {ROLE}\nsource_profile = x\n",
        "",
    )
    several = f"[org]\n{KEYS}[org-prod]\nassumed_role = True\nassumed_role_arn = {ROLE}\n{TEMPORARY}"
    config, shared = changed("", f"{several}expiration = 2026-01-31 21:07:09\n")
    assert config == f"[profile org-prod]\nrole_arn = {ROLE}\nsource_profile = org\n"
    assert shared == "[org]\n[org-prod]\n"
    config, shared = changed("", several)
    assert not config, "they say no end, so they stay, and a role would win over them in every other tool"
    assert shared == several.replace(f"[org]\n{KEYS}", "[org]\n")


def test_what_the_config_says_already_stays_as_it_is() -> None:
    """A device or a role that is written there wins over what aws-mfa knew."""
    config = "[profile x]\nmfa_serial = mine\nrole_arn = arn\nsource_profile = y\n"
    shared = f"[x-long-term]\n{KEYS}aws_mfa_device = {DEVICE}\nassume_role = {ROLE}\n"
    assert changed(config, shared)[0] == config


def test_temporary_credentials_of_others_stay() -> None:
    """Ended or not: another program's are its own, unless they are those of a profile that now has keys."""
    ended = f"[saml]\n{TEMPORARY}x_security_token_expires = 2020-01-01T00:00:00Z\n"
    of_another = f"[default-x]\n{TEMPORARY}expiration = 2020-01-01 00:00:00\n"
    shared = f"[default]\n{KEYS}{ended}{of_another}"
    assert changed("", shared)[1] == f"[default]\n{ended}{of_another}"


def test_credentials_that_say_no_end_are_told() -> None:
    """So are those whose end is still to come."""
    files = pair("", f"[default-long-term]\n{KEYS}[default]\n{TEMPORARY}")
    taken = importing.long_term(files, suffixes=LONG_TERM)
    assert [(one.section, one.ends) for one in importing.staying(files, taken, now=NOW)] == [("default", None)]


def test_different_keys_for_one_profile_are_no_choice() -> None:
    """The same key twice is one key."""
    twice = f"[default]\n{KEYS}[default-longterm]\n{KEYS}"
    found = importing.long_term(pair("", twice), suffixes=LONG_TERM)
    assert not importing.of_one_name(found)
    other = importing.long_term(pair("", twice.replace("7EXAMPLE", "7EXAMPLF", 1)), suffixes=LONG_TERM)
    assert list(importing.of_one_name(other)) == ["default"]


def test_a_value_that_has_changed_meanwhile_stays() -> None:
    """What is removed is what was read, not what stands there by now."""
    text = "[a]\nx = 1\ny = 2\n"
    assert without(text, "a", {"x": "other", "y": "2"}) == "[a]\nx = 1\n"
    assert without(text, "b", {"x": "1"}) == text


def test_a_value_of_several_lines_stays_whole() -> None:
    """Half a value would be another one."""
    text = "[a]\nx = 1\n  more\ny = 2\n"
    assert without(text, "a", {"x": "1", "y": "2"}) == "[a]\nx = 1\n  more\n"


def test_an_empty_section_goes_with_its_blank_lines_but_not_its_comments() -> None:
    """Only if nothing is said in it."""
    assert without_empty("[a]\n\n# why\n[b]\nx = 1\n", "a") == "# why\n[b]\nx = 1\n"
    assert without_empty("[b]\nx = 1\n\n[a]\n\n", "a") == "[b]\nx = 1\n\n"
    assert without_empty("[a]\nx = 1\n", "a") == "[a]\nx = 1\n"


def test_credentials_that_ended_after_their_keys_went_go_the_next_time() -> None:
    """The keys are stored by then, and not in the files: what only aws-mfa knew of a role is not lost."""
    shared = f"[x-prod]\nassumed_role = True\nassumed_role_arn = {ROLE}\n{TEMPORARY}expiration = 2026-01-31 21:07:09\n"
    files = pair("", shared)
    edits = importing.edits(files, (), now=NOW, holders=Holders(stored=frozenset({"x"})))
    assert edits[0].applied("") == f"[profile x-prod]\nrole_arn = {ROLE}\nsource_profile = x\n"
    assert edits[1].applied(shared) == "[x-prod]\n"
    assert importing.edits(files, (), now=NOW) == (FileEdit(), FileEdit())


def test_credentials_of_other_keys_are_not_those_of_keys_with_a_shorter_name() -> None:
    """[x-ops] is that of x-ops, though only x can be taken: no role is to be assumed with other keys than before."""
    short = f"[x-ops]\nassumed_role = True\nassumed_role_arn = {ROLE}\n{TEMPORARY}expiration = 2026-01-31 21:07:09\n"
    files = pair("", f"[x-long-term]\n{KEYS}[x-ops-long-term]\n{KEYS}{short}")
    found = importing.long_term(files, suffixes=LONG_TERM)
    holders = Holders(known=frozenset(one.name for one in found))
    config, shared = importing.edits(files, found[:1], now=NOW, holders=holders)
    assert found[0].name == "x"
    assert not config.add
    assert list(shared.remove) == ["x-long-term"]


def test_live_credentials_of_a_role_are_told_where_a_role_would_take_their_place() -> None:
    """Every other tool would assume the role with them, instead of using them."""
    live = f"[x]\nassumed_role = True\nassumed_role_arn = {ROLE}\n{TEMPORARY}expiration = 2027-01-16 21:07:09\n"
    for shared, found in ((live, "x"), (live.replace("2027", "2026"), None), (f"[x]\n{TEMPORARY}", None)):
        files = pair("", f"[x-long-term]\n{KEYS}{shared}")
        (one,) = importing.long_term(files, suffixes=LONG_TERM)
        told = importing.in_use_as_role(files, one, now=NOW)
        assert (told and told.section) == found


def test_keys_in_the_shade_are_not_in_force() -> None:
    """What botocore takes before them is what the profile means."""
    process = "[profile x]\ncredential_process = other\n"
    for config, shared, expected in (
        (f"{process}{KEYS}", "", [False]),
        (process, f"[x]\n{KEYS}", [True]),
        (process, f"[x-long-term]\n{KEYS}", [False]),
        ("", f"[x-long-term]\n{KEYS}[x]\n{TEMPORARY}", [True]),
        (f"[profile x]\n{KEYS}", "[x]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", [False]),
        (f"[profile x]\n{KEYS}", f"[x]\n{KEYS}", [True, True]),
    ):
        files = pair(config, shared)
        found = importing.long_term(files, suffixes=LONG_TERM)
        assert [importing.in_force(files, one) for one in found] == expected
    assert importing.left_with_others(pair(process, "[x]\n"), "x")


def test_what_is_written_meanwhile_is_not_replaced() -> None:
    """A device that somebody has just put there is the right one."""
    edit = FileEdit({"profile x": {"mfa_serial": "ours", "role_arn": ROLE}})
    assert (
        edit.applied("[profile x]\nmfa_serial = theirs\n") == f"[profile x]\nmfa_serial = theirs\nrole_arn = {ROLE}\n"
    )


def test_keys_that_are_other_ones_meanwhile_stay_whole() -> None:
    """Not the half that is the same, nor the device beside them."""
    shared = f"[x-long-term]\n{KEYS}aws_mfa_device = {DEVICE}\n"
    files = pair("", shared)
    _, edit = importing.edits(files, importing.long_term(files, suffixes=LONG_TERM), now=NOW)
    rotated = shared.replace("7EXAMPLE", "7EXAMPLF")
    assert edit.applied(rotated) == rotated
    assert edit.applied(shared) == ""


def test_of_two_sections_for_a_profile_the_one_that_counts_says_the_device() -> None:
    """As botocore takes the last, a device there is not replaced by aws-mfa's."""
    config = '[profile x]\nregion = r\n[profile "x"]\nmfa_serial = mine\n'
    assert changed(config, f"[x-long-term]\n{KEYS}aws_mfa_device = {DEVICE}\n")[0] == config


BLOCKS = st.lists(
    st.sampled_from(
        [
            *("aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key=secret", "AWS_SESSION_TOKEN : token"),
            *("# aws_access_key_id = old", "; x", "", "   ", "region = x", "s3 =\n  a = b", "expiration = 2020-01-01"),
            *(f"aws_mfa_device = {DEVICE}", f"assume_role = {ROLE}", "assumed_role = True"),
            *(f"assumed_role_arn = {ROLE}", "source_profile = a-longterm", "role_arn = mine"),
        ]
    ),
    unique=True,
)


def files_of(*sections: str) -> st.SearchStrategy[list[str]]:
    """The lines of a file that has some of these sections, in any order, each with any settings once."""
    blocks = st.dictionaries(st.sampled_from(sections), BLOCKS)
    return blocks.map(
        lambda said: [
            line for name, lines in said.items() for line in (f"[{name}]", *"\n".join([*lines, "#"]).split("\n"))
        ]
    )


@given(
    files_of("default", "profile a", "profile 'a-longterm'", "b"),
    files_of("default", "a", "default-long-term", "a-longterm", "a-b"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_the_files_say_only_what_is_named_changes(config: list[str], shared: list[str], end: str) -> None:
    """Every line that is left stands as it stood and in its order; the keys are gone; a second time changes nothing."""
    texts = [end.join(lines) + end if lines else "" for lines in (config, shared)]
    files = pair(*texts)
    taken = importing.long_term(files, suffixes=LONG_TERM)
    edits = importing.edits(files, taken, now=NOW)
    after = [edit.applied(text) for edit, text in zip(edits, texts, strict=True)]
    assert not importing.long_term(pair(*after), suffixes=LONG_TERM)
    assert [edit.expected(said) for edit, said in zip(edits, (files.config, files.shared), strict=True)] == [
        *(parse(text, file="after") for text in after)
    ]
    assert edits[1].applied(after[1]) == after[1]
    left = iter(texts[1].split(end))
    assert all(line in left for line in after[1].split(end)), "what is left is a part of what was, in its order"
    only_more = FileEdit({}, edits[0].remove, edits[0].empty).applied(texts[0]).split(end)
    new = iter(after[0].split(end))
    assert all(line in new for line in only_more if line.strip()), "of the config, too, and what is new comes between"
