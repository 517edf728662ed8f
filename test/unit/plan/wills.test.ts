import { describe, expect, it } from '@jest/globals';
import { deploymentOf } from '../../../src/plan/deployment.ts';
import { forecastUsage } from '../../../src/plan/forecast-usage.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { peaksOf } from '../../../src/plan/peaks.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const will = { topic: '{topicRoot}/{runId}/{deviceId}/will' };
const storm = (how: string, share = 1) => [{ at: '30s', disconnect: { share, how } }];
const load = { devices: 100, everySeconds: 10, duration: '60s' };

function planOf(profile: object) {
  return makePlan({ profile: parseProfile({ ...load, ...profile }), runId: 'run-1', now: 0 });
}

/** Of the wills alone: what a plan has above the same without them. */
function ofWills(profile: object, settings: object = will) {
  const usageOf = (connect: object) => {
    const plan = planOf({ ...profile, connect });
    const { iot, sqs } = forecastUsage(plan);
    const { ruleEvaluationsPerSecond, publishOutPerSecond, publishInPerSecond } = peaksOf(
      plan,
      deploymentOf(plan),
    );
    return {
      triggers: iot.messages.reduce((sum, { rulesTriggered }) => sum + rulesTriggered, 0),
      publishesIn: iot.messages.reduce((sum, { publishesIn }) => sum + publishesIn, 0),
      sends: sqs.sends,
      evaluations: ruleEvaluationsPerSecond!,
      out: publishOutPerSecond!,
      in: publishInPerSecond!,
    };
  };
  const [with_, without] = [usageOf({ will: settings }), usageOf({})];
  return Object.fromEntries(
    Object.entries(with_).map(([name, value]) => [name, value - without[name as keyof typeof without]]),
  );
}

describe('the wills of a plan', () => {
  it.each(['drop', 'silent'])('trigger the rule once for each device of a storm: %s', (how) => {
    expect(ofWills({ timeline: storm(how, 0.5) })).toEqual({
      triggers: 50,
      // A will came with its CONNECT.
      publishesIn: 0,
      sends: 50,
      evaluations: 50,
      out: 50,
      in: 0,
    });
  });

  it.each([
    ['a clean disconnect', { timeline: storm('clean') }, will],
    ['a delay, by the end of which devices are back', { timeline: storm('drop') }, { ...will, delay: '60s' }],
    ['a plan without disconnects', {}, will],
  ])('are none of %s', (_, profile, settings) => {
    expect(Object.values(ofWills(profile, settings)).every((more) => more === 0)).toBe(true);
  });

  it('are published when devices fall asleep without a DISCONNECT', () => {
    const lifecycle = { awake: '10s', asleep: '10s', disconnect: 'drop' };
    const { triggers } = ofWills({ lifecycle });
    // 100 devices, each once in 20 s, for as long as they are connected.
    expect(triggers).toBeGreaterThan(300);
    expect(triggers).toBeLessThan(450);
    expect(ofWills({ lifecycle: { ...lifecycle, disconnect: 'clean' } }).triggers).toBe(0);
  });
});

it('counts the subscriptions of devices that wake', () => {
  const of = (more: object) => forecastUsage(planOf({ echo: { fraction: 0.5 }, ...more })).iot;
  const lifecycle = { awake: '10s', asleep: '10s' };
  const [awake, waking] = [of({}), of({ lifecycle })];
  expect(waking.subscribes - awake.subscribes).toBe(Math.round((waking.connects - awake.connects) / 2));
});
