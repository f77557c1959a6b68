// Drives two stand-in editors with the npm package `unreal-remote-execution`; run.py starts them and this.
//
//     node drive.mjs settings.json
//
// Prints one JSON line for each check: {"check": ..., "ok": ..., "seen": ...}. Knows nothing about our own client.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const settings = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const client = await import(pathToFileURL(settings.module));
const { RemoteExecution, RemoteExecutionConfig, EExecMode } = client.default ?? client;

const REPLACED = "\ufffd";
let failed = 0;

function check(name, ok, seen) {
    failed += ok ? 0 : 1;
    console.log(JSON.stringify({ check: name, ok: Boolean(ok), seen: String(seen).slice(0, 300) }));
}

function newClient(port) {
    const group = [settings.group_address, settings.group_port];
    return new RemoteExecution(new RemoteExecutionConfig(0, group, settings.bind_address, ["127.0.0.1", port]));
}

async function found(remote, names, milliseconds = 8000) {
    remote.startSearchingForNodes(200);
    const deadline = Date.now() + milliseconds;
    const missing = () => names.filter((name) => !remote.remoteNodes.some((node) => node.data.project_name === name));
    while (missing().length && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return missing();
}

async function main() {
    const remote = newClient(settings.ports[0]);
    await remote.start();
    const missing = await found(remote, settings.names);
    check("both editors are found", missing.length === 0, missing.join(", ") || settings.names.join(", "));
    const node = remote.remoteNodes.find((each) => each.data.project_name === settings.names[1]);
    await remote.openCommandConnection(node, true, 8000);
    check("the chosen one connects", remote.hasCommandConnection(), node.data.engine_version);

    const hello = await remote.runCommand("print('Grüße, 怒り')");
    check("a file prints", hello.success && hello.output[0].output === "Grüße, 怒り", JSON.stringify(hello.output));
    const sum = await remote.runCommand("6 * 7", true, EExecMode.EVALUATE_STATEMENT);
    check("an expression has a value", sum.success && sum.result === "42", sum.result);
    await remote.runCommand("kept = 3", true, EExecMode.EXECUTE_STATEMENT);
    const kept = await remote.runCommand("kept", true, EExecMode.EXECUTE_STATEMENT);
    check("names of statements persist", kept.success && kept.output[0].output === "3", JSON.stringify(kept.output));
    const error = await remote.runCommand("raise ValueError('no')");
    check("a failure is a traceback", !error.success && error.result.includes("ValueError: no"), error.result);
    const many = await Promise.all([1, 2, 3].map((i) => remote.runCommand(`${i} + 0`, true, EExecMode.EVALUATE_STATEMENT)));
    check("its queue keeps one in flight", many.map((each) => each.result).join() === "1,2,3", many.map((each) => each.result));

    const long = await remote.runCommand("print('é' * 150000)");
    const text = long.output[0].output;
    const damaged = [...text].filter((letter) => letter === REPLACED).length;
    check("a reply of 300 KB arrives whole", text.length >= 150000, `${damaged} characters damaged by the client`);

    const done = await remote.runCommand(settings.command);
    const lines = done.output.map((line) => line.output);
    check("our job is done", lines.join("\n") === `CSTALK-RESULT ${settings.nonce} ok`, lines.join(" | "));
    remote.stop();

    const again = newClient(settings.ports[1]);
    await again.start();
    await found(again, settings.names);
    await again.openCommandConnection(again.remoteNodes.find((each) => each.data.project_name === settings.names[1]), true, 8000);
    const second = await again.runCommand("print('again')");
    check("a second client connects after the first", second.output[0].output === "again", JSON.stringify(second.output));
    again.stop();
}

try {
    await main();
} catch (error) {
    check("no exception", false, error.stack ?? error);
}
process.exit(failed ? 1 : 0);
