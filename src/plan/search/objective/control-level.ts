import type { ObjectiveSearch } from '../../../profile/search.ts';
import type { LevelMove } from '../judged-hold.ts';
import type { JudgedInterval, MeasuredInterval } from './judged-interval.ts';
import { approachObjective, trackObjective, usedShare, viewQueue } from './queue-model.ts';

/** A controller between two intervals. */
export interface ControlState {
  /** In the unit of what is searched, within its range; not rounded. */
  readonly level: number;
  readonly move: LevelMove;
  /** Where the service is taken to be overloaded. It is approached, but passed only after `waits` intervals in a row that kept the objective. */
  readonly wall?: number;
  /** The level that overloaded the service last. */
  readonly broken?: number;
  readonly kept: number;
  readonly waits: number;
  /** How far beyond the wall the level goes then, as a share. */
  readonly probe: number;
  /** How far the level may rise in one interval, as a share. */
  readonly rise: number;
  /** The highest level since the last overload that kept the objective. */
  readonly good?: number;
  /** Where to go on once the backlog of an overload is gone. */
  readonly resumeAt?: number;
  /** The smallest metric so far: that of an idle service. */
  readonly idleMs: number;
  /** Intervals in a row: that had no metric, and that overloaded the service at the lowest level. */
  readonly voids: number;
  readonly overloadsAtFrom: number;
  readonly last?: MeasuredInterval;
}

type Control = Pick<ObjectiveSearch, 'from' | 'to' | 'at'>;

/** From so many times the objective on the service is overloaded. */
export const overloadFactor = 2;
/** An overload lowers the level to what was served, or less for as long as a backlog is worked off: to this share of it at least, and at most. */
const [mostBackOff, leastBackOff] = [0.5, 0.95];
/** After a backlog, this share of a level that is known to keep the objective, or of what was served. */
const [resumeGood, resumeServed] = [0.95, 0.9];
/** A level so near below a wall stays there. */
const wallMargin = 0.03;
const [leastWait, mostWait] = [3, 48];
const leastProbe = 0.05;
/** Far from the objective a level rises by this share at most: it is doubled. Where the service was near it before, steps begin small and double. */
const [mostRise, leastRise] = [1, 0.1];
/** The objective is near from this share of the way on. */
const near = 0.5;
/** A metric that is above the objective by this much still lets a level count as one that keeps it. */
const keptFactor = 1.2;

/** Before the first interval. */
export function startControl({ from }: Control): ControlState {
  return {
    level: from,
    move: 'approach',
    kept: 0,
    waits: leastWait,
    probe: leastProbe,
    rise: mostRise,
    idleMs: Number.POSITIVE_INFINITY,
    voids: 0,
    overloadsAtFrom: 0,
  };
}

/**
 * The level after one more interval. Far from the objective it is approached in large steps, near it tracked in small ones; an overload
 * lowers the level at once. An interval without a metric changes nothing, so that no error adds up while nothing is known.
 */
export function controlLevel(control: Control, state: ControlState, interval: JudgedInterval): ControlState {
  const { outcome, level } = interval;
  // What was refused or lost never arrives, and would count as late: only its share says something of the service.
  const metric = outcome === 'refused' ? (state.last?.metric ?? control.at) : interval.metric;
  if (outcome === 'void' || metric === null)
    return {
      ...state,
      level,
      move: state.move === 'back-off' ? 'drain' : state.move,
      voids: state.voids + 1,
    };
  const last = { ...interval, metric };
  const isOverload = outcome !== 'kept';
  const next = isOverload ? lowerLevel(control, state, last) : followObjective(control, state, last);
  return {
    ...next,
    level: Math.min(control.to, Math.max(control.from, next.level)),
    idleMs: Math.min(state.idleMs, interval.metric ?? metric),
    voids: 0,
    overloadsAtFrom: isOverload && level <= control.from ? state.overloadsAtFrom + 1 : 0,
    last,
  };
}

/** Whether a service that was overloaded is working off its backlog. */
export function isDraining(move: LevelMove | undefined): boolean {
  return move === 'back-off' || move === 'drain';
}

/** The hard back-off. What a service served while it was overloaded is its capacity. */
function lowerLevel({ at }: Control, state: ControlState, last: MeasuredInterval): ControlState {
  const { level, outcome, metric } = last;
  const wasDraining = isDraining(state.move);
  const isShrinking = state.last !== undefined && metric < state.last.metric;
  const queue = viewQueue(state.last, last);
  // The first interval after a back-off has the whole backlog before it.
  if (outcome === 'late' && wasDraining && (state.move === 'back-off' || isShrinking))
    return {
      ...state,
      level: state.move === 'back-off' ? level : level * drainShare(metric, at, queue.periodMs),
      move: 'drain',
      kept: 0,
    };
  const served = Math.min(level, queue.capacity, level * last.deliveredShare);
  const { good, ...rest } = state;
  const wasBeyondWall = state.wall !== undefined && level > state.wall / (1 + wallMargin);
  return {
    ...rest,
    level: Math.min(leastBackOff * level, served * drainShare(queue.atChangeMs, at, queue.periodMs)),
    move: 'back-off',
    wall: Math.min(level, Math.max(served, good ?? 0) * (1 + 2 * wallMargin)),
    broken: level,
    kept: 0,
    waits: wasBeyondWall ? Math.min(mostWait, 2 * state.waits) : state.waits,
    probe: leastProbe,
    rise: leastRise,
    resumeAt: wasDraining
      ? Math.min(state.resumeAt ?? level, resumeServed * level)
      : resumeLevel(good, served),
  };
}

/** Of what a service serves, so much that a backlog is worked off in one period. */
function drainShare(latencyMs: number, at: number, periodMs: number): number {
  const drained = 1 - Math.max(0, latencyMs - at) / periodMs;
  return Math.min(leastBackOff, Math.max(mostBackOff, drained));
}

/** A service that was stopped for a moment takes again what it took before; one that was loaded too much does not. */
function resumeLevel(good: number | undefined, served: number): number {
  if (good === undefined) return resumeServed * served;
  return served > good ? Math.sqrt(good * resumeGood * served) : resumeGood * good;
}

function followObjective({ at }: Control, state: ControlState, last: MeasuredInterval): ControlState {
  const { metric, level } = last;
  const isKept = metric <= keptFactor * at;
  const { resumeAt, wall: _, good: highest, ...rest } = state;
  if (
    resumeAt !== undefined &&
    resumeAt > level &&
    !isKept &&
    state.move === 'drain' &&
    isFalling(state, metric)
  )
    return { ...state, level, kept: 0 };
  const good = isKept ? Math.max(level, highest ?? 0) : highest;
  const kept = isKept ? state.kept + 1 : 0;
  const wall = wallAfter(state, level, isKept);
  const next: ControlState = {
    ...rest,
    kept,
    ...(good !== undefined && { good }),
    ...(wall !== undefined && { wall }),
  };
  if (resumeAt !== undefined && isKept && resumeAt > level)
    return { ...next, level: resumeAt, move: 'resume' };
  const idleMs = Math.min(state.idleMs, metric);
  if (metric > at || usedShare(metric, idleMs, at) > near) {
    const wanted = trackObjective(at, idleMs, state.last, last);
    return {
      ...next,
      level: belowWall(wanted, level, wall),
      move: 'track',
      probe: leastProbe,
      rise: leastRise,
    };
  }
  const wanted = Math.min((1 + state.rise) * level, approachObjective(at, idleMs, last));
  const rise = Math.min(mostRise, 2 * state.rise);
  if (wall === undefined || wanted <= wall || kept < waitOf(state))
    return { ...next, level: belowWall(wanted, level, wall), move: 'approach', rise };
  const probed = Math.min(wanted, Math.max(wall, level) * (1 + state.probe));
  return { ...next, level: probed, move: 'approach', rise, wall: probed, kept: 0, probe: 2 * state.probe };
}

/** A level beyond a wall that keeps the objective shows that the wall is no lower than the level that was too high, if there is one. */
function wallAfter({ wall, broken }: ControlState, level: number, isKept: boolean): number | undefined {
  const beyond = level / (1 + wallMargin);
  if (wall === undefined || !isKept || beyond <= wall) return wall;
  return broken !== undefined && beyond <= broken ? broken : undefined;
}

function isFalling({ last }: ControlState, metric: number): boolean {
  return last !== undefined && metric < last.metric;
}

/** Where a level beyond the wall has just kept the objective, the next one may, too. */
function waitOf({ waits, probe }: ControlState): number {
  return probe > leastProbe ? Math.min(waits, 2) : waits;
}

/** Half the way to a wall, by ratio, until it is near. */
function belowWall(wanted: number, level: number, wall: number | undefined): number {
  if (wall === undefined || wanted <= level) return wanted;
  const isFar = wall > level * (1 + 2 * wallMargin);
  return Math.min(wanted, isFar ? Math.sqrt(level * wall) : Math.max(level, wall / (1 + wallMargin)));
}
