import { describe, expect, it } from '@jest/globals';
import { changeNetwork, isNetworkForm } from '../../../src/profile/network-conditions.ts';
import { networkPresets, presetNames } from '../../../src/profile/network-presets.ts';
import { parseNetwork } from '../../../src/profile/network-schema.ts';
import { describeNetwork, formatBandwidth } from '../../../src/profile/network-text.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import type { InputError } from '../../../src/shared/errors.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const flat = { devices: 100, ratePerSecond: 10, duration: '60s' };

function errorsOf(profile: object): readonly InputError[] {
  return inputErrorsOf(() => parseLoadProfile(profile));
}

describe('the network of a profile', () => {
  it('has each setting in its unit', () => {
    const network = {
      delay: '50ms..150ms',
      correlation: 0.25,
      bandwidth: { up: '128kbit', down: '1.5mbit' },
      loss: 0.02,
      stall: { everySeconds: 30, for: '2s' },
      reset: 0.1,
      duplicate: 0.01,
      corrupt: 0.001,
      outage: 0.5,
    };
    expect(parseLoadProfile({ ...flat, network }).network).toEqual({
      delay: { kind: 'uniform', minMs: 50, maxMs: 150 },
      correlation: 0.25,
      bandwidth: { up: 128_000, down: 1_500_000 },
      loss: 0.02,
      stall: { everySeconds: 30, forMs: 2_000 },
      reset: 0.1,
      duplicate: 0.01,
      corrupt: 0.001,
      outage: 0.5,
    });
  });

  it.each(presetNames.filter((name) => name !== 'none'))('may be the preset %s', (name) => {
    expect(parseLoadProfile({ ...flat, network: name }).network).toEqual(networkPresets[name].conditions);
  });

  it('of a group changes what it names of the network at the top', () => {
    const { groups } = parseLoadProfile({
      everySeconds: 10,
      duration: '60s',
      network: 'lte-m',
      groups: {
        as: { devices: 1 },
        lossy: { devices: 1, network: { loss: 0.05 } },
        slow: { devices: 1, network: { bandwidth: { up: '1kbit' } } },
        other: { devices: 1, network: '2g' },
        none: { devices: 1, network: 'none' },
      },
    });
    const { conditions } = networkPresets['lte-m'];
    expect(groups?.map(({ network }) => network)).toEqual([
      conditions,
      { ...conditions, loss: 0.05 },
      { ...conditions, bandwidth: { ...conditions.bandwidth, up: 1_000 } },
      networkPresets['2g'].conditions,
      {},
    ]);
  });

  it.each<[object, string, string]>([
    [{ network: 'ltem' }, 'network', 'did you mean "lte-m"?'],
    [{ network: { delays: '1s' } }, 'network.delays', 'did you mean "delay"?'],
    [{ network: { delay: '150ms..50ms' } }, 'network.delay', 'write the shorter time first'],
    [{ network: { delay: {} } }, 'network.delay', 'give one distribution'],
    [{ network: { delay: '2m' } }, 'network.delay', 'give at most 1m'],
    [{ network: { bandwidth: '16kbps' } }, 'network.bandwidth', 'Bits a second of one device'],
    [{ network: { bandwidth: { up: '0kbit' } } }, 'network.bandwidth.up', 'give 100bit or more'],
    [{ network: { loss: 2 } }, 'network.loss', 'Share of the packets'],
    [{ network: { stall: { everySeconds: 2, for: '2s' } } }, 'network.stall.for', 'less than 2s'],
    [{ network: { duplicate: 0.1 }, connect: { protocol: 'https' } }, 'network', 'remove duplicate'],
    [
      { network: { duplicate: 0.1 }, connect: { client: 'device-sdk' } },
      'network',
      'connect.client to "dense"',
    ],
    [
      { network: 'lte', connect: { client: 'device-sdk' }, slices: { devicesPerSlice: 301 } },
      'slices.devicesPerSlice',
      'set it to 300 or less',
    ],
  ])('with %j is refused', (settings, path, hint) => {
    expect(errorsOf({ ...flat, ...settings })).toEqual([
      expect.objectContaining({ path, hint: expect.stringContaining(hint) }),
    ]);
  });

  it.each([{ client: 'device-sdk' }, { protocol: 'https' }])('may be one of %j', (connect) => {
    for (const network of ['none', 'lte-m', { corrupt: 0.1, duplicate: 0 }])
      expect(errorsOf({ ...flat, network, connect })).toEqual([]);
  });

  it.each(['none', {}, { delay: '0s', loss: 0 }])('that does nothing is kept: %j', (network) => {
    expect(parseLoadProfile({ ...flat, network }).network).toEqual({});
    expect(parseLoadProfile(flat)).not.toHaveProperty('network');
  });
});

describe('a timeline', () => {
  it('changes the network', () => {
    const timeline = [
      { at: '10s', network: 'nb-iot' },
      { at: '20s', network: { loss: 0.1 } },
      { at: '20s', disconnect: {} },
    ];
    expect(parseLoadProfile({ ...flat, timeline }).timeline).toMatchObject([
      { atMs: 10_000, action: { kind: 'network', network: 'nb-iot' } },
      { atMs: 20_000, action: { kind: 'network', network: { loss: 0.1 } } },
      { atMs: 20_000, action: { kind: 'disconnect' } },
    ]);
  });

  it.each<[readonly object[], string, string]>([
    [[{ at: '1s', network: 'lte', disconnect: {} }], 'timeline[0]', 'an entry of its own'],
    [[{ at: '2m', network: 'lte' }], 'timeline[0].at', 'give less than 1m'],
    [[{ at: '1s', network: { delay: '2s..1s' } }], 'timeline[0].network.delay', 'shorter time first'],
    [
      [
        { at: '1s', network: 'lte' },
        { at: '1s', network: '2g' },
      ],
      'timeline[1].at',
      'another instant',
    ],
  ])('%j is refused', (timeline, path, hint) => {
    expect(errorsOf({ ...flat, timeline })).toEqual([
      expect.objectContaining({ path, hint: expect.stringContaining(hint) }),
    ]);
  });

  it('names the group whose network cannot be changed', () => {
    const [sdk, timeline] = [
      { devices: 1, connect: { client: 'device-sdk' } },
      [{ at: '1s', network: 'lte' }],
    ];
    const profile = { everySeconds: 1, duration: '60s', timeline };
    expect(errorsOf({ ...profile, groups: { a: { devices: 1 }, b: sdk } })).toMatchObject([
      { path: 'timeline[0].network', message: expect.stringContaining('of group b') },
    ]);
    expect(errorsOf({ ...profile, groups: { a: { devices: 1 }, b: { ...sdk, network: 'none' } } })).toEqual(
      [],
    );
  });
});

describe('a change', () => {
  it('keeps what it does not name, and a preset replaces everything', () => {
    const before = changeNetwork({}, { delay: '10ms', loss: 0.1 });
    expect(changeNetwork(before, { loss: 0 })).toEqual({ delay: { kind: 'constant', ms: 10 } });
    expect(changeNetwork(before, 'none')).toEqual({});
    expect(changeNetwork(before, { preset: 'none', reset: 1 })).toEqual({ reset: 1 });
  });
});

describe('a form that a slice receives', () => {
  it.each<{ readonly form: unknown }>(
    [
      'none',
      'lte-m',
      { delay: '50ms..150ms', correlation: 0.25 },
      { preset: '2g', delay: { normal: { mean: '100ms', sd: '20ms' } }, loss: 1 },
      { delay: { exponential: '1s' }, bandwidth: { up: '128kbit' }, stall: { everySeconds: 30, for: '2s' } },
      { bandwidth: 'none', stall: 'none', reset: 60, duplicate: 0, corrupt: 0.5, outage: 1 },
      'lte-x',
      { preset: '3g' },
      { delay: 5 },
      { delay: { normal: { mean: '1s' } } },
      { correlation: 1.1 },
      { bandwidth: '128bps' },
      { stall: { everySeconds: 0, for: '2s' } },
      { reset: 61 },
      { jitter: '1s' },
      { toString: 1 },
      [],
      null,
      7,
    ].map((form) => ({ form })),
  )('is taken where the schema takes it: $form', ({ form }) => {
    expect(isNetworkForm(form)).toBe(parseNetwork(form) !== undefined);
  });
});

describe('the text of a network', () => {
  it.each([
    [100, '100bit'],
    [62_500, '62.5kbit'],
    [12_000_000, '12mbit'],
    [1_500_000_000, '1.5gbit'],
  ])('has %d bits a second in the units of tc', (bits, text) => {
    expect(formatBandwidth(bits)).toBe(text);
    expect(changeNetwork({}, { bandwidth: text }).bandwidth).toEqual({ up: bits, down: bits });
  });

  it('begins with the name of a preset, in whichever order its settings were stored', () => {
    const { delay, ...others } = networkPresets['nb-iot'].conditions;
    expect(describeNetwork({ ...others, ...(delay && { delay }) })).toMatch(/^nb-iot \(delay /);
    expect(describeNetwork(changeNetwork({}, { preset: 'nb-iot', loss: 0.5 }))).toMatch(
      /^delay .*, loss 50 %$/,
    );
    expect(describeNetwork({})).toBe('none');
  });
});
