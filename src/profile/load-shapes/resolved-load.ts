import type { LoadProfile } from '../load-profile.ts';

/** The load over the run, whichever way it was given. Of users, rates are an estimate. */
export type ResolvedLoad = Pick<LoadProfile, 'startRatePerSecond' | 'stages' | 'users' | 'pattern'>;

export type LoadShapeName = 'open' | 'closed';

export type StageTargets = 'messages' | 'users';

export const dueWords = ['intended', 'started'] as const;
export type DueWord = (typeof dueWords)[number];

/** What the shape of a load that was resolved means to plan, slices and reports. Without the schema, which slices never load. */
export interface ResolvedShape {
  isOf(load: ResolvedLoad): boolean;
  /** Whether the plan says when each message is due. Else users decide: the plan has estimates, and slices report what was due. */
  readonly hasSchedule: boolean;
  /** What reports call its messages that were due. */
  readonly due: DueWord;
  /** What the targets of its stages are: messages a second, or users. */
  readonly targets: StageTargets;
}

export const resolvedShapes: Readonly<Record<LoadShapeName, ResolvedShape>> = {
  open: {
    isOf: ({ users }) => users === undefined,
    hasSchedule: true,
    due: 'intended',
    targets: 'messages',
  },
  closed: {
    isOf: ({ users }) => users !== undefined,
    hasSchedule: false,
    due: 'started',
    targets: 'users',
  },
};

const shapeNames = Object.keys(resolvedShapes) as readonly LoadShapeName[];

/** Of a profile that was parsed. */
export function loadShapeOf(profile: ResolvedLoad): LoadShapeName {
  return shapeNames.find((name) => resolvedShapes[name].isOf(profile)) ?? 'open';
}

/** Whether the plan says when each message is due. */
export function hasSchedule(profile: ResolvedLoad): boolean {
  return resolvedShapes[loadShapeOf(profile)].hasSchedule;
}

/** Whether the targets of its stages are users. */
export function hasUsers(profile: ResolvedLoad): boolean {
  return resolvedShapes[loadShapeOf(profile)].targets === 'users';
}

/** The highest rate of all, messages a second. */
export function peakOf(load: Pick<ResolvedLoad, 'startRatePerSecond' | 'stages'>): number {
  return load.stages.reduce((peak, stage) => Math.max(peak, stage.targetPerSecond), load.startRatePerSecond);
}

/** Whether devices send nothing: only of a load that says so (`idle`). */
export function isIdle(load: Pick<ResolvedLoad, 'startRatePerSecond' | 'stages'>): boolean {
  return peakOf(load) === 0;
}

/** Stages of one load at most. */
export const maxStages = 1_000;
/** Of the load that all kinds of message of a group make together. A stored list has no more items. */
export const maxJoinedStages = 10_000;
