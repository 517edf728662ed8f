import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeRunStore } from '../../../src/aws/bucket.ts';
import { type Control, makeControl } from '../../../src/aws/control.ts';
import type { RunStore } from '../../../src/aws/run-store.ts';
import { controlProfileOf, openControlChannel } from '../../../src/device/control-channel.ts';
import { makeMqttTransport } from '../../../src/device/transports/mqtt.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { wallClock } from '../../../src/embedded/iot-core/broker-clock.ts';
import { type RunningIotCore, runIotCore } from '../../../src/embedded/iot-core/iot-core.ts';
import { iotCoreSettingsOf } from '../../../src/embedded/iot-core/start-iot-core.ts';
import { makeRunFiles } from '../../../src/embedded/s3/run-files.ts';
import { makeS3 } from '../../../src/embedded/s3/s3.ts';
import type { ActionData, ActionKind, LiveAction, StoredAction } from '../../../src/plan/actions/action.ts';
import { actionKinds } from '../../../src/plan/actions/action-kinds.ts';
import { stopAction } from '../../../src/plan/actions/stop.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import type { MqttEndpoint } from '../../../src/targets/mqtt-endpoint.ts';
import { pollControl } from '../../../src/worker/control-poll.ts';
import { makeLiveView } from '../../../src/worker/live-view.ts';
import { publishSlice, type SliceDeps } from '../../../src/worker/publish-slice.ts';
import { makeRunControl } from '../../../src/worker/run-control.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { testKey } from '../../support/embedded/test-key.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';
import { until } from '../../support/until.ts';

// An action's whole way, over S3 and the control topic: stored, announced, carried out by a slice.

/** Recorded by a slice: which action, the instant it was for, and the instant at which it was carried out. */
interface Applied {
  readonly factor: number;
  readonly at: number;
  readonly doneAt: number;
}

/** A kind of action that Stampede does not have: this object is all that one takes. */
function makeRateKind(applied: Applied[]): ActionKind<number> {
  return {
    kind: 'scale',
    takesEffect: 'at its instant',
    isAnnouncedUnstored: false,
    parse: ({ factor }) => (typeof factor === 'number' ? factor : undefined),
    prepare:
      (_slice, factor, { at }) =>
      () =>
        void applied.push({ factor, at, doneAt: Date.now() }),
  };
}

const rate = (factor: number): ActionData => ({ kind: 'scale', factor });

let directory: string;
let gateway: Gateway;
let iotCore: RunningIotCore;
let s3: S3Client;
let data: IoTDataPlaneClient;
let store: RunStore;
let control: Control;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-actions-'));
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: { s3: makeS3('bucket', makeRunFiles(directory)) },
    unsigned: [],
  });
  iotCore = await runIotCore(
    iotCoreSettingsOf({
      ruleSql: "SELECT timestamp() AS rule FROM 'stampede/#'",
      invokeUrl: 'http://127.0.0.1:9',
      functionName: 'none',
      // AWS takes one a second: the SDK repeats those above it, and the test waits.
      limits: accountLimitsOf('default', { retainedPublishesPerSecondPerTopic: 1_000 }),
      listeners: { accessKeys: [testKey] },
    }),
    wallClock,
    (error) => {
      throw error;
    },
    async () => ({ kind: 'returned', payload: '{"batchItemFailures":[]}' }),
  );
  const settings = { region: 'us-east-1', credentials: testKey };
  s3 = new S3Client({ ...settings, endpoint: gateway.url });
  data = new IoTDataPlaneClient({ ...settings, endpoint: `http://127.0.0.1:${iotCore.httpPort}` });
  store = makeRunStore('bucket', s3);
  control = makeControl(data);
});
afterAll(async () => {
  s3.destroy();
  data.destroy();
  await iotCore.close();
  await gateway.close();
  await rm(directory, { recursive: true });
  await collectGarbage();
});
let plan: Plan;
let runs = 0;
beforeEach(async () => {
  const soon = makeTestPlan({ devices: 2, ratePerSecond: 20, seconds: 60, leadMs: 100 }, Date.now());
  plan = { ...soon, runId: `actions-${++runs}` };
  await store.putPlan(plan);
});

type OpenControl = SliceDeps['openControl'];

const byMqtt: OpenControl = async ({ runId }, slice, contact) => {
  const endpoint: MqttEndpoint = { scheme: 'mqtt', host: '127.0.0.1', port: iotCore.mqttPort, auth: 'none' };
  const profile = controlProfileOf(onlyGroupOf(plan).profile, true);
  const clock = makeSystemClock();
  const transport = await makeMqttTransport(profile, { endpoint, credentials: { auth: 'none' } }, clock);
  return openControlChannel({ runId, slice, transport, clock, ...contact });
};
const byPolls: OpenControl = async ({ runId }, _slice, contact) =>
  pollControl({
    control,
    runId,
    slices: 1,
    clock: makeSystemClock(),
    random: Math.random,
    ...contact,
  });

/** Runs slice 0 until it is stopped. @returns its result as it stored it, and what it recorded */
function startSlice(openControl: OpenControl) {
  const applied: Applied[] = [];
  const endpoint: MqttEndpoint = { scheme: 'mqtt', host: '127.0.0.1', port: iotCore.mqttPort, auth: 'none' };
  const clock = makeSystemClock();
  const ended = publishSlice(
    { runId: plan.runId, slice: 0 },
    {
      store,
      known: { iotEndpoints: [endpoint], iotDataUrl: undefined, region: 'us-east-1' },
      liveView: makeLiveView(undefined, undefined as never),
      clock,
      actionKinds: [...actionKinds, makeRateKind(applied)],
      makeTransport: ({ profile }) =>
        makeMqttTransport(profile, { endpoint, credentials: { auth: 'none' } }, clock),
      openControl,
    },
  );
  return {
    applied,
    async result() {
      await ended;
      for await (const result of store.sliceResults(plan.runId)) return result;
      throw new Error('the slice left no result');
    },
  };
}

async function storedActions(): Promise<StoredAction[]> {
  const found: StoredAction[] = [];
  for await (const action of store.actions(plan.runId)) found.push(action);
  return found;
}

const issue = (action: LiveAction) => makeRunControl({ store, control }).issue(plan.runId, action);
const stopNow = (reason: string) => issue({ at: Date.now(), action: stopAction({ reason }) });

describe('an action', () => {
  it.each([
    ['over MQTT', byMqtt],
    ['over HTTPS', byPolls],
  ] as const)(
    'is stored, announced and carried out once, at its instant, by a slice %s',
    async (_how, openControl) => {
      const slice = startSlice(openControl);
      const at = Date.now() + 500;
      await issue({ at, action: rate(1.5) });
      await until(() => slice.applied.length > 0);
      await stopNow('enough');
      expect(await slice.result()).toMatchObject({
        outcome: 'stopped',
        stoppedOn: { command: 'stop', reason: 'enough' },
      });
      expect(slice.applied).toEqual([{ factor: 1.5, at, doneAt: expect.any(Number) }]);
      expect(slice.applied[0]!.doneAt).toBeGreaterThanOrEqual(at);
      expect(await storedActions()).toMatchObject([
        { k: 0, at, action: rate(1.5) },
        { k: 1, action: { kind: 'stop', reason: 'enough' } },
      ]);
    },
  );

  it('reaches a slice that starts after several were announced: the topic keeps but the last', async () => {
    const at = Date.now();
    for (const factor of [2, 3]) await issue({ at, action: rate(factor) });
    await stopNow('before it began');
    const slice = startSlice(byMqtt);
    expect(await slice.result()).toMatchObject({ outcome: 'stopped', messages: { sent: 0 } });
    expect(slice.applied.map(({ factor }) => factor)).toEqual([2, 3]);
  });

  it('is never overwritten by another that is stored at the same time, and the last one stays announced', async () => {
    await Promise.all(['ann', 'bob', 'cy'].map((who) => stopNow(`stopped by ${who}`)));
    const stored = await storedActions();
    expect(stored.map(({ k }) => k)).toEqual([0, 1, 2]);
    expect(new Set(stored.map(({ action }) => action.reason)).size).toBe(3);
    expect(await readdir(path.join(directory, plan.runId, 'actions'))).toEqual([
      '0.json',
      '1.json',
      '2.json',
    ]);
    const { version: _, runId: __, ...last } = stored[2]!;
    expect(await control.read(plan.runId)).toEqual(last);
  });

  it('needs no announcement of its own once a later one is announced', async () => {
    const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    const refusing = { ...control, announce: async () => Promise.reject(throttled) };
    const atOnce = makeRunControl({ store, control: refusing });
    await expect(atOnce.issue(plan.runId, { at: 1, action: rate(2) })).rejects.toThrow('Rate exceeded');
    await control.announce(plan.runId, { at: 1, action: rate(2), k: 2 });
    await atOnce.issue(plan.runId, { at: 1, action: rate(3) });
    expect(await control.read(plan.runId)).toMatchObject({ k: 2 });
  });

  it('is a stop even where the run store takes none; no other action is announced unstored', async () => {
    const unwritable = makeRunControl({
      store: { ...store, putAction: () => Promise.reject(new Error('AccessDenied')) },
      control,
    });
    await expect(unwritable.issue(plan.runId, { at: 1, action: rate(2) })).rejects.toThrow('AccessDenied');
    expect(await control.read(plan.runId)).toBeUndefined();
    await unwritable.requestStop(plan.runId, { reason: 'enough', at: 1 });
    expect(await control.read(plan.runId)).toEqual({ at: 1, action: stopAction({ reason: 'enough' }) });
    const slice = startSlice(byMqtt);
    expect(await slice.result()).toMatchObject({ stoppedOn: { reason: 'enough', at: 1 } });
  });
});
