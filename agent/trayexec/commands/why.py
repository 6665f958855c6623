"""`why`: how a profile resolves, step by step, without asking AWS or a person."""

from collections.abc import Mapping

from trayexec.commands.reading import Options
from trayexec.core.config import adhoc, foreign_settings
from trayexec.core.config.profiles import Identity, Profile, Provider, Role, Unserved
from trayexec.light import exits
from trayexec.light.errors import Text
from trayexec.light.translate import speaker
from trayexec.live.without_agent import files_of


def why(options: Options, environ: Mapping[str, str]) -> int:
    """Print the steps from the profile to the keys; exit status 1 when they do not get there.

    Raises TrayexecError (`unknown_profile`, `file`, `config_syntax`).
    """
    read = files_of(environ)
    found = read.catalogue.profiles.get(options.profile)
    if found is None or options.source is not None:
        found = adhoc.find(read.catalogue, options.profile, options.source)
    speak = speaker(environ)
    steps = [Text("its sections are looked for in {config} and {shared}", config=read.paths[0], shared=read.paths[1])]
    if isinstance(found, Unserved):
        steps.append(found.problem.title)
        steps.append(found.problem.hint)
        steps += found.notes
    else:
        steps += _steps(found)
    steps += foreign_settings.in_environment(environ)
    said = [speak(step) for step in steps]
    if options.json:
        from trayexec.commands import as_json  # noqa: PLC0415 — seldom

        as_json.show({"profile": options.profile, "served": isinstance(found, Profile), "steps": said})
    else:
        for number, step in enumerate(said, 1):
            print(f"{number}. {step}")  # noqa: T201 — the answer
    return exits.OK if isinstance(found, Profile) else 1


def _steps(profile: Profile) -> list[Text]:
    steps: list[Text] = []
    target: Identity | Provider | Role = profile.target
    while isinstance(target, Role):
        place = target.endpoint
        steps.append(
            Text(
                "it is the role {role}, session name {session}, assumed at {where}",
                role=target.arn,
                session=target.session_name,
                where=place.url or Text("STS in {region}", region=place.region),
            )
        )
        if target.external_id is not None:
            steps.append(Text("with the external id {id}", id=target.external_id))
        if target.tags.tags:
            said = ", ".join(f"{key}={value}" for key, value in target.tags.tags)
            steps.append(Text("with the session tags {tags}", tags=said))
        if target.tags.source_identity is not None:
            steps.append(Text("with the source identity {identity}", identity=target.tags.source_identity))
        target = target.source
    if isinstance(target, Identity):
        steps += [
            Text("its session belongs to the identity {identity}", identity=target.name),
            Text("which is opened with a code of the device {serial}", serial=target.mfa_serial),
            Text("and with the keys that the keychain is to have as {keys}", keys=target.keys),
        ]
    else:
        steps.append(
            Text("its credentials come from {source} of profile {profile}", source=target.by, profile=target.name)
        )
        steps.append(Text("for which nobody is asked for an MFA code"))
    steps += profile.notes
    if profile.region:
        steps.append(Text("commands get the region {region}", region=profile.region))
    else:
        steps.append(Text("nothing says a region: commands keep the one of your shell, if there is one"))
    return steps
