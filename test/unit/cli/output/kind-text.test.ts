import { expect, it } from '@jest/globals';
import { describeKinds, describeRate } from '../../../../src/cli/output/kind-text.ts';
import { draftPlan } from '../../../../src/plan/make-plan.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { onlyGroupOf } from '../../../support/plan/only-group.ts';

const burst = { count: 10, spacing: '100ms', everySeconds: 60 };

it.each([
  [{ everySeconds: 50 }, 'up to 2/s (each device every 50 s)'],
  [{ ratePerSecond: 200, arrivals: 'poisson' }, 'up to 200/s (2/s a device, at random)'],
  [{ everySeconds: 50, jitter: '10s' }, 'up to 2/s (each device every 50 s, 10s of jitter)'],
  [{ everySeconds: 50, together: true }, 'up to 100/s (all devices every 50s, within 1s)'],
  [
    { everySeconds: 50, together: true, jitter: '20s' },
    'up to 5/s (all devices every 50s, within 20s at random)',
  ],
  [{ idle: true }, 'none; devices stay connected'],
  [{ idle: true, lifecycle: { awake: '5s', asleep: '10s' } }, 'none; devices connect while awake'],
  [{ burst }, 'up to 18/s (10 messages 100ms apart every 1m, one device after the other)'],
  [{ burst, together: true }, 'up to 1,000/s (10 messages 100ms apart every 1m, all devices within 1s)'],
])('says how messages of a device are due: %j', (load, text) => {
  const profile = parseProfile({ devices: 100, duration: '5m', ...load });
  expect(describeRate(onlyGroupOf(draftPlan({ profile, runId: 'r', now: 0 }).plan))).toBe(text);
});

it.each([
  [{ idle: true }, []],
  [{ everySeconds: 5 }, ['size']],
  [{ everySeconds: 5, publish: { encoding: 'cbor' } }, ['payload cbor', 'size']],
  [
    { everySeconds: 5, publish: { encoding: { module: { file: '/a/own.mjs', function: 'f' } } } },
    ['payload by f of own.mjs', 'size'],
  ],
  [
    { everySeconds: 5, publish: { basicIngest: true } },
    ['topic $aws/rules/stampede_arrivals/stampede/dev/r/d0/telemetry, by Basic Ingest', 'size'],
  ],
])('says what messages are, beside their size: %j', (load, rows) => {
  const profile = parseProfile({ devices: 100, duration: '5m', ...load });
  const { plan } = draftPlan({ profile, runId: 'r', now: 0, ruleName: 'stampede_arrivals' });
  const texts = describeKinds(onlyGroupOf(plan)).map(([label, text]) => `${label} ${text}`);
  expect(texts.map((text) => text.replace(/^size .*/, 'size'))).toEqual(rows);
});

it('says of a kind of message what it is', () => {
  const encoding = { protobuf: { schema: 'message R { string id = 1; }', message: 'R' } };
  const messages = { a: { basicIngest: true }, b: { encoding, payload: { id: 'x' } } };
  const profile = parseProfile({ devices: 1, duration: '5m', ratePerSecond: 2, messages });
  const { plan } = draftPlan({ profile, runId: 'r', now: 0, ruleName: 'rule' });
  const [a, b] = describeKinds(onlyGroupOf(plan)).map(([, text]) => text);
  expect(a).toMatch(/^a: QoS 1, Basic Ingest, /);
  expect(b).toMatch(/^b: QoS 1, protobuf R, /);
});
