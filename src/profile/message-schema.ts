import * as z from 'zod';
import { publishSettings } from './device-schema.ts';
import { kindNamePattern, kindPublishSettings } from './kind-settings.ts';
import { sharedSettings } from './load-shapes/load-shape.ts';
import { openSettings } from './load-shapes/open-load.ts';

/** Settings of one kind of message. Only an editor reads this: a kind is checked as the flat profile that it makes. */
const kind = z
  .strictObject({
    ...publishSettings,
    weight: z
      .number()
      .positive()
      .max(1_000_000)
      .meta({
        description:
          "How much of the group's load is of this kind: its weight, divided by the weights of all kinds that have one. 1 unless the kind has a load of its own.",
        examples: [3],
      }),
    ...openSettings,
    stages: sharedSettings.stages,
  })
  .pick({
    ...(Object.fromEntries(kindPublishSettings.map((name) => [name, true])) as Record<
      (typeof kindPublishSettings)[number],
      true
    >),
    weight: true,
    startRate: true,
    ratePerSecond: true,
    everySeconds: true,
    stages: true,
    arrivals: true,
    jitter: true,
    burst: true,
    together: true,
  })
  .partial()
  .meta({ id: 'messageKind', description: 'One kind of message. What it does not set is as in publish.' });

export const messages = z
  .record(z.string().regex(kindNamePattern), kind)
  .optional()
  .meta({
    description:
      'Kinds of message that each device sends, by name, 1 to 20: each with topic, qos, payload and sizeBytes of its own where they differ from publish, and with a weight, or a load of its own (ratePerSecond, everySeconds, burst, or stages) that lasts as long as the group publishes.',
    examples: [
      {
        reading: { everySeconds: 60, sizeBytes: 512 },
        alarm: { everySeconds: 3600, topic: '{topicRoot}/{runId}/{deviceId}/alarm' },
      },
    ],
  });
