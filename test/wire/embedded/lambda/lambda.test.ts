import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetAccountSettingsCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { arnOfFunction } from '../../../../src/embedded/gateway/arns.ts';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { signHeaders } from '../../../../src/embedded/gateway/request-signature.ts';
import { makeFunctionLogs } from '../../../../src/embedded/lambda/function-log.ts';
import { makeLambdaApi, makeRuntimeApi } from '../../../../src/embedded/lambda/lambda.ts';
import {
  type LambdaPool,
  makeLambdaPool,
  runtimeApiPrefix,
} from '../../../../src/embedded/lambda/lambda-pool.ts';
import type { FunctionDefinition } from '../../../../src/embedded/stack/stack.ts';
import { clientSettingsOf, testKey } from '../../../support/embedded/test-key.ts';
import { until } from '../../../support/until.ts';

const concurrentExecutions = 4;
/** Of which one is reserved. */
const unreserved = 3;
const handlers = ['echo', 'describe', 'sleep', 'hang', 'fail', 'crash', 'measure', 'big', 'missing'];

let directory: string;
let gateway: Gateway;
let pool: LambdaPool;
let client: LambdaClient;
/** What happened to sandboxes, in order. */
const sandboxed: string[] = [];

function definitionOf(key: string, handler: string): FunctionDefinition {
  return {
    key,
    name: key,
    handler: `test/support/embedded/fixtures/handlers.${handler}`,
    memoryMb: 128,
    timeoutSeconds: key === 'hang' ? 1 : 20,
    environment: { GREETING: 'hello' },
  };
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-lambda-'));
  pool = makeLambdaPool({
    functions: [
      ...handlers.map((key) => definitionOf(key, key)),
      { ...definitionOf('reserved', 'sleep'), reservedConcurrency: 1 },
      { ...definitionOf('boxed', 'describe'), environment: {} },
      definitionOf('unready', 'echo'),
    ],
    concurrentExecutions,
    taskRoot: fileURLToPath(new URL('../../../..', import.meta.url)),
    logs: makeFunctionLogs(directory, '1'),
    gatewayHost: () => `127.0.0.1:${gateway.port}`,
    variables: () => ({ AWS_ENDPOINT_URL: gateway.url }),
    async openSandbox({ key }) {
      if (key !== 'boxed' && key !== 'unready') return undefined;
      return {
        // Stands for what enters a network namespace: it becomes the command that follows.
        command: ['/usr/bin/env', 'GREETING=from the sandbox'],
        variables: {},
        async enter(event) {
          sandboxed.push(`${key} enters for ${event}`);
          if (key === 'unready') throw new Error('there is no room');
        },
        leave: async () => void sandboxed.push(`${key} leaves`),
        close: async () => void sandboxed.push(`${key} closes`),
      };
    },
  });
  const lambda = makeLambdaApi(pool);
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: { lambda },
    unsigned: [[runtimeApiPrefix, makeRuntimeApi(pool)]],
  });
  client = new LambdaClient(clientSettingsOf(gateway));
});

afterAll(async () => {
  client.destroy();
  await pool.close();
  await gateway.close();
  await rm(directory, { recursive: true });
});

async function invoke(name: string, event: unknown = {}, more: { LogType?: 'Tail' } = {}) {
  const answer = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), ...more }),
  );
  return { ...answer, result: JSON.parse(Buffer.from(answer.Payload ?? []).toString()) };
}

describe('embedded Lambda', () => {
  it('runs a handler in a process with the environment Lambda promises, and shows its log', async () => {
    const { result, LogResult, FunctionError, ExecutedVersion } = await invoke(
      arnOfFunction('describe'),
      {},
      { LogType: 'Tail' },
    );
    expect(FunctionError).toBeUndefined();
    expect(ExecutedVersion).toBe('$LATEST');
    expect(result).toMatchObject({
      functionName: 'describe',
      greeting: 'hello',
      inherited: null,
      openFiles: 1024,
      heap: '--max-old-space-size=115',
    });
    expect(result.pid).not.toBe(process.pid);
    expect(result.remainingMs).toBeGreaterThan(15_000);
    const log = Buffer.from(LogResult ?? '', 'base64').toString();
    expect(log).toMatch(
      new RegExp(
        `^START RequestId: ${result.requestId} Version: \\$LATEST\none line of output\nEND RequestId: `,
      ),
    );
    expect(log).toMatch(/REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms/);
    const [stream = ''] = await readdir(path.join(directory, '1', 'describe'));
    expect(await readFile(path.join(directory, '1', 'describe', stream), 'utf8')).toContain(
      'one line of output',
    );
  });

  it('keeps an environment warm, and gives each concurrent invocation its own, up to the limit', async () => {
    // An answer is out before its environment asks for the next event: an invocation in between gets a second one.
    const seen = new Set<number>();
    for (let i = 0; i < 10; i++) seen.add((await invoke('sleep', { ms: 0 })).result.pid);
    expect(seen.size).toBeLessThanOrEqual(2);

    const all = await Promise.allSettled([1, 2, 3, 4].map(() => invoke('sleep', { ms: 1_500 })));
    const pids = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value.result.pid] : []));
    expect(new Set(pids).size).toBe(unreserved);
    const refused = all.find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ConcurrentInvocationLimitExceeded',
      $metadata: { httpStatusCode: 429 },
    });
  });

  it('keeps a function to what it has reserved, and leaves that to no other', async () => {
    const started = ['reserved', 'reserved', 'sleep', 'sleep', 'sleep', 'sleep'];
    const all = await Promise.allSettled(started.map((name) => invoke(name, { ms: 1_500 })));
    const reasons = all.map((each) => (each.status === 'rejected' ? each.reason.Reason : undefined));
    const refused = (name: string) =>
      reasons.filter((reason, i) => reason !== undefined && started[i] === name);
    expect(refused('reserved')).toEqual(['ReservedFunctionConcurrentInvocationLimitExceeded']);
    expect(refused('sleep')).toEqual(['ConcurrentInvocationLimitExceeded']);
  });

  it('does not start with more reserved than there is', () => {
    const reserved = { ...definitionOf('reserved', 'sleep'), reservedConcurrency: 4 };
    const tooMuch = () =>
      makeLambdaPool({
        functions: [reserved],
        concurrentExecutions,
        taskRoot: directory,
        logs: makeFunctionLogs(directory, '2'),
        gatewayHost: () => '',
        variables: () => ({}),
      });
    expect(tooMuch).toThrow('reserve 4 concurrent executions, and 4 are all there are');
  });

  it('answers with what the function threw', async () => {
    const { FunctionError, StatusCode, result } = await invoke('fail');
    expect({ FunctionError, StatusCode }).toEqual({ FunctionError: 'Unhandled', StatusCode: 200 });
    expect(result).toMatchObject({ errorType: 'DeviceError', errorMessage: 'there is no such device' });
    expect(result.trace[0]).toContain('there is no such device');
  });

  it('runs a function in a sandbox, which is ready for each event before it comes', async () => {
    const { result } = await invoke('boxed', { n: 1 });
    expect(result.greeting).toBe('from the sandbox');
    process.kill(result.pid, 'SIGKILL');
    await until(() => sandboxed.length >= 3);
    expect(sandboxed).toEqual(['boxed enters for {"n":1}', 'boxed leaves', 'boxed closes']);
  });

  it('fails an invocation whose sandbox does not become ready, and starts no process for it', async () => {
    sandboxed.length = 0;
    await expect(invoke('unready')).rejects.toMatchObject({
      name: 'ServiceException',
      message: expect.stringContaining('the sandbox of unready is not ready: Error: there is no room'),
    });
    expect(sandboxed.slice(0, 2)).toEqual(['unready enters for {}', 'unready closes']);
    expect(await readdir(path.join(directory, '1'))).not.toContain('unready');
  });

  it('kills a function at its time limit, even one that never yields', async () => {
    const { FunctionError, result } = await invoke('hang');
    expect(FunctionError).toBe('Unhandled');
    expect(result).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
    });
  });

  it('says so when the runtime exits, cannot find its handler, or answers too much', async () => {
    expect((await invoke('crash')).result).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 3$/),
    });
    expect((await invoke('missing')).result).toMatchObject({ errorType: 'Runtime.HandlerNotFound' });
    expect((await invoke('big')).result).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  it('passes a 6 MB batch of records through', async () => {
    const Records = Array.from({ length: 6_000 }, (_, i) => ({ body: String(i).padEnd(980, 'x') }));
    expect((await invoke('measure', { Records })).result).toBe(6_000);
  });

  it('refuses unknown functions, bodies that are not JSON and operations it does not have', async () => {
    await expect(invoke('no-such-function')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(
      client.send(new InvokeCommand({ FunctionName: 'echo', Payload: '{' })),
    ).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
    const listing = { method: 'GET', path: '/2015-03-31/functions/', query: new URLSearchParams() };
    const headers = signHeaders(
      { ...listing, headers: { host: `127.0.0.1:${gateway.port}` } },
      testKey,
      { region: 'us-east-1', service: 'lambda' },
      Date.now(),
    );
    const answer = await fetch(`${gateway.url}${listing.path}`, { headers });
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ __type: 'NotSupportedByEmbeddedAws' });
  });

  it('takes an asynchronous event at once, and runs it when there is room', async () => {
    const send = () =>
      client.send(
        new InvokeCommand({ FunctionName: 'reserved', InvocationType: 'Event', Payload: '{"ms":100}' }),
      );
    const answers = await Promise.all([send(), send()]);
    expect(answers.map(({ StatusCode }) => StatusCode)).toEqual([202, 202]);
    const reserved = pool.functions.get('reserved')!;
    // The second runs once the first has ended; after both there is room again.
    for (let ended = 0; ended < 2; ended += 1) {
      expect(pool.hasRoom(reserved)).toBe(false);
      await new Promise<void>((resolve) => pool.onRoom(resolve));
    }
    expect(pool.hasRoom(reserved)).toBe(true);
  });

  it('returns its concurrency limit', async () => {
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
    expect(AccountLimit).toMatchObject({
      ConcurrentExecutions: concurrentExecutions,
      UnreservedConcurrentExecutions: unreserved,
    });
  });
});
