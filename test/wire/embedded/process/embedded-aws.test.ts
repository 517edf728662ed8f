import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LiveFiguresReader, makeLiveFiguresReader } from '../../../../src/aws/live-figures.ts';
import { type AdminPort, fetchAdmin } from '../../../../src/embedded/iot-core/http/admin-client.ts';
import {
  type EmbeddedAws,
  EmbeddedAwsError,
  startEmbeddedAws,
} from '../../../../src/embedded/process/start-embedded-aws.ts';
import { readLiveSource } from '../../../../src/worker/environment.ts';
import { keyIn } from '../../../support/embedded/test-key.ts';
import { until } from '../../../support/until.ts';

const fixtures = fileURLToPath(new URL('../../../support/embedded/fixtures', import.meta.url));
const packageRoot = path.join(fixtures, 'package');
let runsDirectory: string;
let opened: EmbeddedAws[];

async function open(): Promise<EmbeddedAws> {
  const embedded = await startEmbeddedAws({ runsDirectory, packageRoot });
  opened.push(embedded);
  return embedded;
}

beforeEach(async () => {
  opened = [];
  runsDirectory = await mkdtemp(path.join(tmpdir(), 'stampede-runs-'));
});
afterEach(async () => {
  for (const embedded of opened) embedded.kill();
  await rm(runsDirectory, { recursive: true, force: true, maxRetries: 5 });
});

const settingsOf = ({ environment }: Pick<EmbeddedAws, 'environment'>, endpoint = 'AWS_ENDPOINT_URL') => ({
  endpoint: environment[endpoint] ?? '',
  region: 'us-east-1',
  credentials: keyIn(environment),
});

const figuresOf = ({ environment }: EmbeddedAws): LiveFiguresReader =>
  makeLiveFiguresReader(readLiveSource(environment)!);

/** Zombies count as gone: they only wait for a parent that never asks. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}

async function untilEnded(...pids: readonly number[]): Promise<void> {
  for (const pid of pids) await until(async () => !(await isAlive(pid)), `the end of process ${pid}`, 20);
}

async function readJson(file: string) {
  const read = () => readFile(path.join(runsDirectory, file), 'utf8').catch(() => undefined);
  await until(async () => (await read()) !== undefined, file, 50);
  return JSON.parse((await read())!);
}

describe('embedded AWS', () => {
  it('runs a load test on production clients alone, and leaves no process', async () => {
    const embedded = await open();
    const { pid: iotCorePid } = (await (await fetchAdmin(embedded, '/process')).json()) as {
      pid: number;
    };
    const client = new SFNClient(settingsOf(embedded));
    const { executionArn } = await client.send(
      new StartExecutionCommand({
        stateMachineArn: embedded.stateMachineArn,
        name: 'tiny-run',
        input: JSON.stringify({ slices: 3 }),
      }),
    );
    const describeExecution = () => client.send(new DescribeExecutionCommand({ executionArn }));
    let described = await describeExecution();
    while (described.status === 'RUNNING') {
      await sleep(50);
      described = await describeExecution();
    }
    expect(described.status).toBe('SUCCEEDED');
    const { published, publishIn } = JSON.parse(described.output ?? '{}');
    expect(published).toMatchObject([0, 1, 2].map((slice) => ({ slice, table: null })));
    expect(publishIn).toBe(15);
    expect(await figuresOf(embedded).totals('tiny-run')).toMatchObject({ slices: 3, sent: 15 });
    await readJson('tiny-run/arrivals/14.json');

    // The IoT data plane answers at the gateway too.
    const iot = new IoTDataPlaneClient(settingsOf(embedded));
    await expect(iot.send(new PublishCommand({ topic: 'a/b/c/d/e/f/g/h/i/j' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    iot.destroy();

    // What the AWS CLI and Python's SDK are led by, and where the endpoint is that a run would find.
    expect(embedded.environment).toMatchObject({ AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1' });
    const control = new IoTClient(settingsOf(embedded));
    const { endpointAddress } = await control.send(
      new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
    );
    control.destroy();
    expect(embedded.environment.IOT_ENDPOINT).toContain(`wss://${endpointAddress}?auth=sigv4,`);

    client.destroy();
    await embedded.close();
    const pids = [
      iotCorePid,
      ...published.flatMap((slice: { pid: number; parent: number }) => [slice.pid, slice.parent]),
    ];
    await untilEnded(...pids);
    await expect(figuresOf(embedded).totals('tiny-run')).rejects.toThrow(/has ended/);
  });

  it('ends with its parent, however that ends: the run stops, reports, and no process stays', async () => {
    const parent = fork(path.join(fixtures, 'use-embedded-aws.ts'), [runsDirectory, packageRoot], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [admin] = (await once(parent, 'message')) as [AdminPort];
    const { pid: iotCorePid } = (await (await fetchAdmin(admin, '/process')).json()) as { pid: number };
    // Both slices publish, and then wait to be stopped.
    await readJson('orphaned/arrivals/9.json');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const { published } = await readJson('orphaned/report.json');
    const pids = [
      iotCorePid,
      ...published.flatMap((slice: { pid: number; parent: number }) => [slice.pid, slice.parent]),
    ];
    await untilEnded(...pids);
  });

  it('takes its children along when it is killed itself', async () => {
    const embedded = await open();
    const { pid: iotCorePid } = (await (await fetchAdmin(embedded, '/process')).json()) as {
      pid: number;
    };
    const lambda = new LambdaClient(settingsOf(embedded));
    const { Payload = [] } = await lambda.send(
      new InvokeCommand({
        FunctionName: 'tiny-dev-publish',
        Payload: JSON.stringify({ runId: 'r', slice: 0 }),
      }),
    );
    lambda.destroy();
    const { pid, parent } = JSON.parse(Buffer.from(Payload).toString()) as { pid: number; parent: number };
    process.kill(parent, 'SIGKILL');
    await untilEnded(pid, parent, iotCorePid);
  });

  it('can be killed without waiting', async () => {
    const embedded = await open();
    const { pid } = (await (await fetchAdmin(embedded, '/process')).json()) as { pid: number };
    embedded.kill();
    await untilEnded(pid);
    await embedded.close();
  });

  it('says what is wrong with the package it is given', async () => {
    const start = startEmbeddedAws({ runsDirectory, packageRoot: runsDirectory });
    await expect(start).rejects.toThrow(EmbeddedAwsError);
    await expect(start).rejects.toMatchObject({ message: expect.stringContaining('serverless.yml') });
  });
});
