import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Permissions } from '../../../src/embedded/iot-core/policies/permissions.ts';
import { parsePolicy } from '../../../src/embedded/iot-core/policies/policy.ts';
import { asMap, makeResolver, parseYaml } from '../../../src/embedded/stack/stack-variables.ts';
import { topicOfDevice } from '../../../src/plan/device-topic.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { controlTopicOf } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { topicFilterMatches } from '../../../src/targets/aws-iot/match-topic-filter.ts';
import { devicePolicy } from '../../../src/worker/device-policy.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const serverless = asMap(parseYaml(readFileSync(`${root}/serverless.yml`, 'utf8')));

interface StackName {
  readonly namePrefix: string;
  readonly stage: string;
}

/** What a stack reads that is deployed without a `topicFilter`. */
function filterOf({ namePrefix, stage }: StackName): string {
  const resolve = makeResolver(root, serverless, stage, { namePrefix });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the framework spells its variables like this.
  return String(resolve('${param:topicFilter}'));
}

/** Where the first device of a profile without a topic publishes in it. */
function defaultTopicOf(topicFilter: string, runId: string): string {
  const profile = parseLoadProfile({ devices: 1, ratePerSecond: 1, duration: '1s' });
  const coldStart = { leadMs: 0, environmentsPerSecond: 100 };
  return topicOfDevice(onlyGroupOf(makePlan({ runId, profile, now: 0, coldStart, topicFilter })), 0, 0);
}

/** What devices with a certificate of this stack may do. */
function accessOf(topicFilter: string): Permissions {
  const scope = {
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    topicFilter,
    ruleName: 'r',
  };
  return new Permissions([parsePolicy('fleet', devicePolicy(scope))], { sourceIp: undefined });
}

// As CloudFormation takes them in a stack's name; half of them share a beginning.
const part = fc.constantFrom('dev', 'dev2', 'dev-', 'prod', 'stampede-', 'control', 'acme-');
const stage = fc
  .oneof(
    part,
    fc.tuple(part, part).map(([a, b]) => a + b),
  )
  .map((text) => text.replace(/-$/, ''));
const namePrefix = fc.constantFrom('', 'acme-', 'stampede-', 'dev', 'dev-');
const stacks = fc.record({ namePrefix, stage });

describe('two stages of one account', () => {
  it('read and write topics of their own, whatever their names have in common', () => {
    fc.assert(
      fc.property(stacks, stacks, (one, other) => {
        const [read, elsewhere] = [filterOf(one), filterOf(other)];
        fc.pre(one.namePrefix !== other.namePrefix || one.stage !== other.stage);
        const topic = defaultTopicOf(read, 'run-1');
        expect(topicFilterMatches(read, topic)).toBe(true);
        expect(topicFilterMatches(elsewhere, topic)).toBe(false);
        expect(accessOf(read).mayPublish(topic)).toBe(true);
        expect(accessOf(elsewhere).mayPublish(topic)).toBe(false);
      }),
    );
  });

  it.each<[StackName, StackName]>([
    [
      { namePrefix: '', stage: 'dev' },
      { namePrefix: '', stage: 'dev2' },
    ],
    [
      { namePrefix: '', stage: 'acme-dev' },
      { namePrefix: 'acme-', stage: 'dev' },
    ],
    [
      { namePrefix: '', stage: 'dev' },
      { namePrefix: 'acme-', stage: 'dev' },
    ],
  ])('such as %j and %j', (one, other) => {
    const topics = [one, other].map((name) => defaultTopicOf(filterOf(name), 'run-1'));
    expect(topics.map((topic) => topicFilterMatches(filterOf(one), topic))).toEqual([true, false]);
    expect(topics.map((topic) => topicFilterMatches(filterOf(other), topic))).toEqual([false, true]);
  });

  it('never read the control topic of a run, theirs or the other’s', () => {
    fc.assert(
      fc.property(stacks, fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), (stack, runId) => {
        expect(topicFilterMatches(filterOf(stack), controlTopicOf(runId))).toBe(false);
      }),
    );
  });
});
