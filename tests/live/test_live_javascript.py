"""The JavaScript SDK, version 3, under `--live`: it reads the overlay's grammar its own way."""

from support.desktop import program
from support.node import modules
from support.rig import Rig

WHO = """
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
for (const profile of [undefined, "account-b", "default"]) {
  try {
    const client = new STSClient(profile ? { profile } : {});
    const { Account } = await client.send(new GetCallerIdentityCommand({}));
    console.log(Account, await client.config.region());
  } catch (error) {
    console.log(String(error));
  }
}
"""


def node(rig: Rig, code: str, *words: str, wait: float = 60.0) -> list[str]:
    """The lines that a JavaScript module prints, live."""
    done = rig.run(
        "--live", *words, "--", program("node"), "--input-type=module", "-e", code, cwd=modules(), seconds=wait
    )
    assert done.status == 0, done.err
    return done.out.splitlines()


def test_it_switches_profiles_in_one_process(open_rig: Rig) -> None:
    """AWS_PROFILE, then others by name, each with its own account and region."""
    said = node(open_rig, WHO, "account-a")
    assert said == [f"{account} eu-central-1" for account in ("222222222222", "333333333333", "111111111111")]


def test_a_name_with_a_comment_sign_harms_no_other(open_rig: Rig) -> None:
    """What this SDK takes for a comment within a name leaves the other profiles readable."""
    text = open_rig.sim.world.config_text(open_rig.sim.url)
    open_rig.config(text + text[text.index("[profile account-b]") :].replace("[profile account-b]", "[profile 'a #b']"))
    assert [line.split()[0] for line in node(open_rig, WHO, "account-a")][:2] == ["222222222222", "333333333333"]
    open_rig.config(text)
