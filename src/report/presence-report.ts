import type { GroupPresence, PresenceCounts, PresenceSums, RunPresence } from '../measure/presence-totals.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';

/** Connects and disconnects of devices, held against the service's own events about them. */
export interface PresenceReport extends PresenceSums {
  /** Groups that were observed, in the order of the profile. */
  readonly groups: readonly GroupPresenceReport[];
}

export interface GroupPresenceReport {
  readonly group?: string;
  readonly connects: PresenceCounts;
  readonly disconnects: PresenceCounts;
}

/** @returns undefined where no group observes presence */
export function presenceReportOf(presence: RunPresence | undefined): PresenceReport | undefined {
  return presence && { ...presence, groups: presence.groups.map(groupReportOf) };
}

function groupReportOf({ group: { group }, connects, disconnects }: GroupPresence): GroupPresenceReport {
  return { ...(group === undefined ? {} : { group }), connects, disconnects };
}

/** Of the table of presence, beside its first column. */
export const presenceHeadings = [
  'connects',
  'events',
  'missing',
  'unmatched',
  'disconnects',
  'events',
  'missing',
  'unmatched',
] as const;

/** The group, and a cell for each heading. */
export function presenceRows({ groups }: PresenceReport): string[][] {
  return groups.map(({ group = 'all', connects, disconnects }) => [
    group,
    ...[connects, disconnects].flatMap(({ counted, events, missing, unmatched }) =>
      [counted, events, missing, unmatched].map(formatCount),
    ),
  ]);
}

/** What to know of presence beside the table, a sentence each. */
export function describePresence(report: PresenceReport): string[] {
  const { duplicates, outOfOrder, ofRun, unrelated, disconnectedBy, subscribeRefusedBy } = report;
  const reasons = Object.entries(disconnectedBy);
  return [
    'Connects and disconnects are those that devices counted; events are those of their client ids, each version number once.',
    ...(reasons.length === 0 ? [] : [`Disconnected, by the events: ${describeCounts(disconnectedBy)}.`]),
    ...(duplicates + outOfOrder === 0
      ? []
      : [
          `${formatPlural(duplicates, 'event')} came twice, and ${formatCount(outOfOrder)} after a later one of the same device.`,
        ]),
    ...(ofRun === 0 ? [] : [`Events of the run’s own control channels and observer: ${formatCount(ofRun)}.`]),
    ...(unrelated === 0 ? [] : [`Events of other clients: ${formatCount(unrelated)}.`]),
    ...(Object.keys(subscribeRefusedBy).length === 0
      ? []
      : [`Subscriptions of the observer were refused: ${describeCounts(subscribeRefusedBy)}.`]),
    ...(report.isWhole
      ? []
      : [
          'The observer was not subscribed from the first connect to the last disconnect: events may be missing for that reason.',
        ]),
    ...(report.slicesUnknown === 0
      ? []
      : [
          `${formatPlural(report.slicesUnknown, 'slice')} did not come to an end, and what devices did there since the last record was not counted.`,
        ]),
  ];
}
