import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Faults } from '../../../../src/embedded/iot-core/faults.ts';
import { recordFailures } from '../../../../src/embedded/process/failure-record.ts';
import { makeRunFiles } from '../../../../src/embedded/s3/run-files.ts';
import { noFaults } from '../../../../src/profile/service-faults.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-faults-'));
});
afterEach(() => rm(directory, { recursive: true }));

const recordOf = async (runId: string): Promise<unknown> =>
  JSON.parse(await readFile(path.join(directory, runId, 'faults.json'), 'utf8'));

function invoker(choices: object, events: Parameters<typeof recordFailures>[1]['events']) {
  const calls: string[] = [];
  const invoke = recordFailures(
    async (arn) => {
      calls.push(arn);
      return 'done';
    },
    { choices, events, kernelPackets: () => [], files: makeRunFiles(directory) },
  );
  return { calls, invoke: (payload: object) => invoke('arn', JSON.stringify(payload)) };
}

describe('the record of injected faults', () => {
  it('has what was set from the start and while the run went on, in order', async () => {
    const clock = new VirtualClock();
    const faults = new Faults(clock, {
      ...noFaults,
      dropDeliveries: 0.01,
      ackDelay: { uniform: { minMs: 1, maxMs: 9 } },
    });
    const { invoke } = invoker(
      { limits: { publishInPerSecond: 2_000 }, throttleAnswer: 'puback', burstSeconds: undefined },
      async () => faults.report().events,
    );
    await invoke({ runId: 'run', slice: 0 });
    const fromTheStart = [
      { at: null, setting: 'dropDeliveries', value: '0.01' },
      { at: null, setting: 'ackDelay', value: '{"uniform":{"minMs":1,"maxMs":9}}' },
    ];
    const choices = { 'limits.publishInPerSecond': '2000', throttleAnswer: 'puback' };
    expect(await recordOf('run')).toEqual({ choices, events: fromTheStart });

    const at = clock.now();
    faults.change({ ...faults.report().settings, dropDeliveries: 0 });
    faults.pause(500);
    await invoke({ runId: 'run' });
    expect(await recordOf('run')).toEqual({
      choices,
      events: [
        ...fromTheStart,
        { at, setting: 'dropDeliveries', value: '0' },
        { at, setting: 'pauseMs', value: '500' },
      ],
    });
    faults.close();
  });

  it('is there only where there is something to record, and for a run that its plan did not refuse', async () => {
    const plain = invoker({ limits: {} }, async () => []);
    expect(await plain.invoke({ runId: 'plain', slice: 0 })).toBe('done');
    const faulty = invoker({ throttleAnswer: 'puback' }, async () => []);
    await faulty.invoke({ runId: 'planned', profile: {} });
    await faulty.invoke({ runId: 'planned', slice: 7 });
    await faulty.invoke({ runId: '../elsewhere' });
    expect(await readdir(directory)).toEqual([]);
    expect([...plain.calls, ...faulty.calls]).toHaveLength(4);
  });

  it('holds up no run where IoT Core has ended', async () => {
    const { invoke } = invoker({ throttleAnswer: 'puback' }, () => Promise.reject(new Error('ECONNREFUSED')));
    expect(await invoke({ runId: 'run' })).toBe('done');
  });
});
