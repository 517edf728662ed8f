import type { BrokenObjective, JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import { isDraining } from '../../../src/plan/search/objective/control-level.ts';
import { holdObjective } from '../../../src/plan/search/objective/hold-objective.ts';
import { overloadThreshold } from '../../../src/plan/search/objective/objective-expression.ts';
import { makeStep } from '../../../src/plan/search/step-actions.ts';
import type { ObjectiveSearch } from '../../../src/profile/search.ts';
import type { Random } from '../../../src/shared/random.ts';
import type { ServedMessage, SimulatedService } from './services.ts';

export const objectiveSearch: ObjectiveSearch = {
  kind: 'objective',
  of: 'rate',
  from: 100,
  to: 5_000,
  metric: 'end_to_end_latency',
  aggregation: 'p',
  percentile: 99,
  at: 500,
  forMs: 300_000,
  settleMs: 1_000,
  holdMs: 3_000,
  precision: 0.25,
};

/** The delays of a rehearsal, milliseconds. */
export interface HeldDelays {
  /** From an interval's end until what was measured in it can be read. */
  readonly knownMs: number;
  readonly pollMs: number;
  readonly leadMs: number;
}

const ofRehearsal: HeldDelays = { knownMs: 1_500, pollMs: 1_200, leadMs: 800 };
/** What has not come after so long is judged all the same. */
const waitMs = 10_000;
const refusal: BrokenObjective = { metric: 'throttled_messages', expression: 'count==0', actual: 1 };

/** Holds an objective of a simulated service by messages that come at random. @returns all intervals that were judged */
export function holdService(
  service: SimulatedService,
  settings: ObjectiveSearch,
  random: Random,
  delays: HeldDelays = ofRehearsal,
): readonly JudgedHold[] {
  const messages: ServedMessage[] = [];
  const judged: JudgedHold[] = [];
  let now = 0;
  let level = settings.from;
  let nextAt = 0;
  /** Messages come until then, at the level that is in effect. */
  const comeUntil = (untilMs: number): void => {
    for (; nextAt < untilMs; nextAt += (-Math.log(1 - random()) * 1_000) / level) {
      const message: ServedMessage = { at: nextAt };
      messages.push(message);
      service.arrive(message);
    }
    service.advance(untilMs);
    now = Math.max(now, untilMs);
  };
  let first = 0;
  for (let at = 0; ; at = now + delays.leadMs) {
    const next = holdObjective(settings, judged);
    if ('ended' in next) return judged;
    comeUntil(at);
    level = next.level;
    const step = makeStep(settings, next, { step: judged.length, at });
    if (step.holdUntil > settings.forMs) return judged;
    for (let look = step.holdUntil + delays.knownMs; ; look += delays.pollMs) {
      comeUntil(look);
      while (messages[first] !== undefined && messages[first]!.at < step.holdFrom) first++;
      const end = messages.findIndex(({ at: dueAt }, i) => i >= first && dueAt >= step.holdUntil);
      const due = messages.slice(first, end === -1 ? undefined : end);
      const hold = judge(settings, step, due, look - delays.knownMs);
      const mayGoOn = hold.isComplete || look >= step.holdUntil + waitMs;
      if (!mayGoOn && (isDraining(step.move) || hold.outcome !== 'failed')) continue;
      judged.push(hold);
      break;
    }
  }
}

function judge(
  settings: ObjectiveSearch,
  step: ReturnType<typeof makeStep>,
  due: readonly ServedMessage[],
  knownUntil: number,
): JudgedHold & { readonly isComplete: boolean } {
  const refused = due.filter(({ isRefused }) => isRefused === true).length;
  const taken = due.filter(({ isRefused }) => isRefused !== true);
  const latencies = taken.map(({ at, doneAt = Number.POSITIVE_INFINITY }) =>
    doneAt <= knownUntil ? doneAt - at : Math.max(0, knownUntil - step.holdUntil),
  );
  latencies.sort((a, b) => a - b);
  const share = (settings.percentile ?? 50) / 100;
  const objectiveMs = latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? null;
  const broke = [
    ...(refused > 0 ? [refusal] : []),
    ...((objectiveMs ?? 0) > 2 * settings.at
      ? [{ ...overloadThreshold(settings), actual: objectiveMs }]
      : []),
  ];
  const received = taken.filter(({ doneAt = Number.POSITIVE_INFINITY }) => doneAt <= knownUntil).length;
  return {
    ...step,
    isComplete: received === taken.length,
    outcome: due.length === 0 ? 'void' : broke.length > 0 ? 'failed' : 'passed',
    broke,
    objectiveMs,
    figures: {
      intended: due.length,
      sent: due.length,
      acked: taken.length,
      throttled: refused,
      failed: 0,
      dropped: 0,
      received,
      lost: 0,
      notYetAccounted: taken.length - received,
      perSecond: (received * 1_000) / settings.holdMs,
      sentPerSecond: (due.length * 1_000) / settings.holdMs,
      latencyMs: {},
    },
  };
}
