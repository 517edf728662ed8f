import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Aedes } from 'aedes';
import { makeTcpConnector } from '../../../src/device/network/connector.ts';
import { makeDenseTransport } from '../../../src/device/transports/dense.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderStepSummary } from '../../../src/report/step-summary.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { rulesOf } from '../../../src/targets/parse-profile.ts';
import type { MqttTarget } from '../../../src/targets/target.ts';
import { RefusedTargetError } from '../../../src/targets/target-check.ts';
import { mqttEndpointsOf, traitsOf } from '../../../src/targets/traits-of.ts';
import { makeLiveView } from '../../../src/worker/live-view.ts';
import { publishSlice } from '../../../src/worker/publish-slice.ts';
import { resolveTarget } from '../../../src/worker/resolve-target.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { windowOf } from '../../support/measure/run-fixture.ts';

// The second kind of target, from its check to its report: a broker that is not AWS's and not ours.

let broker: Aedes;
let server: ReturnType<typeof createServer>;
let target: MqttTarget;
beforeAll(async () => {
  broker = await Aedes.createBroker();
  server = createServer(broker.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  target = { kind: 'mqtt', endpoints: [{ scheme: 'mqtt', host: '127.0.0.1', port, auth: 'none' }] };
});
afterAll(async () => {
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
  await collectGarbage();
});

/** AWS IoT Core would refuse the keep-alive, the levels of the topic and the rate of a device. */
const input = {
  name: 'broker',
  devices: 3,
  ratePerSecond: 360,
  duration: '1s',
  drain: '1s',
  connect: { keepAlive: '5s', ratePerSecond: 100 },
  publish: { topic: 'fleet/a/b/c/d/e/f/g/h/{deviceId}', ackTimeout: '2s' },
};

function planOf(loaded: MqttTarget) {
  return makePlan({
    runId: 'broker-1',
    profile: parseLoadProfile(input, [], [], () => rulesOf(loaded)),
    now: Date.now(),
    coldStart: { leadMs: 100, environmentsPerSecond: 100 },
    target: loaded,
    account: { limits: accountLimitsOf('default'), live: [], isCharged: false },
    conditions: {
      versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
      host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 1_769, cores: 2, memoryBytes: 8e9 },
    },
  });
}

describe('a broker as the target', () => {
  it('may be loaded on loopback, or where allowedHosts names it; the account is not asked', async () => {
    const environment = { iotEndpoints: [], iotDataUrl: undefined };
    const describeAccount = () => Promise.reject(new Error('asked'));
    const request = { environment, describe: describeAccount };
    expect(await resolveTarget({ ...request, wanted: target, allowedHosts: [] })).toEqual(target);
    const other: MqttTarget = {
      kind: 'mqtt',
      endpoints: [{ scheme: 'mqtts', host: 'broker.example.com', port: 8883, auth: 'none' }],
    };
    const refused = resolveTarget({ ...request, wanted: other, allowedHosts: [] });
    await expect(refused).rejects.toThrow(RefusedTargetError);
    const allowedHosts = ['broker.example.com'];
    expect(await resolveTarget({ ...request, wanted: other, allowedHosts })).toEqual(other);
  });

  it('is held against its own limits, and against the quotas of where slices run', () => {
    const { quotas, quotaAssumptions, cost, refusals } = preflight(planOf(target));
    expect(quotas.map(({ quota }) => quota).sort()).toEqual([
      'fileDescriptors',
      'lambdaConcurrency',
      'lambdaSeconds',
      'mapChildren',
      'statePayloadBytes',
    ]);
    expect(quotaAssumptions).toEqual([]);
    expect(refusals).toEqual([]);
    expect(cost.lines.map(({ line }) => line).filter((line) => /^(iot|sqs|kinesis)/.test(line))).toEqual([]);
    const wrong = { ...input, thresholds: { 'cloudwatch.PublishIn.Throttle': ['count==0'] } };
    expect(() => parseLoadProfile(wrong, [], [], () => rulesOf(target))).toThrow('is not a metric');
    const ofAws = () => rulesOf(undefined);
    for (const path of ['connect.keepAlive', 'publish.topic', 'ratePerSecond']) {
      expect(() => parseLoadProfile(input, [], [], ofAws)).toThrow(path);
    }
  });

  it('is loaded by a slice, and its report speaks of no quota, bill or count of AWS', async () => {
    const plan = planOf(target);
    const received: [slice: number, n: number][] = [];
    const subscribed = Promise.withResolvers<void>();
    broker.subscribe(
      'fleet/#',
      ({ payload }, done) => {
        const { stampede } = JSON.parse(payload.toString()) as { stampede: { slice: number; n: number } };
        received.push([stampede.slice, stampede.n]);
        done();
      },
      () => subscribed.resolve(),
    );
    await subscribed.promise;
    const results: SliceResult[] = [];
    const clock = makeSystemClock();
    await publishSlice(
      { runId: plan.runId, slice: 0, hosts: fanOutOf(plan).hosts },
      {
        store: {
          getPlan: async () => plan,
          putSliceResult: async (result: SliceResult) => void results.push(result),
          resultOfLeg: async () => undefined,
          async *actions() {},
        },
        known: { iotEndpoints: [], iotDataUrl: undefined, region: 'us-east-1' },
        liveView: makeLiveView(undefined, undefined as never),
        clock,
        // aedes speaks MQTT 3.1.1.
        makeTransport: async ({ profile, target: planned }) => {
          const [endpoint] = mqttEndpointsOf(planned);
          return makeDenseTransport({
            keepAliveMs: profile.connect.keepAliveMs,
            cleanStart: profile.connect.cleanStart,
            sessionExpirySeconds: 0,
            connectTimeoutMs: profile.connect.timeoutMs,
            ackTimeoutMs: profile.publish.ackTimeoutMs,
            connector: makeTcpConnector(endpoint!),
            mqttVersion: 4,
          });
        },
        openControl: async () => ({ caughtUp: Promise.resolve(), close: async () => undefined }),
      },
    );
    const result = results.at(-1)!;
    expect(result).toMatchObject({ outcome: 'completed', messages: { sent: 360, acked: 360 } });

    const ledger = makeLedger(plan);
    ledger.addSlice(result);
    ledger.addWindow({ ...windowOf(plan, received), observer: 'subscriber' });
    const report = buildReport({
      plan,
      ledger: ledger.close(),
      cloudwatch: { sums: {}, requested: [] },
      now: Date.now(),
    });
    expect(report.messages).toMatchObject({ intended: 360, sent: 360, received: 360, lost: 0 });
    expect(report.imbalances).toEqual([]);
    expect(report).toMatchObject({ quotas: [], reconciliation: [], throttling: { refusals: [] } });
    for (const key of ['cost', 'bindingQuota', 'assumedLimits']) expect(report).not.toHaveProperty(key);
    expect(report.conditions).toMatchObject({
      isRehearsal: false,
      target: traitsOf(target).describe(target, false),
    });
    for (const text of [renderTerminalSummary(report), renderReportHtml(report), renderStepSummary(report)]) {
      const shown = text.replace(/<style>.*?<\/style>/s, '');
      expect(shown.match(/.{0,80}(?:CloudWatch|\bAWS\b|quotas?\b|PublishIn|\$\d).{0,40}/gi)).toBeNull();
    }
  });
});
