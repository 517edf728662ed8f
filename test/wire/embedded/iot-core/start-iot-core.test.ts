import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type AdminPort, fetchAdmin } from '../../../../src/embedded/iot-core/http/admin-client.ts';
import { IotCoreStartError, startIotCore } from '../../../../src/embedded/iot-core/start-iot-core.ts';
import { atEnd, connectClient, deployedSql } from '../../../support/iot-core/fixture.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startIotCore', () => {
  it('runs it in a process of its own, which delivers by Invoke and ends when closed', async () => {
    const paths: string[] = [];
    let records = 0;
    const lambda = createServer(async (incoming, outgoing) => {
      paths.push(incoming.url ?? '');
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      records += (JSON.parse(Buffer.concat(chunks).toString()) as { Records: unknown[] }).Records.length;
      outgoing.end('{"batchItemFailures":[]}');
    });
    await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
    atEnd(() => lambda.close());
    const iotCore = await startIotCore({
      ruleSql: deployedSql,
      invokeUrl: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
      functionName: 'measure-latency',
      queue: { maximumBatchingWindowMs: 10 },
    });
    atEnd(() => iotCore.close());
    expect(iotCore.pid).not.toBe(process.pid);
    const { client } = await connectClient(iotCore);
    for (let n = 0; n < 3; n++) {
      await client.publishAsync('stampede/t', `{"stampede":{"n":${n}}}`, { qos: 1 });
    }
    const queue = await (await fetchAdmin(iotCore, '/queue?untilEmpty=true')).json();
    expect(queue).toMatchObject({ sent: 3, delivered: 3, deadLettered: 0 });
    expect(records).toBe(3);
    expect(new Set(paths)).toEqual(new Set(['/2015-03-31/functions/measure-latency/invocations']));
    const { metrics } = (await (await fetchAdmin(iotCore, '/metrics?period=1')).json()) as {
      metrics: { name: string; total: number }[];
    };
    expect(metrics.find(({ name }) => name === 'PublishIn.Success')?.total).toBe(3);
    await iotCore.close();
    expect(isAlive(iotCore.pid)).toBe(false);
  });

  it('does not start with a rule that is not supported, and says why', async () => {
    const start = startIotCore({
      ruleSql: "SELECT get_thing_shadow('thing', 'arn') AS it FROM 'a'",
      invokeUrl: 'http://127.0.0.1:9',
      functionName: 'f',
    });
    await expect(start).rejects.toThrow(IotCoreStartError);
    await expect(start).rejects.toMatchObject({
      code: 'RuleSqlUnsupported',
      hint: expect.stringContaining('SELECT'),
    });
  });

  it('ends by itself when its parent is killed', async () => {
    const parent = fork(
      fileURLToPath(new URL('../../../support/iot-core/parent.fixture.ts', import.meta.url)),
      [],
      { execArgv: [] },
    );
    const admin = await new Promise<AdminPort>((resolve) => {
      parent.once('message', (message) => resolve(message as AdminPort));
    });
    const answers = () =>
      fetchAdmin(admin, '/process').then(
        () => true,
        () => false,
      );
    expect(await answers()).toBe(true);
    parent.kill('SIGKILL');
    while (await answers());
  });
});
