import { describe, expect, it } from '@jest/globals';
import { parseActionSettings } from '../../../../src/plan/actions/action-settings.ts';
import { issuableActions } from '../../../../src/plan/actions/issuable-actions.ts';
import type { InvalidInputError } from '../../../../src/shared/errors.ts';

function errorsOf(...settings: string[]): Record<string, string | undefined> {
  try {
    parseActionSettings(settings);
  } catch (error) {
    const { errors } = error as InvalidInputError;
    return Object.fromEntries(errors.map(({ path, message, hint }) => [path, `${message} → ${hint}`]));
  }
  throw new Error('it was read');
}

describe('parseActionSettings', () => {
  it.each([
    [['disconnect=20%'], [{ kind: 'disconnect', share: 0.2, how: 'drop' }]],
    [['disconnect=0.5', 'disconnect.how=clean'], [{ kind: 'disconnect', share: 0.5, how: 'clean' }]],
    [['disconnect.how=silent'], [{ kind: 'disconnect', share: 1, how: 'silent' }]],
    [['network=lte-m'], [{ kind: 'network', network: 'lte-m' }]],
    [
      ['network=lte', 'network.delay=50ms..150ms', 'network.loss=2%', 'network.bandwidth=128kbit'],
      [
        {
          kind: 'network',
          network: { preset: 'lte', delay: '50ms..150ms', loss: 0.02, bandwidth: '128kbit' },
        },
      ],
    ],
    [
      ['network.stall={"everySeconds":30,"for":"2s"}', 'network.reset=2'],
      [{ kind: 'network', network: { stall: { everySeconds: 30, for: '2s' }, reset: 2 } }],
    ],
    [['users=50'], [{ kind: 'users', count: 50 }]],
    [['faults=none'], [{ kind: 'faults', faults: 'none' }]],
    [
      ['faults.dropAcks=12.5%', 'faults.pauseMs=3s', 'faults.refuseWith=serverBusy', 'faults.clients=20%'],
      [
        {
          kind: 'faults',
          faults: { dropAcks: 0.125, pauseMs: 3_000, refuseWith: 'serverBusy', clients: '20%' },
        },
      ],
    ],
    [
      ['faults.ackDelay={"uniform":{"minMs":5,"maxMs":50}}'],
      [{ kind: 'faults', faults: { ackDelay: { uniform: { minMs: 5, maxMs: 50 } } } }],
    ],
    [
      ['faults.dropAcks=0', 'disconnect=1%'],
      [
        { kind: 'disconnect', share: 0.01, how: 'drop' },
        { kind: 'faults', faults: { dropAcks: 0 } },
      ],
    ],
  ])('reads %j', (settings, actions) => {
    expect(parseActionSettings(settings)).toEqual({ actions });
    expect(parseActionSettings([...settings, 'group=a=b'])).toEqual({ group: 'a=b', actions });
  });

  it('lists every error with the nearest known name', () => {
    expect(
      errorsOf(
        'disconect=20%',
        'disconnect.how=drops',
        'disconnect=120%',
        'faults.dropAck=1%',
        'faults.dropAcks=2',
        'faults.ackDelay=soon',
        'group',
        'zzzzzzzzzzzzzz=1',
      ),
    ).toEqual({
      disconect: 'is not known → did you mean "disconnect"?',
      'disconnect.how': 'is not known: drops → did you mean "drop"?',
      disconnect: 'is no share of the devices: 120% → give more than 0 and at most 100%: disconnect=20%',
      'faults.dropAck': 'is not known → did you mean "faults.dropAcks"?',
      'faults.dropAcks':
        'cannot be 2 → Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent; for example 0.1',
      'faults.ackDelay': expect.stringMatching(/^is no delay → milliseconds/),
      group: 'has no value → write group=VALUE',
      zzzzzzzzzzzzzz: expect.stringMatching(/^is not known → known: disconnect, .*, group$/),
    });
  });

  it.each([
    [['disconnect=1', 'disconnect=2'], { disconnect: 'is given twice → give it once' }],
    [['users=1.5'], { users: 'is no number of users: 1.5 → give a whole number, such as 500' }],
    [['disconnect=0'], { disconnect: expect.stringMatching(/^is no share/) }],
    [['group=a'], { group: expect.stringMatching(/^is given without an action → give one of disconnect=…/) }],
    [['network=lte-n'], { network: 'is no preset: lte-n → did you mean "lte-m"?' }],
    [
      ['network.delay=soon', 'network.loss=200%'],
      {
        'network.delay':
          'is not understood: soon → How long a packet takes, one way: a duration, a range such as 50ms..150ms, {"exponential": "100ms"} or {"normal": {"mean": "100ms", "sd": "20ms"}}; for example "50ms..150ms"',
        'network.loss':
          'is not understood: 200% → Share of the packets, from 0 to 1, that are lost; for example 0.02',
      },
    ],
    [['network.delay=90s'], { 'network.delay': expect.stringMatching(/^is longer than 1m one way/) }],
    [['faults=some'], { faults: expect.stringMatching(/^takes none and nothing else: some/) }],
    [
      ['faults=none', 'faults.dropAcks=1%'],
      { faults: expect.stringMatching(/^takes none and nothing else/) },
    ],
  ])('refuses %j', (settings, errors) => {
    expect(errorsOf(...settings)).toEqual(errors);
  });

  it('reads the example of each setting', () => {
    for (const { settings } of issuableActions)
      for (const [name, { takes }] of Object.entries(settings)) {
        const [example] = takes.split(/, | or /);
        expect(parseActionSettings([`${name}=${example}`]).actions).toHaveLength(1);
      }
  });
});
