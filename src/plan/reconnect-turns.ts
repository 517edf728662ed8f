import type { GroupSettings, LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { Slice } from './plan.ts';
import { firstPlace } from './schedules/reordered-schedule.ts';
import { risesOf } from './taken-devices.ts';

/** When devices of one slice end their connections to connect again. Pure in its results. */
export interface ReconnectTurns {
  /** i = 0 … count − 1. */
  readonly count: number;
  /** Milliseconds after publishing begins, never before that of i − 1. */
  offsetMs(i: number): number;
  /** By index within the slice. */
  deviceOf(i: number): number;
  /** How many turns are due before an instant, milliseconds after publishing begins. */
  dueBefore(offsetMs: number): number;
}

/**
 * With C the integral of the group's connects a second and D its devices, turn x = 0, 1 … is due where C reaches x + ½, and it is that of
 * device x mod D. Steps change only turns after them.
 */
export function makeReconnectTurns({ group, firstDevice, devices }: Slice): ReconnectTurns {
  const { profile } = group;
  const stretches = stretchesOf(profile);
  const first = firstDevice - group.firstDevice;
  const ofGroup = turnsIn(stretches);
  const rounds = Math.floor(ofGroup / profile.devices);
  const count = rounds * devices + Math.min(devices, Math.max(0, ofGroup - rounds * profile.devices - first));
  const turnOf = (i: number) => Math.floor(i / devices) * profile.devices + first + (i % devices);
  const offsetMs = (i: number) => {
    const reached = turnOf(i) + 0.5;
    const { fromMs, from, perMs } = stretches.find(({ until }) => until >= reached) ?? noStretch;
    return fromMs + (reached - from) / perMs;
  };
  return {
    count,
    offsetMs,
    deviceOf: (i) => i % devices,
    dueBefore: (instantMs) => firstPlace(count, (i) => offsetMs(i) < instantMs),
  };
}

type ReconnectingSettings = Pick<GroupSettings, 'reconnects' | 'stages'>;

/** C at both ends of a step's time. */
interface Stretch {
  readonly fromMs: number;
  readonly perMs: number;
  readonly from: number;
  readonly until: number;
}

const noStretch: Stretch = { fromMs: Number.POSITIVE_INFINITY, perMs: 1, from: 0, until: 0 };

function stretchesOf({ reconnects: steps = [], stages }: ReconnectingSettings): Stretch[] {
  const endMs = sumBy(stages, ({ durationMs }) => durationMs);
  let from = 0;
  return steps.map(({ atMs, reconnectsPerSecond }, i) => {
    const perMs = reconnectsPerSecond / 1_000;
    const until = from + perMs * (Math.min(endMs, steps[i + 1]?.atMs ?? endMs) - atMs);
    const stretch = { fromMs: atMs, perMs, from, until };
    from = until;
    return stretch;
  });
}

function turnsIn(stretches: readonly Stretch[]): number {
  return Math.max(0, Math.ceil((stretches.at(-1)?.until ?? 0) - 0.5));
}

/** How often devices of a group end their connections to connect again, in all. */
export function countReconnects(settings: ReconnectingSettings): number {
  return turnsIn(stretchesOf(settings));
}

/** Of a group, connects again a second at most, with those of devices that are taken in at the same time. */
export function mostReconnects(profile: LoadProfile): number {
  const { reconnects = [], connect } = profile;
  const rises = risesOf(profile);
  return reconnects.reduce((most, { atMs, reconnectsPerSecond }, i) => {
    const untilMs = reconnects[i + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const isBeside =
      reconnectsPerSecond > 0 && rises.some(({ fromMs, toMs }) => fromMs < untilMs && toMs > atMs);
    return Math.max(most, reconnectsPerSecond + (isBeside ? connect.ratePerSecond : 0));
  }, 0);
}
