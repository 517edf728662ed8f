import { describe, expect, it } from '@jest/globals';
import { kindProfilesOf } from '../../../src/plan/kinds.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const minimal = { devices: 10, ratePerSecond: 10, duration: '30s' };
const will = { topic: '{topicRoot}/{runId}/{deviceId}/will' };

function errorsOf(input: object): string[] {
  return inputErrorsOf(() => parseProfile({ ...minimal, ...input })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('properties of messages and connections', () => {
  it('are absent unless they are set', () => {
    const { publish, connect } = parseProfile(minimal);
    for (const name of ['retain', 'userProperties', 'contentType', 'messageExpirySeconds', 'topicAlias']) {
      expect(publish).not.toHaveProperty(name);
    }
    expect(connect).not.toHaveProperty('will');
    expect(connect).not.toHaveProperty('sessionExpirySeconds');
  });

  it('name the client ids after the profile where they are the same in every run', () => {
    const identityOf = (connect: object) =>
      parseProfile({ ...minimal, name: 'go-live', connect }).connect.identity;
    expect(identityOf({ identity: 'stable' })).toBe('go-live');
    expect(identityOf({ identity: 'run' })).toBeUndefined();
    expect(errorsOf({ connect: { protocol: 'https', identity: 'stable' } })).toEqual([
      expect.stringContaining('connect.identity'),
    ]);
  });

  it('come to the plan in seconds', () => {
    const { publish, connect } = parseProfile({
      ...minimal,
      publish: {
        retain: true,
        userProperties: { fw: '1.2' },
        contentType: 'text/plain',
        payloadFormat: 'bytes',
        messageExpiry: '2m',
        topicAlias: true,
      },
      connect: { sessionExpiry: '1h', will: { ...will, delay: '10s' } },
    });
    expect(publish).toMatchObject({
      retain: true,
      userProperties: { fw: '1.2' },
      contentType: 'text/plain',
      payloadFormat: 'bytes',
      messageExpirySeconds: 120,
      topicAlias: true,
    });
    expect(connect).toMatchObject({
      sessionExpirySeconds: 3_600,
      will: { topic: will.topic, payload: { state: 'lost' }, qos: 1, delaySeconds: 10 },
    });
  });

  it('may differ by kind of message, which may switch off what the group has', () => {
    const profile = parseProfile({
      ...minimal,
      publish: { retain: true, contentType: 'text/plain' },
      messages: { state: { contentType: 'text/csv' }, reading: { retain: false, messageExpiry: '5s' } },
    });
    const [state, reading] = kindProfilesOf(profile).map(({ publish }) => publish);
    expect(state).toMatchObject({ retain: true, contentType: 'text/csv', ackTimeoutMs: 5_000 });
    expect(reading).toMatchObject({ contentType: 'text/plain', messageExpirySeconds: 5 });
    expect(reading).not.toHaveProperty('retain');
  });

  it.each([
    ['publish.userProperties', { publish: { userProperties: { a: 'b' } } }],
    ['publish.contentType', { publish: { contentType: 'a' } }],
    ['publish.payloadFormat', { publish: { payloadFormat: 'utf8' } }],
    ['publish.messageExpiry', { publish: { messageExpiry: '5s' } }],
    ['publish.topicAlias', { publish: { topicAlias: true } }],
    ['connect.will.delay', { connect: { will: { ...will, delay: '5s' } } }],
    ['connect.sessionExpiry', { connect: { sessionExpiry: '5s' } }],
  ])('%s is of MQTT 5', (path, input) => {
    expect(errorsOf(input)).toEqual([]);
    const old = { ...input, connect: { version: '3.1.1', ...('connect' in input ? input.connect : {}) } };
    expect(errorsOf(old)).toEqual([`${path}: MQTT 3.1.1 has no such thing`]);
  });

  it('retain and a will are of MQTT 3.1.1 too, and nothing of it has a meaning over https', () => {
    const both = { publish: { retain: true }, connect: { version: '3.1.1', will } };
    expect(errorsOf(both)).toEqual([]);
    const https = { publish: { retain: true, contentType: 'a' }, connect: { protocol: 'https', will } };
    expect(errorsOf(https).map((error) => error.split(':')[0])).toEqual(
      ['publish.retain', 'publish.contentType', 'connect.will']
        .toSorted((a, b) => (a < b ? -1 : 1))
        .toReversed(),
    );
  });

  it.each([
    [{ publish: { messageExpiry: '1500ms' } }, 'publish.messageExpiry: must be whole seconds, not 1500ms'],
    [{ publish: { messageExpiry: '0s' } }, 'publish.messageExpiry: must be 1s to 168h, not 0s'],
    [{ publish: { messageExpiry: '169h' } }, 'publish.messageExpiry: must be 1s to 168h, not 169h'],
    [{ connect: { sessionExpiry: '200h' } }, 'connect.sessionExpiry: must be 0s to 168h, not 200h'],
    [
      { publish: { userProperties: { big: 'x'.repeat(8_190) } } },
      'publish.userProperties: come to at least 8193 bytes, and AWS IoT Core takes 8192',
    ],
    [
      { publish: { userProperties: { a: '{place}' } } },
      'publish.userProperties.a: {place} is not a placeholder',
    ],
    [
      { connect: { will: { topic: 'a/+' } } },
      'connect.will.topic: a topic to publish to cannot hold the wildcards + and #',
    ],
    [
      { connect: { will: { ...will, payload: { stampede: 1 } } } },
      'connect.will.payload.stampede: is a field that Stampede writes itself',
    ],
    [{ connect: { will: { ...will, qos: 2 } } }, 'connect.will.qos: is 2, and AWS IoT Core has no QoS 2'],
    [
      { target: 'mqtt://broker:1883', publish: { qos: 2, topicAlias: true } },
      'publish.topicAlias: a QoS 2 publish is sent again on the next connection, where its alias means nothing',
    ],
  ])('%j is refused', (input, message) => {
    expect(errorsOf(input)).toContain(message);
  });
});
