import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processesOf } from '../support/cli/processes.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';

// Tests signal the processes that these functions find: none may belong to a test that runs beside them.

/** A runs directory: it need not exist. */
const runs = `/runs-of-${process.pid}`;
const started: ChildProcess[] = [];
/** Says that it runs, and lives until it is killed. */
const idle = 'console.log(process.pid); setInterval(() => {}, 1_000);';
const withChild = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(idle)}], {
  stdio: 'inherit', env: { _HANDLER: 'functions/publish-mqtt.handler' } });`;

/** @returns what the process printed: process ids */
async function start(source: string, args: readonly string[], detached = false): Promise<number> {
  const child = spawn(process.execPath, ['-e', source, '--', ...args], {
    detached,
    env: { _HANDLER: 'functions/publish-mqtt.handler' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const [text] = await once(child.stdout!, 'data');
  return Number(text);
}

const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

describeWithProcesses('the processes of a runs directory', () => {
  let command: number;
  let ofAnotherTest: number;
  let functionOfEmbeddedAws: number;
  beforeAll(async () => {
    command = await start(idle, ['--runs', runs]);
    ofAnotherTest = await start(idle, []);
    functionOfEmbeddedAws = await start(withChild, [runs], true);
  });
  afterAll(() => {
    process.kill(-started[2]!.pid!, 'SIGKILL');
    for (const child of started) child.kill('SIGKILL');
  });

  it('are those that name it, and what a process group of theirs holds beside them', () => {
    const found = processesOf(runs).map((line) => Number.parseInt(line, 10));
    expect(found.sort((a, b) => a - b)).toEqual(
      [command, started[2]!.pid!, functionOfEmbeddedAws].sort((a, b) => a - b),
    );
  });

  it('are not those of another test, which is in the process group of the command', () => {
    expect(processesOfFunction(runs, 'publish-mqtt')).toContain(functionOfEmbeddedAws);
    expect(processesOfFunction(runs, 'publish-mqtt')).not.toContain(ofAnotherTest);
  });
});
