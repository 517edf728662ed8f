import { describe, expect, it } from '@jest/globals';
import type { InputError } from '../../../src/shared/errors.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const minimal = { devices: 10, ratePerSecond: 10, duration: '30s' };

function errorsOf(input: object): readonly InputError[] {
  return inputErrorsOf(() => parseProfile({ ...minimal, ...input }));
}

const pathsOf = (input: object) => errorsOf(input).map(({ path }) => path);
const basicIngest = { basicIngest: true };

describe('Basic Ingest in a profile', () => {
  it('is off unless it is set, by profile, group or kind of message', () => {
    expect(parseProfile(minimal).publish).not.toHaveProperty('basicIngest');
    expect(parseProfile({ ...minimal, publish: { basicIngest: false } }).publish).not.toHaveProperty(
      'basicIngest',
    );
    expect(parseProfile({ ...minimal, publish: basicIngest }).publish.basicIngest).toBe(true);
    const { groups } = parseProfile({
      duration: '30s',
      ratePerSecond: 1,
      groups: { all: { devices: 5, publish: basicIngest }, none: { devices: 5 } },
    });
    expect(groups?.map(({ publish }) => publish.basicIngest)).toEqual([true, undefined]);
    const { messages } = parseProfile({ ...minimal, messages: { a: basicIngest, b: {} } });
    expect(messages?.map(({ publish }) => publish.basicIngest)).toEqual([true, undefined]);
  });

  it('excludes what needs a subscription or the broker', () => {
    const publish = basicIngest;
    expect(pathsOf({ publish })).toEqual([]);
    expect(pathsOf({ publish, observers: ['rule'] })).toEqual([]);
    expect(pathsOf({ publish, observers: ['rule', 'subscriber'] })).toEqual(['observers[1]']);
    expect(pathsOf({ publish, echo: { fraction: 0.1 } })).toEqual(['echo.fraction']);
    expect(pathsOf({ publish: { ...basicIngest, retain: true } })).toEqual(['publish.retain']);
    expect(pathsOf({ messages: { a: { ...basicIngest, retain: true }, b: { retain: true } } })).toEqual([
      'messages.a.retain',
    ]);
    expect(pathsOf({ messages: { a: basicIngest, b: {} }, observers: ['subscriber'] })).toEqual([
      'observers[0]',
    ]);
  });

  it.each([
    ['a broker', 'mqtts://broker.example.com'],
    ['another endpoint of AWS IoT Core', 'mqtts://a1b2c3-ats.iot.eu-central-1.amazonaws.com'],
    ['a web service', 'https://example.com/ingest'],
  ])('needs the rule of the stack, which %s does not have', (_, target) => {
    const errors = errorsOf({ target, allowedHosts: [new URL(target).hostname], publish: basicIngest });
    expect(errors.map(({ path }) => path)).toContain('publish.basicIngest');
  });

  it('is what the error of a topic that begins with $aws/rules suggests', () => {
    const hintOf = (topic: string) => errorsOf({ publish: { topic } })[0]?.hint;
    expect(hintOf('$aws/rules/Mine/dev/{deviceId}')).toBe(
      'for Basic Ingest set publish.basicIngest to true and the topic to "dev/{deviceId}": $aws/rules/ and the name of the stack’s rule are put before it',
    );
    expect(hintOf('$aws/rules/Mine')).toContain('the topic to a topic of its own');
    expect(hintOf('$aws/things/a/shadow/update')).not.toContain('Basic Ingest');
  });
});
