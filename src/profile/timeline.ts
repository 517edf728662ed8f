import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import { duration, share } from './device-schema.ts';
import { faultChangeSchema, parseServiceFaultChange } from './fault-schema.ts';
import { networkSetting } from './network-schema.ts';
import type { DisconnectKind, PlannedAction } from './planned-action.ts';
import { maxTimelineEntries } from './planned-action.ts';
import type { ServiceFaultChange } from './service-faults.ts';
import { loadActionsOf, loadSettings } from './timeline-load.ts';

export const disconnectKinds = ['clean', 'drop', 'silent'] as const satisfies readonly DisconnectKind[];

const disconnect = z
  .strictObject({
    share: share
      .positive()
      .default(1)
      .meta({
        description: 'Share of the devices of each group, above 0 and up to 1.',
        examples: [0.5],
      }),
    how: z
      .enum(disconnectKinds)
      .default('drop')
      .meta({
        description:
          'How connections end: clean with a DISCONNECT, drop without one, silent with nothing at all, so that only the keep-alive shows the service that the device is not there.',
        examples: ['drop'],
      }),
  })
  .optional()
  .meta({
    description:
      'Ends the connections of a share of the devices at once. They come back by connect.backoff; after a silent end they first wait 1.5 times their keep-alive, until they have noticed it.',
    examples: [{ share: 1, how: 'drop' }],
  });

const regionName = z.string().meta({
  description: 'The name of one of the Regions that `regions` has.',
  examples: ['eu-west-1'],
});

const failover = z
  .strictObject({
    share: share
      .positive()
      .default(1)
      .meta({
        description: 'Share of the devices of each group that are in the Region `from`, above 0 and up to 1.',
        examples: [0.5],
      }),
    from: regionName,
    to: regionName,
  })
  .optional()
  .meta({
    description:
      'Moves a share of the devices that are in one Region to another: they lose their connections at once, without a DISCONNECT, and connect to the endpoint there by connect.backoff. In profiles with regions.',
    examples: [{ share: 0.5, from: 'eu-west-1', to: 'us-east-1' }],
  });

const faultsSetting = z
  .union([z.literal('none'), faultChangeSchema])
  .optional()
  .meta({
    description:
      'Changes faults of the embedded IoT Core, in rehearsals only: what it does not name stays as it is, none ends all.',
    examples: [{ dropAcks: 0.1 }],
  });

export const timelineEntry = z.strictObject({
  at: duration.meta({
    description: 'When, counted from the instant at which publishing begins.',
    examples: ['30s'],
  }),
  group: z
    .string()
    .optional()
    .meta({ description: 'The device group; all groups unless set.', examples: ['meters'] }),
  disconnect,
  failover,
  ...loadSettings,
  network: networkSetting,
  faults: faultsSetting,
});

/** What happens to devices while they publish. */
export const timelineSetting = z
  .array(timelineEntry)
  .max(maxTimelineEntries)
  .optional()
  .meta({
    description:
      'Actions on devices, or on the service of a rehearsal, while they publish: each entry has an instant and one action.',
    examples: [
      [
        { at: '30s', disconnect: { share: 1, how: 'drop' } },
        { at: '60s', network: 'lte-m' },
      ],
    ],
  });

export function resolveTimeline(given: z.output<typeof timelineSetting>): readonly PlannedAction[] {
  return (given ?? []).flatMap(({ at, group, disconnect: ends, failover: moves, ...others }) => {
    const { network, faults, ...load } = others;
    const actions = [
      ...(ends === undefined ? [] : [{ kind: 'disconnect' as const, ...ends }]),
      ...(moves === undefined ? [] : [{ kind: 'failover' as const, ...moves }]),
      ...loadActionsOf(load),
      ...(network === undefined ? [] : [{ kind: 'network' as const, network }]),
      ...(faults === undefined ? [] : [{ kind: 'faults' as const, faults: readFaultChange(faults) }]),
    ];
    const atMs = parseDuration(at) ?? 0;
    return actions.map((action) => ({ atMs, ...(group === undefined ? {} : { group }), action }));
  });
}

function readFaultChange(faults: NonNullable<z.output<typeof faultsSetting>>): ServiceFaultChange | 'none' {
  return faults === 'none' ? faults : parseServiceFaultChange(faults);
}
