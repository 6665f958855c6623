"""The main job: one code, and every command just runs."""

from support.rig import Rig


def test_fifty_cold_commands_cost_one_code(rig: Rig) -> None:
    """Fifty commands at once, and no agent: one agent, one prompt, one GetSessionToken, one AssumeRole."""
    rig.answer_by_itself()
    commands = [rig.start("account-a", "--", "true") for _ in range(50)]
    said = [command.communicate(timeout=100)[1] for command in commands]
    assert [command.returncode for command in commands] == [0] * 50, set(said)
    assert rig.tries == 1
    assert rig.sim.count("GetSessionToken") == 1
    assert rig.sim.count("AssumeRole") == 1
