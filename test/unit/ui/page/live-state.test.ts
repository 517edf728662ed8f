import { describe, expect, it } from '@jest/globals';
import type { RunView } from '../../../../src/live/run-in-progress.ts';
import { drawingsOf } from '../../../../src/ui/page/live-drawing.ts';
import { LiveState } from '../../../../src/ui/page/live-state.ts';
import type { PlanOnPage, ViewOnPage } from '../../../../src/ui/page/messages.ts';

const start = 1_790_000_000;
const plan: PlanOnPage = {
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
  quotas: [{ name: 'PublishIn', unit: '/s', limit: 50, usedBy: 'sent' }],
  groups: [],
};
const step = { p50: 3, p90: 5, p99: 9, max: 9, heat: [50, 4] };

function viewOf(run: Partial<RunView>): ViewOnPage {
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
    run: {
      revision: 1,
      slices: 'p.x',
      groups: [],
      reportedUntil: 0,
      seconds: [],
      latency: { end_to_end_latency: [], puback_round_trip: [], pubcomp_round_trip: [], response_time: [] },
      ...run,
    },
  };
}
const second = (at: number, sent: number) => ({
  second: start + at,
  intended: sent,
  sent,
  acked: sent,
  arrivals: sent,
  connects: 0,
  connected: 20,
});

describe('the table of device groups', () => {
  const groups = [
    { name: 'meters', devices: 15, messages: 400, acknowledged: true },
    { name: 'gateways', devices: 5, messages: 100, acknowledged: false },
  ];
  const ofMeters = {
    intended: 40,
    sent: 38,
    acked: 30,
    dropped: 2,
    throttled: 1,
    failed: 0,
    unacknowledged: 0,
  };
  const tableOf = (view: Partial<RunView>, planned = groups) =>
    drawingsOf(new LiveState({ ...plan, groups: planned }), viewOf(view))['groups-table']!().markup;

  it('has a row for each group of the profile, also before its slices have reported', () => {
    const markup = tableOf({ groups: [{ group: 'meters', ...ofMeters, connects: 14, connectFailed: 1 }] });
    const cells = [...markup.matchAll(/<t[hd](?: scope="row")? class="\w+">([^<]*)</g)].map(
      ([, text]) => text,
    );
    expect(cells).toEqual([
      ...['meters', '14 of 15', '38 of 400', '30', '1', '0', '2'],
      ...['gateways', '0 of 5', '0 of 100', '–', '0', '0', '0'],
    ]);
  });

  it('is beside a tile of users, also while there are none, where the plan has users', () => {
    const tilesOf = (plannedUsers: number | null, run: Partial<RunView>) => {
      const state = new LiveState(plan);
      const view = { ...viewOf(run), plannedUsers };
      state.take(view);
      return drawingsOf(state, view).tiles!().markup;
    };
    const seconds = [{ ...second(5, 10), users: 4 }];
    const users = /<dt>active users<\/dt><dd>([\d,]+) <small>([^<]*)</;
    expect(users.exec(tilesOf(9, { seconds, reportedUntil: start + 7 }))!.slice(1)).toEqual(['4', 'of 9']);
    expect(users.exec(tilesOf(9, {}))!.slice(1)).toEqual(['0', 'of 9']);
    expect(tilesOf(null, {})).not.toMatch(users);
  });

  it('is empty where the profile names no groups', () => {
    expect(tableOf({}, [])).toBe('');
  });
});

describe('what the page has of a run', () => {
  it('is all views together, the newer word for a second over the older', () => {
    const state = new LiveState(plan);
    state.take(viewOf({ reportedUntil: start + 5, seconds: [second(2, 10), second(3, 5)] }));
    state.take(viewOf({ reportedUntil: start + 6, seconds: [second(3, 20), second(4, 30)] }));
    expect(state.rates()).toMatchObject({ startSecond: start + 2, sent: [10, 20, 30] });
  });

  it('leaves out seconds that not every slice has reported, and those before the start', () => {
    const state = new LiveState(plan);
    state.take(viewOf({ reportedUntil: start + 5, seconds: [second(-3, 1), second(3, 20), second(4, 7)] }));
    expect(state.rates()).toMatchObject({ startSecond: start + 3, sent: [20] });
    expect(state.useOf(plan.quotas[0]!)).toEqual({ now: 20, peak: 20 });
  });

  it('takes a minute in place of its seconds, and keeps the busiest of them', () => {
    const minute = start - (start % 60) + 60;
    const at = minute - start;
    const until = at + 64;
    const state = new LiveState(plan);
    const singles = Array.from({ length: 63 }, (_, i) => second(at + i, i === 7 ? 50 : 2));
    state.take(viewOf({ reportedUntil: start + until, seconds: singles }));
    const before = state.rates();
    expect(before.sent).toHaveLength(63);
    const folded = {
      ...second(at, 60 * 2 + 48),
      connected: 60 * 20,
      seconds: 60,
      peaks: { sent: 50, connects: 0, connected: 20 },
    };
    state.take(viewOf({ reportedUntil: start + until, seconds: [folded] }));
    const after = state.rates();
    expect(after.startSecond).toBe(before.startSecond);
    expect(after.sent).toHaveLength(63);
    expect(after.sent.reduce((sum, rate) => sum + rate)).toBeCloseTo(
      before.sent.reduce((sum, rate) => sum + rate),
    );
    expect(after.sent[0]).toBeCloseTo(2.8);
    expect(state.useOf(plan.quotas[0]!)).toEqual({ now: 2, peak: 50 });
  });

  it('keeps the place of steps without samples', () => {
    const state = new LiveState(plan);
    const latency = {
      end_to_end_latency: [
        { second: start + 2, step },
        { second: start + 8, step },
      ],
      puback_round_trip: [],
      pubcomp_round_trip: [],
      response_time: [],
    };
    state.take(viewOf({ latency }));
    const { startSecond, secondsPerStep, steps } = state.latencyOverTime('end_to_end_latency');
    expect([startSecond, secondsPerStep, steps.map(({ p50 }) => p50)]).toEqual([
      start + 2,
      2,
      [3, null, null, 3],
    ]);
  });
});

describe('the time that is shown', () => {
  it('grows with the run, up to its end', () => {
    const long = { ...plan, frame: { ...plan.frame, endAt: (start + 600) * 1_000 } };
    const state = new LiveState(long);
    const shownAt = (second: number) => {
      state.take(viewOf({ reportedUntil: start + second }));
      return (state.frameSoFar().endAt - long.frame.startAt) / 1_000;
    };
    expect([3, 25, 26, 300].map(shownAt)).toEqual([30, 30, 60, 360]);
    expect(shownAt(599)).toBeCloseTo(599.6);
  });
});

const drawLive = (state: LiveState, view: ViewOnPage) =>
  Object.fromEntries(Object.entries(drawingsOf(state, view)).map(([id, drawing]) => [id, drawing()]));

describe('the drawing of a run', () => {
  it('fills every place, from the first view on', () => {
    const state = new LiveState(plan);
    const first = viewOf({});
    state.take(first);
    const empty = drawLive(state, first);
    for (const id of ['tiles', 'rate-plot', 'slices-plot', 'ledger-plot', 'quotas-table']) {
      expect(empty[id]!.markup).not.toMatch(/NaN|Infinity|undefined|^$/);
    }
    expect(empty['latency-plots']!.markup).toBe('');
  });

  it('shows slices by state, what is in flight as such, and a quota that is passed', () => {
    const state = new LiveState(plan);
    const view = viewOf({
      reportedUntil: start + 5,
      seconds: [second(3, 60), second(4, 55)],
      latency: {
        end_to_end_latency: [{ second: start + 2, step }],
        puback_round_trip: [],
        pubcomp_round_trip: [],
        response_time: [],
      },
    });
    state.take(view);
    const drawn = drawLive(state, view);
    expect(drawn['slices-plot']!.markup).toContain('3 slices: 1 starting, 1 publishing, 1 failed.');
    expect(drawn['slices-plot']!.markup).toContain('without a word for too long: 2.');
    expect(drawn['ledger-plot']!.markup).toContain('4 not arrived yet');
    // Plot, tile and table speak of the same second.
    expect(drawn.tiles!.markup).toContain('<dd>60.0 <small>of 60.0 a second</small></dd>');
    expect(drawn['quotas-table']!.markup).toContain('60/s');
    const draining = drawLive(state, { ...view, isPublishing: false });
    expect(draining.tiles!.markup).toContain('<dt>sending</dt><dd>–');
    expect(drawn['quotas-table']!.markup).toContain('class="warning"');
    expect(drawn['latency-plots']!.markup).toContain('heatmap-end_to_end_latency');
  });
});
