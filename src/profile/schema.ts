import * as z from 'zod';
import { maxDevicesPerSlice, maxSlices, runIdMaxLength, runIdSuffixLength } from '../shared/run-bounds.ts';
import { commandSettings } from './command-schema.ts';
import { connect, duration, publish, share } from './device-schema.ts';
import { groupNamePattern, groupSettings } from './group-settings.ts';
import { http } from './http-schema.ts';
import { legSetting } from './leg-schema.ts';
import { lifecycleSetting } from './lifecycle-schema.ts';
import { loadSettings } from './load-shapes/load-shapes.ts';
import { messages } from './message-schema.ts';
import { networkSetting } from './network-schema.ts';
import { observeSetting } from './presence-rules.ts';
import { regionSetting } from './region-schema.ts';
import { searchSetting } from './search-schema.ts';
import { thresholds } from './threshold-schema.ts';
import { timelineSetting } from './timeline.ts';

/**
 * The load profile as the user writes it. Each description's first sentence is also the hint of an error at that
 * setting; an editor shows the whole description, from `profiles/load-profile.schema.json`. Rules between settings are
 * checked in `rules.ts`, `threshold-rules.ts` and `load-shapes/`.
 */
const flatSchema = z.strictObject({
  $schema: z
    .string()
    .optional()
    .meta({
      description: 'For editors: the path of load-profile.schema.json.',
      examples: ['./load-profile.schema.json'],
    }),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/)
    .max(runIdMaxLength - runIdSuffixLength)
    .default('stampede')
    .meta({
      description:
        'What the run is called: letters, digits, - and _, at most 58. A run id begins with it, as do the names of the files it leaves.',
      examples: ['full-quota'],
    }),
  devices: z
    .int()
    .min(1)
    .max(maxSlices * maxDevicesPerSlice)
    .meta({
      description:
        'How many virtual devices: one client id each, and over MQTT one connection each. A slice (one Lambda) runs up to 900 of them.',
      examples: [2000],
    }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .meta({
      description:
        'Decides all random choices: payloads, sizes, arrivals, cycles, storms; from 0 to 4294967295. Same seed, same traffic.',
      examples: [42],
    }),
  connect,
  publish,
  messages,
  http: http.optional(),
  ...loadSettings,
  echo: z
    .strictObject({
      fraction: share.default(0).meta({
        description:
          'Share of the devices, from 0 to 1, that subscribe to their own topic. Their echo_latency is measured on one clock, and they load PublishOut.',
        examples: [0.01],
      }),
    })
    .prefault({})
    .meta({
      description: 'Devices that receive their own messages, over mqtt.',
    }),
  lifecycle: lifecycleSetting,
  network: networkSetting,
  ...commandSettings,
  observe: observeSetting,
  slices: z
    .strictObject({
      devicesPerSlice: z
        .int()
        .min(1)
        .max(maxDevicesPerSlice)
        .optional()
        .meta({
          description:
            'Most devices in one slice (one Lambda), 1 to 900. Unless set, the plan takes 500, fewer where the rate or the connects of a slice would be too much for one vCPU, more where Lambda concurrency would not hold all slices.',
          examples: [500],
        }),
      toleratedFailureShare: share.default(0.05).meta({
        description:
          'Share of the slices, from 0 to 1, that may die before the run counts as failed. They are recorded either way.',
      }),
    })
    .prefault({})
    .meta({
      description: 'How the devices are divided over Lambdas.',
    }),
  legs: legSetting,
  regions: regionSetting,
  drain: duration.default('10s').meta({
    description: 'How long to wait after the last send for messages in flight, up to 10m.',
    examples: ['10s'],
  }),
  limits: z
    .strictObject({
      enforce: z.boolean().default(true).meta({
        description:
          'Whether a plan past these limits is refused. --force sets false: the plan runs, and reports the limits it exceeds.',
      }),
      quotaShare: share
        .positive()
        .default(0.8)
        .meta({
          description:
            'Share of each quota, above 0 and up to 1, that a plan may use. Preflight refuses a plan past it.',
          examples: [0.8],
        }),
      maxCostUsd: z
        .number()
        .positive()
        .optional()
        .meta({
          description: 'What the run may cost at most, in US dollars. Without it there is no ceiling.',
          examples: [20],
        }),
    })
    .prefault({})
    .meta({ description: 'What a plan may use before it is refused.' }),
  target: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .meta({
      description:
        'What is loaded, as a URL: mqtt://, mqtts://, ws:// or wss:// and a broker, http:// or https:// and a web service, mqtts:// and an endpoint of AWS IoT Core. Without it, IoT Core of the account that the run takes place in, in a rehearsal the embedded one.',
      examples: ['mqtts://broker.example.com:8883'],
    }),
  observers: z
    .array(z.enum(['rule', 'subscriber']))
    .min(1)
    .max(2)
    .optional()
    .meta({
      description:
        'Where messages are counted: by the IoT rule (rule), by clients that subscribe to them (subscriber), or both. The first one is what the report means by received and lost. Unless set, the rule for IoT Core of the account, a subscriber for a broker.',
      examples: [['rule', 'subscriber']],
    }),
  allowedHosts: z
    .array(z.string().regex(/^[A-Za-z0-9.:[\]-]+$/))
    .max(20)
    .default([])
    .meta({
      description:
        'Hosts that you own and may be loaded. Only the IoT endpoint of the account itself, and loopback, are targets without being named here.',
      examples: [['iot.example.com']],
    }),
  timeline: timelineSetting,
  search: searchSetting,
  thresholds,
  overrides: z
    .array(z.string().max(1_000))
    .max(100)
    .optional()
    .meta({
      description:
        'Written by the command line, for the report: the flags and variables that replaced settings of this profile.',
      examples: [['--rate 100', 'STAMPEDE_QOS=0']],
    }),
});

/** Settings of one device group. Only an editor reads this: a group is checked as the flat profile that it makes. */
const group = flatSchema
  .pick(
    Object.fromEntries(
      groupSettings.filter((name) => name !== 'share').map((name) => [name, true]),
    ) as Record<Exclude<(typeof groupSettings)[number], 'share'>, true>,
  )
  .partial()
  .extend({
    share: share
      .positive()
      .optional()
      .meta({
        description:
          'Share of the devices at the top that are in this group, above 0 and up to 1, in place of devices. All groups have one then, and they sum to 1.',
        examples: [0.9],
      }),
  })
  .meta({ id: 'group', description: 'Devices that behave alike. What it does not set is as at the top.' });

/** Of a flat profile; `groups` is for editors, and read by `readGroups`. */
export const profileSchema = flatSchema
  .extend({
    groups: z
      .record(z.string().regex(groupNamePattern), group)
      .optional()
      .meta({
        description:
          'Devices that behave alike, by name, 1 to 50 groups. Settings at the top are the defaults of every group; connect.ratePerSecond there is shared by all groups without one of their own.',
        examples: [
          { meters: { devices: 900, everySeconds: 60 }, trackers: { devices: 100, everySeconds: 5 } },
        ],
      }),
  })
  .meta({
    title: 'Stampede load profile',
    required: [],
    description:
      'A load test of AWS IoT Core, and the input of its execution. Durations are texts such as 30s or 1m30s, rates are messages a second over the whole run. Everything has a default but devices and the load.',
    anyOf: [
      { required: ['devices', 'stages'] },
      { required: ['devices', 'ratePerSecond', 'duration'] },
      { required: ['devices', 'everySeconds', 'duration'] },
      { required: ['devices', 'burst', 'duration'] },
      { required: ['users', 'duration'] },
      { required: ['thinkTime', 'stages'] },
      { required: ['throughputPerUser', 'stages'] },
      { required: ['groups'] },
      { required: ['devices', 'search'] },
    ],
  });

/** The same with every default filled in, durations still as texts. */
export type ProfileSettings = z.output<typeof profileSchema>;
