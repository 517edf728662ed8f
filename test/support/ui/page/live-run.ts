import type { RunView } from '../../../../src/live/run-in-progress.ts';
import type { PlanOnPage, ViewOnPage } from '../../../../src/ui/page/messages.ts';

export const start = 1_790_000_000;
export const plan: PlanOnPage = {
  frame: {
    startAt: start * 1_000 + 400,
    publishAt: (start + 2) * 1_000,
    publishEndAt: (start + 12) * 1_000,
    endAt: (start + 15) * 1_000,
  },
  target: [
    [(start + 2) * 1_000, 0],
    [(start + 12) * 1_000, 100],
  ],
  devices: 20,
  slices: 3,
  messages: 500,
  due: 'intended',
  acknowledged: true,
  hasArrivals: true,
  secondsPerStep: 2,
  quotas: [{ name: 'PublishIn', unit: '/s', limit: 50, usedBy: 'published' }],
  controls: { leadMs: 1_500, isRehearsal: true, settings: [], networks: [] },
  groups: [],
  kinds: [],
  observesPresence: false,
};
export const step = { p50: 3, p90: 5, p99: 9, max: 9, heat: [50, 4] };

export function viewOf(run: Partial<RunView>): ViewOnPage {
  return {
    phase: 'publishing',
    elapsedShare: 0.5,
    timeLeft: '7 s left',
    connected: 20,
    connectFailed: 0,
    plannedUsers: null,
    isPublishing: true,
    endToEndP99Ms: 9,
    messages: {
      intended: 102,
      sent: 99,
      dropped: 1,
      waiting: 2,
      acked: 90,
      throttled: 0,
      failed: 0,
      unanswered: 9,
      received: 95,
      duplicates: 0,
      notArrived: 4,
    },
    fleet: {},
    marks: [],
    run: {
      revision: 1,
      slices: 'p.x',
      groups: [],
      kinds: [],
      reportedUntil: 0,
      seconds: [],
      latency: { end_to_end_latency: [], puback_round_trip: [], pubcomp_round_trip: [], response_time: [] },
      ...run,
    },
  };
}
export const second = (at: number, sent: number) => ({
  second: start + at,
  intended: sent,
  sent,
  acked: sent,
  arrivals: sent,
  published: sent,
  connects: 0,
  connected: 20,
});
