import * as z from 'zod';
import { duration, share } from './device-schema.ts';
import { durationOrRange, resolveThinkTime } from './load-shapes/think-time.ts';
import {
  type Bandwidth,
  type NetworkConditions,
  type NetworkForm,
  type NetworkObject,
  networkPresets,
  presetNames,
  type Stall,
} from './network-presets.ts';

/** The units of `tc`; its `bps` are bytes, and are not taken. */
const bitsPer = { bit: 1, kbit: 1_000, mbit: 1_000_000, gbit: 1_000_000_000 } as const;
const bandwidthPattern = /^(\d+(?:\.\d+)?)(bit|kbit|mbit|gbit)$/;
const bandwidth = z.string().regex(bandwidthPattern);

/** Resets a minute at most: one a second. */
const mostResets = 60;

const delayForm = z.union([
  z.string().regex(durationOrRange),
  z.strictObject({
    exponential: duration.optional().meta({
      description: 'The mean: most delays are shorter, a few much longer.',
      examples: ['100ms'],
    }),
    normal: z
      .strictObject({
        mean: duration.meta({ description: 'The mean.', examples: ['100ms'] }),
        sd: duration.meta({ description: 'The standard deviation.', examples: ['20ms'] }),
      })
      .optional()
      .meta({
        description: 'By mean and sd. What would be below 0 is 0.',
        examples: [{ mean: '100ms', sd: '20ms' }],
      }),
  }),
]);

const settings = {
  preset: z
    .enum(presetNames)
    .optional()
    .meta({
      description: `A network that the other settings change: ${presetNames.join(', ')}. none is a network that does nothing.`,
      examples: ['lte-m'],
    }),
  delay: delayForm.optional().meta({
    description:
      'How long a packet takes, one way: a duration, a range such as 50ms..150ms, {"exponential": "100ms"} or {"normal": {"mean": "100ms", "sd": "20ms"}}. A round trip takes two. 0s is none.',
    examples: ['50ms..150ms'],
  }),
  correlation: share.optional().meta({
    description: 'How much one delay is like the one before it, from 0 to 1.',
    examples: [0.25],
  }),
  bandwidth: z
    .union([
      bandwidth,
      z.literal('none'),
      z.strictObject({
        up: bandwidth.optional().meta({
          description: 'From a device, such as 128kbit or 1mbit.',
          examples: ['128kbit'],
        }),
        down: bandwidth.optional().meta({
          description: 'To a device, such as 128kbit or 1mbit.',
          examples: ['1mbit'],
        }),
      }),
    ])
    .optional()
    .meta({
      description:
        "Bits a second of one device in the units of tc, bit, kbit, mbit or gbit: 128kbit both ways, {'up': '128kbit', 'down': '1mbit'}, or none.".replaceAll(
          "'",
          '"',
        ),
      examples: [{ up: '128kbit', down: '1mbit' }],
    }),
  loss: share.optional().meta({
    description:
      'Share of the packets, from 0 to 1, that are lost. TCP sends them again: devices see delays and stalls.',
    examples: [0.02],
  }),
  stall: z
    .union([
      z.literal('none'),
      z.strictObject({
        everySeconds: z
          .number()
          .positive()
          .max(86_400)
          .meta({ description: 'How often, in seconds, for each device.', examples: [30] }),
        for: duration.meta({ description: 'How long, less than everySeconds.', examples: ['2s'] }),
      }),
    ])
    .optional()
    .meta({
      description:
        'Times in which no bytes of a device pass, {"everySeconds": 30, "for": "2s"} or none. They pass afterwards.',
      examples: [{ everySeconds: 30, for: '2s' }],
    }),
  reset: z
    .number()
    .min(0)
    .max(mostResets)
    .optional()
    .meta({
      description: `Share of the connections that end with a reset in a minute, from 0 to ${mostResets}: 0.1 is a mean life of ten minutes.`,
      examples: [0.1],
    }),
  duplicate: share.optional().meta({
    description: 'Share of the PUBLISH packets, from 0 to 1, that arrive twice.',
    examples: [0.01],
  }),
  corrupt: share.optional().meta({
    description:
      'Share of the packets, from 0 to 1, that arrive with a wrong byte. Over TLS each ends its connection.',
    examples: [0.001],
  }),
  outage: share.optional().meta({
    description: 'Share of the devices, from 0 to 1, that the network does not reach.',
    examples: [0.1],
  }),
};

const { preset: _preset, ...changes } = settings;

/** Schema of each setting beside the preset, with its description and an example. */
export const networkChangeShape: Readonly<Record<string, z.ZodType>> = changes;

const networkForm = z.union([z.enum(presetNames), z.strictObject(settings)]);

export const networkSetting = networkForm.optional().meta({
  description: `The network between devices and target: ${presetNames.join(', ')}, or an object with delay, bandwidth, loss, stall, reset, duplicate, corrupt and outage. An object changes only what it names: of a group over the network at the top, in the timeline over what was in force.`,
  examples: ['lte-m'],
});

/** Undefined: it is no such form. */
export function parseNetwork(value: unknown): NetworkForm | undefined {
  const { success, data } = networkForm.safeParse(value);
  return success ? data : undefined;
}

/** Two forms as one: what `later` names is as it says. */
export function joinNetworks(earlier: NetworkForm, later: NetworkForm): NetworkForm {
  if (typeof later === 'string' || later.preset !== undefined) return later;
  const base = typeof earlier === 'string' ? { preset: earlier } : earlier;
  const ways = [base.bandwidth, later.bandwidth].map((of) => (typeof of === 'object' ? of : undefined));
  const isPart = ways[1] !== undefined && base.bandwidth !== undefined;
  const before = typeof base.bandwidth === 'string' ? bothWays(base.bandwidth) : ways[0];
  return { ...base, ...later, ...(isPart && { bandwidth: { ...before, ...ways[1] } }) };
}

function bothWays(text: string): { up?: string; down?: string } {
  return text === 'none' ? {} : { up: text, down: text };
}

/**
 * Conditions after a change.
 * @param form as the schema has let it through
 */
export function changeNetwork(before: NetworkConditions, form: NetworkForm): NetworkConditions {
  if (typeof form === 'string') return networkPresets[form].conditions;
  const base = form.preset === undefined ? before : networkPresets[form.preset].conditions;
  const { delay, correlation, bandwidth: rate, loss, stall, reset, duplicate, corrupt, outage } = form;
  const given: NetworkConditions = {
    ...base,
    ...(delay !== undefined && { delay: resolveThinkTime(delay) }),
    ...(rate !== undefined && { bandwidth: resolveBandwidth(rate, base.bandwidth) }),
    ...(stall !== undefined && { stall: resolveStall(stall) }),
    ...Object.fromEntries(
      Object.entries({ correlation, loss, reset, duplicate, corrupt, outage }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => !isNothing(value)));
}

/** Of a profile or a group; a network that does nothing is none. */
export function resolveNetwork(form: NetworkForm | undefined): { readonly network?: NetworkConditions } {
  const network = form === undefined ? {} : changeNetwork({}, form);
  return Object.keys(network).length === 0 ? {} : { network };
}

/** What does nothing is left out, so that conditions without a key are no conditions. */
function isNothing(value: NetworkConditions[keyof NetworkConditions]): boolean {
  if (value === undefined || value === 0) return true;
  if (typeof value !== 'object') return false;
  return ('ms' in value && value.ms === 0) || Object.keys(value).length === 0;
}

function resolveBandwidth(form: NonNullable<NetworkObject['bandwidth']>, before: Bandwidth = {}): Bandwidth {
  if (typeof form === 'object') return { ...before, ...bitsOf(form) };
  return bitsOf(bothWays(form));
}

function bitsOf(ways: { up?: string | undefined; down?: string | undefined }): Bandwidth {
  return Object.fromEntries(
    Object.entries(ways).flatMap(([way, text]) => (text === undefined ? [] : [[way, parseBandwidth(text)]])),
  );
}

/** Bits a second, of a text as the schema has let it through. */
export function parseBandwidth(text: string): number {
  const [, amount = '0', unit = 'bit'] = bandwidthPattern.exec(text) ?? [];
  return Number(amount) * bitsPer[unit as keyof typeof bitsPer];
}

function resolveStall(form: NonNullable<NetworkObject['stall']>): Stall | undefined {
  if (typeof form === 'string') return undefined;
  const time = resolveThinkTime(form.for);
  return { everySeconds: form.everySeconds, forMs: time.kind === 'constant' ? time.ms : 0 };
}
