import { formatDuration, parseDuration } from '../shared/duration.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { isDistribution, meanSecondsOf, scaleGaps } from './load-shapes/gap-settings.ts';
import { loadShapeIn } from './load-shapes/load-shapes.ts';
import { resolvedShapes } from './load-shapes/resolved-load.ts';
import { listStages } from './load-shapes/stage-list.ts';

/**
 * The load of a profile in the user's form, bent to another peak or another length with its shape kept. Where the load
 * is not there or not sound, it stays as it is, and its own errors are reported. All return the settings they set.
 */

/** Makes the peak `peakPerSecond`, messages a second over the whole run. */
export function scaleRate(input: JsonObject, peakPerSecond: number): readonly string[] {
  const { devices, everySeconds } = input;
  if (resolvedShapes[loadShapeIn(input).name].targets !== 'messages') {
    // No rate is given: the check of the load says so, of the flag.
    input.ratePerSecond = peakPerSecond;
    return ['ratePerSecond'];
  }
  if (everySeconds !== undefined && input.ratePerSecond === undefined && input.together !== true) {
    if (typeof devices !== 'number' || peakPerSecond <= 0) return [];
    const meanSeconds = devices / peakPerSecond;
    input.everySeconds = isDistribution(everySeconds)
      ? scaleGaps(everySeconds, meanSeconds / meanSecondsOf(everySeconds))
      : meanSeconds;
    return ['everySeconds'];
  }
  if (input.stages === undefined) {
    input.ratePerSecond = peakPerSecond;
    return ['ratePerSecond'];
  }
  const start = input.startRate ?? 0;
  const stages = stagesIn(input, start);
  const targets = stages.map((stage) => isObject(stage) && stage.target);
  const rates = [start, ...targets].filter((rate) => typeof rate === 'number');
  const peak = Math.max(...rates);
  if (rates.length !== targets.length + 1 || !(peak > 0)) return [];
  // The quotient first, so that the peak is exactly the requested one.
  const scale = (rate: unknown) => ((rate as number) / peak) * peakPerSecond;
  if (input.startRate !== undefined) input.startRate = scale(start);
  input.stages = (stages as JsonObject[]).map((stage) => ({ ...stage, target: scale(stage.target) }));
  return ['stages', 'startRate'];
}

/** Makes the most users at a time `users`. */
export function scaleUsers(input: JsonObject, users: number): readonly string[] {
  if (input.stages === undefined) {
    input.users = users;
    return ['users'];
  }
  const start = input.users ?? 0;
  const stages = stagesIn(input, start);
  const targets = stages.map((stage) => isObject(stage) && stage.target);
  const counts = [start, ...targets].filter((count) => typeof count === 'number');
  const most = Math.max(...counts);
  if (counts.length !== targets.length + 1 || !(most > 0)) return [];
  // The quotient first, so that the most is exactly the requested number. Users are whole.
  const scale = (count: unknown) => Math.round(((count as number) / most) * users);
  if (input.users !== undefined) input.users = scale(start);
  input.stages = (stages as JsonObject[]).map((stage) => ({ ...stage, target: scale(stage.target) }));
  return ['stages', 'users'];
}

/** Makes the publishing time `duration`. */
export function scaleDuration(input: JsonObject, duration: string): readonly string[] {
  if (input.stages === undefined) {
    input.duration = duration;
    return ['duration'];
  }
  const stages = stagesIn(input, input.startRate ?? input.users ?? 0);
  const lengthsMs = stages.map((stage) =>
    isObject(stage) && typeof stage.duration === 'string' ? parseDuration(stage.duration) : undefined,
  );
  const wholeMs = parseDuration(duration) ?? 0;
  const totalMs = lengthsMs.reduce<number>((sum, ms) => sum + (ms ?? Number.NaN), 0);
  if (!(totalMs > 0)) return [];
  // Each end is rounded, not each length: so the lengths sum to the whole exactly.
  const endOf = (ms: number) => Math.round((ms / totalMs) * wholeMs);
  let beginsMs = 0;
  input.stages = (stages as JsonObject[]).map((stage, i) => {
    const endsMs = beginsMs + lengthsMs[i]!;
    const scaled = { ...stage, duration: formatDuration(endOf(endsMs) - endOf(beginsMs)) };
    beginsMs = endsMs;
    return scaled;
  });
  return ['stages'];
}

/** As they are gone through: what is scaled is written out. */
function stagesIn({ stages }: JsonObject, start: unknown): readonly unknown[] {
  return listStages(stages, start).map(({ stage }) => stage);
}
