import { RunNotFoundError } from '../aws/bucket.ts';
import type { InfluxSettings } from '../aws/influx-token.ts';
import { makeInfluxWriter } from '../aws/influx-writer.ts';
import { lineOf } from '../aws/live-line.ts';
import type { RunStore } from '../aws/run-store.ts';
import { arrivalPoints } from '../live/live-arrivals.ts';
import { makeSlicePoints, type SliceSnapshot } from '../live/live-slice.ts';
import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { Announcement } from '../plan/actions/action.ts';
import { groupOfSlice } from '../plan/groups.ts';
import { observersOf } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import type { LiveDelivery, Report } from '../report/report-model.ts';
import type { Clock } from '../shared/clock.ts';
import { formatPlural } from '../shared/format.ts';
import { openLiveQueue } from './live-queue.ts';
import { resendLiveOverflow } from './live-resend.ts';
import { actionPoint, runCoursePoints, runStopPoint } from './live-run-points.ts';

/**
 * The live view. A run without InfluxDB, or with InfluxDB down, is not delayed and its report is complete. Points that
 * InfluxDB cannot take are written to the run store. No promise of it rejects.
 */
export interface LiveView {
  /** Points are sent beside the load, never in the send path. */
  openSlice(plan: Plan, slice: number, leg?: number): SliceView;
  /** A batch that is already in the run store. */
  arrivals(window: ArrivalWindow): Promise<void>;
  /** The end of a run: what was written to the run store is sent, if it can be. */
  conclude(plan: Plan, report: Report): Promise<LiveDelivery>;
}

export interface SliceView {
  add(snapshot: SliceSnapshot): void;
  /** An action that was issued while the run goes on: an annotation, which the first slice writes. */
  addAction(action: Announcement): void;
  close(): Promise<void>;
}

export interface LiveViewDeps {
  readonly store: RunStore;
  readonly clock: Clock;
  /** 0–1: spreads out the requests of slices. */
  readonly random: () => number;
}

export function makeLiveView(settings: InfluxSettings | undefined, deps: LiveViewDeps): LiveView {
  return settings === undefined ? noLiveView : makeInfluxView(settings, deps);
}

const nothingLeft: LiveDelivery = { resentPoints: 0, refusedPoints: 0, leftPoints: 0 };

const noLiveView: LiveView = {
  openSlice: () => ({ add: () => undefined, addAction: () => undefined, close: async () => undefined }),
  arrivals: async () => undefined,
  conclude: async () => nothingLeft,
};

/**
 * Milliseconds between two requests of a slice: one second. With more than 1,000 slices it is longer, so that all of them
 * together send 1,000 requests a second; ten seconds at most.
 */
function flushEveryMsOf({ slices }: Plan): number {
  return Math.min(10_000, Math.max(1_000, slices.count));
}

/** By then every slice has made its points of the second before: a subscriber looks ten times a second. */
const pointsWithinMs = 120;

/**
 * Where in its interval a slice sends: soon after a second is over, and spread out so far that all slices together still send 1,000
 * requests a second.
 * @param random 0–1
 */
function phaseMsOf(plan: Plan, random: number): number {
  return pointsWithinMs + random * Math.min(flushEveryMsOf(plan), plan.slices.count);
}

/** Plans are kept for this many runs. A subscriber counts messages of one or two at a time. */
const maxPlans = 8;

function makeInfluxView(settings: InfluxSettings, { store, clock, random }: LiveViewDeps): LiveView {
  const writer = makeInfluxWriter(settings);
  const plans = new Map<string, Promise<Plan>>();

  const say = (what: string): void =>
    console.warn(`live view: ${what}; last answer of InfluxDB: ${writer.lastError ?? 'none'}`);

  const writeOverflow = async (
    runId: string,
    name: string,
    lines: readonly string[],
    isWhole: boolean,
  ): Promise<void> => {
    try {
      const { lastStatus: status } = writer;
      await store.putLiveOverflow(runId, { name, lines, isWhole, status });
      say(`${formatPlural(lines.length, 'point')} of run ${runId} written to the run store (${name})`);
    } catch (error) {
      say(
        `${formatPlural(lines.length, 'point')} of run ${runId} lost: the run store did not take them either (${error})`,
      );
    }
  };

  const planOf = (runId: string): Promise<Plan> => {
    let plan = plans.get(runId);
    if (plan === undefined) {
      plan = store.getPlan(runId);
      plans.set(runId, plan);
      // A read that failed is tried again for the next batch.
      plan.catch(() => plans.delete(runId));
      for (const oldest of plans.keys()) {
        if (plans.size <= maxPlans) break;
        plans.delete(oldest);
      }
    }
    return plan;
  };

  /** At once or not at all: nothing runs between two invocations that could try again. */
  const sendNow = async (runId: string, name: string, lines: readonly string[]): Promise<void> => {
    const outcome = writer.isUnavailable ? 'unavailable' : await writer.post(lines);
    if (outcome === 'refused') say(`${formatPlural(lines.length, 'point')} of run ${runId} refused`);
    if (outcome === 'unavailable') await writeOverflow(runId, name, lines, true);
  };

  return {
    openSlice(plan, slice, leg = 0) {
      const { runId } = plan;
      let overflows = 0;
      const queue = openLiveQueue({
        writer,
        clock,
        flushEveryMs: flushEveryMsOf(plan),
        phaseMs: phaseMsOf(plan, random()),
        writeOverflow: (lines, isWhole) =>
          writeOverflow(
            runId,
            `slice-${slice}-${leg === 0 ? '' : `leg-${leg}-`}${overflows++}`,
            lines,
            isWhole,
          ),
        onRefused: (lines) => say(`${formatPlural(lines, 'point')} of slice ${slice} refused`),
      });
      const pointsOf = makeSlicePoints(groupOfSlice(plan, slice), leg);
      // The first slice writes the run's course, so that it is available before the run ends.
      if (slice === 0) queue.add(runCoursePoints(plan).map(lineOf));
      return {
        add(snapshot) {
          try {
            queue.add(pointsOf(snapshot).map(lineOf));
          } catch (error) {
            say(`second ${snapshot.second} of slice ${slice} is not shown: ${error}`);
          }
        },
        addAction(action) {
          if (slice !== 0) return;
          try {
            queue.add([lineOf(actionPoint(plan, action))]);
          } catch (error) {
            say(`an action of run ${runId} is not shown: ${error}`);
          }
        },
        close: () => queue.close(),
      };
    },
    async arrivals(window) {
      const { runId } = window;
      try {
        const plan = await planOf(runId);
        // Another observer sees the same messages.
        if (observersOf(plan)[0]?.name !== window.observer) return;
        const lines = arrivalPoints(plan, window).map(lineOf);
        await sendNow(runId, `arrivals-${window.window}`, lines);
      } catch (error) {
        // Any client can name a run in a message. One without a plan is not a run of Stampede's.
        if (!(error instanceof RunNotFoundError)) say(`arrivals of run ${runId} are not shown: ${error}`);
      }
    },
    async conclude(plan, report) {
      const { runId } = plan;
      try {
        const points = [...runCoursePoints(plan), runStopPoint(plan, report)];
        // Also those that the first slice did not live to write.
        for await (const action of store.actions(runId)) points.push(actionPoint(plan, action));
        const lines = points.map(lineOf);
        await sendNow(runId, 'summary', lines);
        const delivery = await resendLiveOverflow({ runId, slices: plan.slices.count, store, writer });
        if (delivery.refusedPoints > 0)
          say(`${formatPlural(delivery.refusedPoints, 'point')} of the run store refused`);
        if (delivery.leftPoints > 0)
          say(`${formatPlural(delivery.leftPoints, 'point')} of run ${runId} still in the run store`);
        return delivery;
      } catch (error) {
        say(`the end of run ${runId} is not shown: ${error}`);
        return nothingLeft;
      }
    },
  };
}
