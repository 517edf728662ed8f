import * as z from 'zod';
import { parseDuration } from '../shared/duration.ts';
import type { CommandSettings, ReplySettings } from './commands.ts';
import { duration } from './device-schema.ts';
import { parseTimeRange } from './lifecycle-schema.ts';
import { durationOrRange } from './time-distribution.ts';

/** The settings of who sends commands to whom, and of who replies. */
export const commandSettings = {
  from: z
    .enum(['devices', 'backend'])
    .default('devices')
    .meta({
      description:
        'Whose clients the group is: devices, or a backend that sends commands to the devices of other groups. Its load is then of commands, and its publish says how they are written. The topics are the run’s own.',
      examples: ['backend'],
    }),
  command: z
    .strictObject({
      to: z
        .string()
        .optional()
        .meta({
          description:
            'The device group that receives the commands; all groups that connect over mqtt and do not observe presence unless set.',
          examples: ['meters'],
        }),
      address: z
        .enum(['device', 'broadcast'])
        .default('device')
        .meta({
          description:
            'Whom one command reaches: one device, each in its turn (device), or all of them by one topic that they subscribe to (broadcast).',
          examples: ['device'],
        }),
      replyTimeout: duration.default('10s').meta({
        description:
          'How long the backend waits for a reply, counted from when it sent the command, 100ms to 10m. Replies come from groups with a reply, to a backend over mqtt.',
        examples: ['5s'],
      }),
    })
    .optional()
    .meta({
      description: 'Of a backend: to whom it sends commands.',
      examples: [{ to: 'meters', address: 'device' }],
    }),
  reply: z
    .strictObject({
      delay: z
        .string()
        .regex(durationOrRange)
        .default('0s')
        .meta({
          description:
            'How long a device takes from a command to its reply: a duration, or a range of equally likely times, up to 10m. Same seed, same times.',
          examples: ['50ms..200ms'],
        }),
    })
    .optional()
    .meta({
      description: 'Devices answer each command that they receive, at QoS 0. Without it they do not.',
      examples: [{ delay: '50ms..200ms' }],
    }),
};

interface Given {
  readonly from: 'devices' | 'backend';
  readonly command?: z.output<typeof commandSettings.command>;
  readonly reply?: z.output<typeof commandSettings.reply>;
}

export function resolveCommands({ from, command, reply }: Given): {
  readonly command?: CommandSettings;
  readonly reply?: ReplySettings;
} {
  const ofBackend = from === 'backend' ? (command ?? defaultCommand) : undefined;
  return {
    ...(ofBackend && {
      command: {
        ...(ofBackend.to !== undefined && { to: ofBackend.to }),
        address: ofBackend.address,
        replyTimeoutMs: parseDuration(ofBackend.replyTimeout) ?? 0,
      },
    }),
    ...(reply && { reply: { delay: parseTimeRange(reply.delay) } }),
  };
}

const defaultCommand = commandSettings.command.unwrap().parse({});
