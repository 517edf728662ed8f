import { describe, expect, it } from '@jest/globals';
import { topicOfDevice } from '../../../src/plan/device-topic.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { kindsOf } from '../../../src/plan/kinds.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const minimal = { devices: 100, duration: '60s' };
const mixed = {
  direct: { ratePerSecond: 30, basicIngest: true },
  routed: { ratePerSecond: 20 },
};

function draftOf(input: object, ruleName: string | undefined = 'acme_rule') {
  const profile = parseProfile({ ...minimal, ...input });
  const topicFilter = 'stampede/dev/#';
  return draftPlan({ profile, runId: 'run-1', now: 0, topicFilter, ...(ruleName && { ruleName }) });
}

function topicsOf(input: object): string[] {
  const { plan, errors } = draftOf(input);
  expect(errors).toEqual([]);
  return groupsOf(plan)
    .flatMap(kindsOf)
    .map((kind) => topicOfDevice(kind, kind.firstDevice + 7, kind.firstSlice));
}

function forecastOf(input: object) {
  const { quotas, cost, quotaAssumptions } = preflight(draftOf(input).plan);
  return {
    peakOf: (name: string) => quotas.find(({ quota }) => quota === name)?.peak,
    quantityOf: (id: string) => cost.lines.find(({ line }) => line === id)?.quantity ?? 0,
    quotaAssumptions,
  };
}

const load = { ratePerSecond: 50 };
const direct = { ...load, publish: { basicIngest: true } };

describe('topics of Basic Ingest', () => {
  it('begin with the name of the rule', () => {
    expect(topicsOf(direct)).toEqual(['$aws/rules/acme_rule/stampede/dev/run-1/d7/telemetry']);
    expect(topicsOf({ messages: mixed })).toEqual([
      '$aws/rules/acme_rule/stampede/dev/run-1/d7/telemetry',
      'stampede/dev/run-1/d7/telemetry',
    ]);
  });

  it('need not be what the rule reads', () => {
    const topic = 'elsewhere/{deviceId}';
    expect(topicsOf({ ...load, publish: { topic, basicIngest: true } })).toEqual([
      '$aws/rules/acme_rule/elsewhere/d7',
    ]);
    expect(draftOf({ ...load, publish: { topic } }).errors).toHaveLength(1);
  });

  it('are limited without their first three levels', () => {
    const errorsOf = (topic: string) => draftOf({ ...load, publish: { topic, basicIngest: true } }).errors;
    expect(errorsOf('1/2/3/4/5/6/7/8')).toEqual([]);
    expect(errorsOf('x'.repeat(256))).toEqual([]);
    // The length of {topicRoot} is known with the stack alone.
    const long = `{topicRoot}/${'x'.repeat(246)}`;
    expect(errorsOf(long)).toMatchObject([{ path: 'publish.topic' }]);
  });

  it('come to a plan that holds the name; other plans do without', () => {
    expect(draftOf(direct).plan.ruleName).toBe('acme_rule');
    expect(draftOf({ messages: mixed }).plan.ruleName).toBe('acme_rule');
    expect(draftOf(load).plan).not.toHaveProperty('ruleName');
    const nameless = draftOf({ messages: mixed }, '').errors;
    expect(nameless).toMatchObject([{ path: 'messages.direct.basicIngest', hint: 'deploy the stack again' }]);
    expect(draftOf(load, '').errors).toEqual([]);
  });
});

describe('the forecast of Basic Ingest', () => {
  it('has no messaging, and the same rules and actions', () => {
    const [plain, without] = [forecastOf(load), forecastOf(direct)];
    expect(plain.quantityOf('iot-publish-in')).toBe(3_000);
    expect(without.quantityOf('iot-publish-in')).toBe(0);
    for (const line of ['iot-rules', 'iot-actions', 'iot-connect', 'iot-connectivity', 'sqs'])
      expect([line, without.quantityOf(line)]).toEqual([line, plain.quantityOf(line)]);
  });

  it('counts as inbound, as a rule evaluation, and not as outbound', () => {
    const { peakOf, quotaAssumptions } = forecastOf(direct);
    expect(peakOf('publishInPerSecond')).toBe(50);
    expect(peakOf('ruleEvaluationsPerSecond')).toBe(50);
    expect(peakOf('publishOutPerSecond')).toBe(0);
    expect(quotaAssumptions.join()).toContain('A message of Basic Ingest is one inbound publish');
    expect(quotaAssumptions.join()).not.toContain('for each subscription and each rule');
    expect(forecastOf(load).quotaAssumptions.join()).not.toContain('Basic Ingest');
  });

  it('is by kind of message', () => {
    const { peakOf, quantityOf } = forecastOf({ messages: mixed });
    expect(quantityOf('iot-publish-in')).toBe(20 * 60);
    expect(quantityOf('iot-rules')).toBe(50 * 60);
    expect(peakOf('publishInPerSecond')).toBe(50);
    expect(peakOf('publishOutPerSecond')).toBeCloseTo(20);
  });
});
