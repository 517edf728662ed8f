import * as z from 'zod';
import { duration, share } from './device-schema.ts';
import { bandwidthPattern, mostResets } from './network-conditions.ts';
import { type NetworkForm, presetNames } from './network-presets.ts';
import { makeTimeForm } from './time-form.ts';

const bandwidth = z.string().regex(bandwidthPattern);

const delayForm = makeTimeForm('delays', { exponential: '100ms', mean: '100ms', sd: '20ms' });

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
      description: `Resets a minute of each connection, at random, from 0 to ${mostResets}: 0.1 is a mean life of ten minutes.`,
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
