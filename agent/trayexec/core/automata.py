"""Knows coding agents and CI systems by what they leave in the environment of what they start, and by their programs.

A person who is asked whether `aws` may use a profile wants to know that it was not a person who typed it. To be
recognised can only make them more careful: what hides is just not named. Sources: `detect-agent.ts` of aws/aws-cdk-cli,
`packages/detect-agent` of vercel/vercel, `internal/agents/detect.go` of cli/cli, and each system's own documentation.
"""

from collections.abc import Iterable

# By a variable that is set for the commands they run, whatever its value but empty.
VARIABLES = {
    "CLAUDECODE": "Claude Code",
    "CODEX_SANDBOX": "Codex",
    "CODEX_THREAD_ID": "Codex",
    "CODEX_CI": "Codex",
    "CURSOR_AGENT": "Cursor",
    "GEMINI_CLI": "Gemini CLI",
    "COPILOT_CLI": "GitHub Copilot",
    "OPENCODE": "opencode",
    "CLINE_ACTIVE": "Cline",
    "GITHUB_ACTIONS": "GitHub Actions",  # docs.github.com/actions/reference/variables-reference
    "GITLAB_CI": "GitLab CI",  # docs.gitlab.com/ci/variables/predefined_variables
    "JENKINS_URL": "Jenkins",  # jenkins.io/doc/book/pipeline/jenkinsfile
    "BUILDKITE": "Buildkite",  # buildkite.com/docs/pipelines/environment-variables
    "CIRCLECI": "CircleCI",  # circleci.com/docs/variables
    "TF_BUILD": "Azure Pipelines",  # learn.microsoft.com/azure/devops/pipelines/build/variables
    "TEAMCITY_VERSION": "TeamCity",  # jetbrains.com/help/teamcity/predefined-build-parameters.html
}
# By the name of a program above it, as the system has it.
PROGRAMS = {
    "claude": "Claude Code",
    "codex": "Codex",
    "cursor-agent": "Cursor",
    "aider": "Aider",
    "gemini": "Gemini CLI",
    "copilot": "GitHub Copilot",
    "opencode": "opencode",
    "goose": "Goose",
    "windsurf": "Windsurf",
    "Runner.Worker": "GitHub Actions",
    "gitlab-runner": "GitLab CI",
    "buildkite-agent": "Buildkite",
}


def recognised(variables: Iterable[str], programs: Iterable[str]) -> str:
    """The name of the agent or system that a process with these variables runs under, and below these programs.

    Nothing where it is none that we know.
    """
    names = frozenset(variables)
    found = next((name for variable, name in VARIABLES.items() if variable in names), "")
    return found or next((PROGRAMS[one] for one in programs if one in PROGRAMS), "")
