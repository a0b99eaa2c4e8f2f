"""The `temporal` command line with a codec server: it shows what workers wrote, and sends what workers can read."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import history
from harness.checks import eventually
from harness.codec_server import CodecServer, rules, serve
from harness.commands import CommandError, run
from harness.stage import Stage
from harness.tokens import ISSUER, Issuer


@dataclass
class CommandLine:
    """The `temporal` command line with options that name a codec server, and with settings from its environment."""

    stage: Stage
    options: Sequence[str] = ()
    settings: dict[str, str] = field(default_factory=dict)

    async def text(self, *arguments: str) -> str:
        """Runs a command and returns what a person sees."""
        temporal = self.stage.temporal
        command: list[str | Path] = [temporal.binary, *arguments, "--address", temporal.address, *self.options]
        return (await run(command, env=self.settings)).decode()

    async def json(self, *arguments: str) -> Any:
        """Runs a command and returns its JSON."""
        shown = await self.text(*arguments, "--output", "json", "--no-json-shorthand-payloads")
        return json.loads(shown or "null")

    async def refusal(self, *arguments: str) -> str:
        """Runs a command that must fail, and returns what it says."""
        try:
            return f"nothing, it succeeded: {await self.text(*arguments)}"
        except CommandError as error:
            # The command itself, which comes first, has the token.
            return str(error).partition("status 1: ")[2]


def _codec(server: CodecServer, *more: str) -> tuple[str, ...]:
    return ("--codec-endpoint", server.url, *more)


_IN_DEFAULT = ("-n", "default")


async def laptop(stage: Stage) -> None:
    """`tdc serve --dev`, and all commands of the command line that show or send payloads."""
    server = await serve(stage, "laptop", [], "--dev")
    by_options = CommandLine(stage, (*_codec(server), *_IN_DEFAULT))
    by_environment = CommandLine(stage, (), {"TEMPORAL_CODEC_ENDPOINT": server.url})
    profile = stage.folder / "temporal.toml"
    profile.write_text(f'[profile.default.codec]\nendpoint = "{server.url}"\n')
    by_profile = CommandLine(stage, _IN_DEFAULT, {"TEMPORAL_CONFIG_FILE": str(profile)})
    await _workflow(stage, by_options, "cli options")
    _namespaces(stage, server, "with -n", {"default"})
    await _workflow(stage, by_environment, "cli environment")
    _namespaces(stage, server, "without -n", {""})
    await _workflow(stage, by_profile, "cli profile")
    await _schedule(stage, by_options, "cli schedule")
    _namespaces(stage, server, "with -n again", {"default"})


def _namespaces(stage: Stage, server: CodecServer, title: str, expected: set[str]) -> None:
    heard = server.heard()
    stage.checks.equal(
        f"cli {title}: the namespace that the codec server hears", {line["namespace"] for line in heard}, expected
    )
    outcomes = {(line["operation"], line["outcome"]) for line in heard}
    stage.checks.equal(f"cli {title}: it encodes and decodes", outcomes, {("encode", "encode"), ("decode", "decode")})


async def _workflow(stage: Stage, cli: CommandLine, title: str) -> None:
    """Starts, queries, signals, describes and shows a workflow until it fails, and one that ends with a result."""
    checks = stage.checks
    workflow = title.replace(" ", "-")
    customer, agent, word, question = (stage.secret(f"{workflow}-{what}") for what in ("in", "memo", "word", "ask"))
    await _start(cli, workflow, customer, agent)
    answer = await cli.text("workflow", "query", "-w", workflow, "--type", "status", "-i", json.dumps(question))
    checks.that(f"{title}: query", f"answer to {question}" in answer and customer in answer, answer)
    await _say(cli, workflow, word)
    await stage.happened(workflow, "ACTIVITY_TASK_FAILED")

    described = await cli.json("workflow", "describe", "-w", workflow)
    memo = [agent, f"clerk of {customer}"]
    checks.equal(f"{title}: describe shows the memo", _shown(described, memo), sorted(memo))
    await _say(cli, workflow, "fail")
    await stage.happened(workflow, "WORKFLOW_EXECUTION_FAILED")
    shown = await cli.json("workflow", "show", "-w", workflow)
    expected = [customer, agent, word, f"clerk of {customer}", f"{customer} python", f"python refuses {customer}"]
    expected += [f"python record of {customer}", f"cannot serve {customer}", f"file on {customer}"]
    checks.equal(f"{title}: show has input, memo, signal, results, failures", _shown(shown, expected), sorted(expected))
    events = await stage.histories(workflow)
    await stage.closed(f"{title}: history", events)

    happy = f"{workflow}-happy"
    await _start(cli, happy, customer, agent)
    await _say(cli, happy, word)
    await _say(cli, happy, "close")
    result = await cli.text("workflow", "result", "-w", happy)
    checks.that(f"{title}: result", all(text in result for text in (f"{customer} python", word)), result)


async def _schedule(stage: Stage, cli: CommandLine, title: str) -> None:
    """A schedule whose input and memos are encoded, and the workflow that it starts."""
    customer, agent, note = (stage.secret(f"schedule-{what}") for what in ("in", "memo", "note"))
    name = ("--schedule-id", "cli-schedule")
    started = ["--type", "Ticket", "--task-queue", "go", "-w", "scheduled", "-i", json.dumps(customer)]
    memos = ["--memo", f"agent={json.dumps(agent)}", "--schedule-memo", f"note={json.dumps(note)}"]
    await cli.text("schedule", "create", *name, "--interval", "1000h", *started, *memos)
    stored = await stage.temporal.json("schedule", "describe", *name)
    await stage.closed(f"{title}: as stored", stored)
    described = await cli.json("schedule", "describe", *name)
    secrets = [customer, agent, note]
    stage.checks.equal(f"{title}: describe", _shown(described, secrets), sorted(secrets))

    async def listed_schedules() -> Any:
        return await cli.json("schedule", "list") or None

    listed = await eventually("the schedule in the list", listed_schedules)
    stage.checks.equal(f"{title}: list", _shown(listed, [note]), [note])

    await cli.text("schedule", "trigger", *name)
    query = 'WorkflowType = "Ticket" AND TemporalScheduledById = "cli-schedule"'
    found = await stage.found(query)
    workflow = found[0]["execution"]["workflowId"]
    await stage.happened(workflow, "ACTIVITY_TASK_FAILED")
    listed = await cli.json("workflow", "list", "--query", query)
    stage.checks.equal(f"{title}: workflow list shows the memo", _shown(listed, [agent]), [agent])
    await _say(cli, workflow, "close")
    result = await cli.text("workflow", "result", "-w", workflow)
    stage.checks.that(f"{title}: its workflow reads the input", f"{customer} python" in result, result)
    await stage.closed(f"{title}: history", await stage.histories(workflow))
    await cli.text("schedule", "delete", *name)


async def team(stage: Stage) -> None:
    """A codec server with rules and namespaces: tokens by option, environment and header, and what a refusal says."""
    checks = stage.checks
    issuer = Issuer(stage.folder / "jwks.json")
    server = await serve(stage, "team", rules(ISSUER, "{ file: jwks.json }"))
    bearer = {person: f"Bearer {issuer.token(f'{person}@e2e.test')}" for person in ("ada", "ben", "cem")}

    def with_auth(person: str) -> CommandLine:
        return CommandLine(stage, (*_codec(server, "--codec-auth", bearer[person]), *_IN_DEFAULT))

    by_option = with_auth("ada")
    await _workflow(stage, by_option, "cli token")
    heard = server.heard()
    checks.equal(
        "cli token: the audit log knows who asked",
        {(line["email"], line["namespace"], line["status"]) for line in heard},
        {("ada@e2e.test", "default", 200)},
    )

    query = ("workflow", "query", "-w", "cli-token", "--type", "status", "-i", '"?"')
    settings = {"TEMPORAL_CODEC_ENDPOINT": server.url, "TEMPORAL_CODEC_AUTH": bearer["ada"]}
    settings["TEMPORAL_NAMESPACE"] = "default"
    by_environment = CommandLine(stage, (), settings)
    by_header = CommandLine(
        stage,
        # The header names the namespace too, so -n is not needed.
        _codec(server, "--codec-header", f"Authorization={bearer['ada']}", "--codec-header", "X-Namespace=default"),
    )
    in_path = f"{server.url}/default"
    by_path = CommandLine(stage, ("--codec-endpoint", in_path, "--codec-auth", bearer["ada"]))
    in_template = f"{server.url}/{{namespace}}"
    by_template = CommandLine(stage, ("--codec-endpoint", in_template, "--codec-auth", bearer["ada"], *_IN_DEFAULT))
    for title, cli in {
        "TEMPORAL_CODEC_AUTH": by_environment,
        "--codec-header": by_header,
        "a path without -n": by_path,
        "{namespace} in the endpoint": by_template,
    }.items():
        answer = await cli.text(*query)
        checks.that(f"cli {title}: the query is answered", "answer to ?" in answer, answer)

    show = ("workflow", "show", "-w", "cli-token")
    shown = await with_auth("ben").json(*show)
    stage.unread("cli pass_through: show", shown)
    outer = {history.encoding(payload) for payload in history.payloads(shown)}
    checks.equal("cli pass_through: payloads come as they are stored", outer, {"binary/encrypted"})

    without_namespace = CommandLine(stage, _codec(server, "--codec-auth", bearer["ada"]))
    expired = f"Bearer {issuer.token('ada@e2e.test', -3600)}"
    no_token = "Unauthorized: this codec server requires a valid access token"
    no_rule = "Forbidden: your access token is valid, but no rule of this codec server allows this request"
    for title, cli, status, sentence in (
        ("nobody", CommandLine(stage, (*_codec(server), *_IN_DEFAULT)), 401, no_token),
        ("an old token", CommandLine(stage, (*_codec(server, "--codec-auth", expired), *_IN_DEFAULT)), 401, no_token),
        ("a person without a rule", with_auth("cem"), 403, no_rule),
        ("a person who may not encode", with_auth("ben"), 403, no_rule),
        ("no namespace", without_namespace, 403, f"{no_rule} without a namespace: name one (temporal -n NAMESPACE)"),
    ):
        server.heard()
        said = await cli.refusal(*query)
        checks.that(f"cli refusal of {title}: the person reads why", sentence in said, said)
        statuses = {line["status"] for line in server.heard()}
        checks.equal(f"cli refusal of {title}: the audit log has it", statuses, {status})

    stage.unread("cli: log and audit log of the codec server", server.told())
    given = [expired, *bearer.values()]
    told = [token for token in given if token.rpartition(".")[2] in server.told()]
    checks.equal("cli: no token is in log or audit log of the codec server", told, [])


async def _start(cli: CommandLine, workflow: str, customer: str, agent: str) -> None:
    values = ("-i", json.dumps(customer), "--memo", f"agent={json.dumps(agent)}")
    await cli.text("workflow", "start", "--type", "Ticket", "--task-queue", "go", "-w", workflow, *values)


async def _say(cli: CommandLine, workflow: str, word: str) -> None:
    await cli.text("workflow", "signal", "-w", workflow, "--name", "say", "-i", json.dumps(word))


def _shown(document: Any, phrases: list[str]) -> list[str]:
    return history.leaks_in(document, phrases)
