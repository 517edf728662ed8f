import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectAsync } from 'mqtt';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, runCli } from '../../support/cli/run-cli.ts';
import { type Rehearsal, startRehearsal } from '../../support/run/rehearsal.ts';
import {
  type Broker,
  type BrokerKind,
  hiveMq,
  mosquitto,
  rabbitMq,
  user,
} from '../../support/targets/brokers.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/targets/cutting-proxy.ts';
import { until } from '../../support/until.ts';

// Whole runs against brokers of others, in every version and quality of service that each has: their own subscriber, the acknowledgements
// and a subscriber of another client library come to the same count.

const passwordVariable = 'WHOLE_RUNS_PASSWORD';
const load = {
  devices: 10,
  // Two seconds for the connects: the subscriber of a slow machine is there by then.
  connect: { ratePerSecond: 5, username: user.username, password: { variable: passwordVariable } },
  ratePerSecond: 100,
  duration: '2s',
  drain: '1s',
};
const sent = 200;

let rehearsal: Rehearsal;
beforeAll(async () => {
  process.env[passwordVariable] = user.password;
  rehearsal = await startRehearsal({ passedVariables: [passwordVariable] });
});
afterAll(async () => {
  await rehearsal.close();
  delete process.env[passwordVariable];
});

const counters: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(counters.splice(0).map((counter) => counter.close()));
});

/** Messages of each run by slice and number, as a client of another library receives them. */
async function countIndependently(port: number, protocolVersion: 4 | 5) {
  const client = await connectAsync({ host: '127.0.0.1', port, protocolVersion, ...user });
  counters.push({ close: () => client.endAsync() });
  const seen = new Map<string, Set<string>>();
  client.on('message', (_topic, payload) => {
    const { run, slice, n } = JSON.parse(payload.toString()).stampede;
    seen.set(run, (seen.get(run) ?? new Set()).add(`${slice}/${n}`));
  });
  await client.subscribeAsync('stampede/#', { qos: 1 });
  return {
    /** Waits for those that are on their way. */
    async of(runId: string, expected: number): Promise<number> {
      const count = (): number => seen.get(runId)?.size ?? 0;
      await until(() => count() >= expected, `${expected} messages at the other subscriber`, 20);
      return count();
    },
  };
}

type Counter = Awaited<ReturnType<typeof countIndependently>>;

/** What holds however slow the machine is: a subscriber that comes late does not know what it missed. */
async function expectBalanced(report: Report, qos: number, counter: Counter): Promise<void> {
  const { runId, messages, observers, subscribers, imbalances } = report;
  expect(imbalances).toEqual([]);
  expect(Object.keys(observers)).toEqual(['subscriber']);
  expect(messages).toMatchObject({ intended: sent, sent, acked: qos === 0 ? 0 : sent });
  expect(messages).toMatchObject({ lost: 0, failed: 0, unacknowledged: 0 });
  expect(messages.received + messages.unaccounted).toBe(sent);
  // At QoS 1, a broker may deliver twice.
  if (qos !== 1) expect(messages.duplicates).toBe(0);
  expect(subscribers).toMatchObject({ planned: 1, ended: 1, gaps: 0 });
  expect(await counter.of(runId, sent)).toBe(sent);
}

/** One of three runs in which the subscriber saw all is enough. */
async function untilWhole(run: () => Promise<Report>, qos: number, counter: Counter): Promise<void> {
  let report!: Report;
  for (let round = 1; round <= 3 && report?.messages.unaccounted !== 0; round++) {
    report = await run();
    await expectBalanced(report, qos, counter);
  }
  expect(report.messages).toMatchObject({ received: sent, unaccounted: 0 });
}

describe.each([mosquitto, rabbitMq, hiveMq])('$name', (kind: BrokerKind) => {
  const missing = kind.missing();
  if (missing !== undefined) console.warn(`skipped ${kind.name}: there is no ${missing}`);
  const itIfThere = missing === undefined ? it : it.skip;
  let broker: Broker;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    if (missing !== undefined) return;
    broker = await kind.start();
    proxy = await startCuttingProxy(broker.port);
  });
  afterAll(async () => {
    await proxy?.close();
    await broker?.close();
  });

  const versionOf = { 4: '3.1.1', 5: '5' } as const;
  const cases = kind.qos.map((qos) => ({ qos, versions: kind.versions.map((each) => versionOf[each]) }));

  itIfThere.each(cases)(
    'counts the same as others do at QoS $qos, MQTT $versions',
    async ({ qos, versions }) => {
      const counter = await countIndependently(broker.port, kind.versions.at(-1)!);
      const target = `mqtt://127.0.0.1:${broker.port}`;
      await Promise.all(
        versions.map((version) => {
          const profile = { ...load, target, connect: { ...load.connect, version }, publish: { qos } };
          return untilWhole(async () => (await rehearsal.run(profile)).report, qos, counter);
        }),
      );
    },
  );

  itIfThere('is loaded by the command line over TLS, with a client certificate', async () => {
    const workplace = makeWorkplace();
    const files = Object.entries(broker.pem).flatMap(([name, text]) => {
      const file = path.join(workplace.directory, `${name}.pem`);
      writeFileSync(file, text);
      return [`--${name}`, file];
    });
    const { connect: _, ...profile } = load;
    const version = versionOf[kind.versions[0]!];
    const counter = await countIndependently(broker.port, kind.versions.at(-1)!);
    const arguments_ = [
      ...[
        'run',
        workplace.writeProfile('tls.json', { name: 'tls', ...profile, connect: { ratePerSecond: 5 } }),
      ],
      ...['--runs', path.join(workplace.directory, 'runs'), '--mqtt-version', version],
      ...['--target', `mqtts://127.0.0.1:${broker.tlsPort}`, ...files],
    ];
    const run = async (): Promise<Report> => {
      const { stdout, stderr } = await runCli(arguments_);
      const [, file] = /^\s*(\S+report\.json)$/m.exec(`${stdout}${stderr}`) ?? [];
      if (file === undefined) throw new Error(`${stdout}${stderr}`);
      return JSON.parse(readFileSync(file, 'utf8')) as Report;
    };
    await untilWhole(run, 1, counter);
    workplace.remove();
  });

  itIfThere(
    'keeps the session of a subscriber whose connection is cut; what it misses without one is not blamed on the broker',
    async () => {
      const version = versionOf[kind.versions.at(-1)!];
      const target = `mqtt://127.0.0.1:${proxy.port}`;
      const connect = { ...load.connect, version };
      const profile = { ...load, target, connect, duration: '4s', drain: '2s' };
      const runs = await Promise.all(
        kind.qos.map(async (qos) => {
          const run = await rehearsal.begin({ ...profile, publish: { qos } });
          await cutSubscriber(run.runId, await run.plan());
          return { qos, ...(await run.ended()) };
        }),
      );
      for (const { qos, report } of runs) {
        const { messages, subscribers, imbalances } = report;
        expect(imbalances).toEqual([]);
        expect(messages).toMatchObject({ sent: 400, acked: qos === 0 ? 0 : 400, lost: 0 });
        expect(subscribers).toMatchObject({ planned: 1, ended: 1, gaps: 1, sessionsLost: 0 });
        expect(messages.received + messages.unaccounted).toBe(400);
        if (qos === 0) {
          // It was away for a second, and no session is kept for it.
          expect(messages.unaccounted).toBeGreaterThanOrEqual(90);
          expect(report.causes.unaccounted.join()).toContain('lost its connection 1 time');
        } else if (messages.unaccounted > 0) {
          const why = report.causes.unaccounted.join();
          expect(why).toMatch(/was subscribed \S+ after publishing began|messages still came when/);
        }
        if (qos === 2) expect(messages.duplicates).toBe(0);
      }
    },
  );

  /** In the middle of publishing, for a second. */
  async function cutSubscriber(runId: string, { timeline }: Plan): Promise<void> {
    await sleep(timeline.publishAt + 1_500 - Date.now());
    // The id of the connection that samples the broker ends with -1.
    expect(proxy.cut(`stampede-${runId}-10000-0`, 1_000)).toBe(1);
  }
});
