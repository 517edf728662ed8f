import type { Plan } from '../../plan/plan.ts';
import type { Preflight } from '../../plan/preflight.ts';
import type { Repeats } from '../../report/repeats.ts';
import type { Report } from '../../report/report-model.ts';
import { type Progress, phaseOf } from '../run/progress.ts';
import type { ProgressDisplay } from './progress-display.ts';

/** A run as lines of JSON, for programs: `run`, then `progress` each second and at each new phase, then `report`. */
export interface JsonLines extends ProgressDisplay {
  /** @param place where it runs, by name */
  began(plan: Plan, place: Readonly<Record<string, string>>, preflight: Pick<Preflight, 'cost'>): void;
  /** @param files of the report */
  ended(report: Report, files: readonly string[]): void;
  /** After the last run of a series: `repeats`. */
  repeated(repeats: Repeats, files: readonly string[]): void;
}

const progressEveryMs = 1_000;

/** @param quiet only the `report` line */
export function makeJsonLines(write: (line: string) => void, quiet: boolean): JsonLines {
  const put = (event: string, rest: object): void => write(`${JSON.stringify({ event, ...rest })}\n`);
  const putUnlessQuiet = quiet ? () => undefined : put;
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastPhase = '';
  return {
    began({ runId, profile, load, slices }, place, { cost }) {
      const { name, devices } = profile;
      const { messages, peakPerSecond } = load;
      putUnlessQuiet('run', {
        runId,
        name,
        devices,
        slices: slices.count,
        messages,
        peakPerSecond,
        ...place,
        ...(cost.isCharged ? { forecastUsd: cost.totalUsd } : {}),
      });
    },
    show(progress) {
      const phase = phaseOf(progress);
      if (progress.now - lastAt < progressEveryMs && phase === lastPhase) return;
      lastAt = progress.now;
      lastPhase = phase;
      putUnlessQuiet('progress', progressLine(progress));
    },
    say: (text) => putUnlessQuiet('logged', { text }),
    end: () => undefined,
    ended: (report, files) => put('report', { files, report }),
    repeated: (repeats, files) => put('repeats', { files, repeats }),
  };
}

function progressLine(progress: Progress): object {
  const { now, totals, slices, cloudwatch, sentPerSecond, intendedPerSecond } = progress;
  return {
    at: new Date(now).toISOString(),
    phase: phaseOf(progress),
    sentPerSecond: Math.round(sentPerSecond),
    intendedPerSecond: Math.round(intendedPerSecond),
    ...totals,
    ...(slices === undefined ? {} : { slices }),
    ...(cloudwatch === undefined ? {} : { cloudwatch }),
  };
}
