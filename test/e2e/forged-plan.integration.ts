import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Plan } from '../../src/plan/plan.ts';
import type { Target } from '../../src/targets/target.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Someone who can write to the run store names a server of theirs in plan.json. It listens, and sees no connection.

let rehearsal: Rehearsal;
let lambda: LambdaClient;
let attacker: Server;
let connections = 0;
beforeAll(async () => {
  attacker = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve));
  rehearsal = await startRehearsal();
  const { environment } = rehearsal.aws;
  lambda = new LambdaClient({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
});
afterAll(async () => {
  lambda.destroy();
  attacker.close();
  await rehearsal.close();
});
beforeEach(() => {
  connections = 0;
});

async function invoke(name: string, event: object): Promise<Record<string, unknown>> {
  const command = new InvokeCommand({ FunctionName: `stampede-dev-${name}`, Payload: JSON.stringify(event) });
  const { Payload = new Uint8Array() } = await lambda.send(command);
  return JSON.parse(Buffer.from(Payload).toString()) as Record<string, unknown>;
}

/** Plans a run, then changes what its plan.json says of the target. */
async function forge(runId: string, protocol: string, change: (target: Target, port: number) => Target) {
  const connect = protocol === 'mqtt' ? { client: 'dense' } : { protocol };
  const profile = { devices: 2, connect, ratePerSecond: 4, duration: '1s', drain: '0s' };
  expect(await invoke('plan', { runId, profile })).toMatchObject({ runId, hosts: ['127.0.0.1'] });
  const file = path.join(rehearsal.runsDirectory, runId, 'plan.json');
  const plan = JSON.parse(await readFile(file, 'utf8')) as Plan & { target: Target };
  const { port } = attacker.address() as AddressInfo;
  await writeFile(file, JSON.stringify({ ...plan, target: change(plan.target, port) }));
}

const endpointTo = (port: number) => ({
  scheme: 'mqtt' as const,
  host: '127.0.0.1',
  port,
  auth: 'none' as const,
});

describe('a plan.json that names another target', () => {
  it('is refused by publish-mqtt: neither devices nor control channel connect', async () => {
    await forge('forged-mqtt', 'mqtt', (target, port) => ({ ...target, endpoints: [endpointTo(port)] }));
    const answer = await invoke('publish-mqtt', { runId: 'forged-mqtt', slice: 0, hosts: ['127.0.0.1'] });
    expect(answer).toMatchObject({ errorType: 'ForgedTargetError' });
    expect(connections).toBe(0);
  });

  it('is refused by publish-http: neither publishes nor polls are sent', async () => {
    const dataUrl = (target: Target, port: number) => ({ ...target, dataUrl: `http://127.0.0.1:${port}` });
    await forge('forged-https', 'https', dataUrl);
    const answer = await invoke('publish-http', { runId: 'forged-https', slice: 0, hosts: ['127.0.0.1'] });
    expect(answer).toMatchObject({ errorType: 'ForgedTargetError' });
    expect(connections).toBe(0);
  });

  it('does not lead the stop message of summarize there', async () => {
    await forge('forged-stop', 'https', (target, port) => ({
      ...target,
      dataUrl: `http://127.0.0.1:${port}`,
    }));
    await invoke('summarize', { runId: 'forged-stop', interim: true, failure: 'States.ItemReaderFailed' });
    expect(connections).toBe(0);
  });
});
