import { describe, expect, it } from '@jest/globals';
import type { RunView } from '../../../../src/live/run-in-progress.ts';
import { drawingsOf } from '../../../../src/ui/page/live-drawing.ts';
import { LiveState } from '../../../../src/ui/page/live-state.ts';
import type { ViewOnPage } from '../../../../src/ui/page/messages.ts';
import { plan, second, start, step, viewOf } from '../../../support/ui/page/live-run.ts';

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
    drawingsOf(new LiveState({ ...plan, groups: planned }), viewOf(view))['groups-table']().markup;

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
      return drawingsOf(state, view).tiles().markup;
    };
    const seconds = [{ ...second(5, 10), users: 4 }];
    const users = /<dt>active users<\/dt><dd>([\d,]+) <small>([^<]*)</;
    expect(users.exec(tilesOf(9, { seconds, reportedUntil: start + 7 }))!.slice(1)).toEqual(['4', 'of 9']);
    expect(users.exec(tilesOf(9, {}))!.slice(1)).toEqual(['0', 'of 9']);
    expect(tilesOf(null, {})).not.toMatch(users);
  });

  it('is below the holds of a search, each in the tone of its outcome, where the run searches', () => {
    const tableOf = (search: Partial<ViewOnPage>) =>
      drawingsOf(new LiveState(plan), { ...viewOf({}), ...search })['search-table']().markup;
    expect(tableOf({})).toBe('');
    const hold = { step: 4, level: '1,100/s', outcome: 'failed' as const, next: 'next 1,050/s' };
    const markup = tableOf({
      search: { figures: ['hold 5: 1,050/s for 3 s'], holds: [{ ...hold, details: 'p(99) 231 ms ≥ <200>' }] },
    });
    expect(markup).toContain('<tr class="bad">');
    expect(markup).toContain('Search: hold 5: 1,050/s for 3 s');
    expect(markup).toContain('p(99) 231 ms ≥ &lt;200&gt;');
  });

  it('is below tiles of commands and presence, where the plan has them', () => {
    const tilesOf = (planned: Partial<typeof plan>, fleet: ViewOnPage['fleet']) => {
      const view = { ...viewOf({}), fleet };
      const { markup } = drawingsOf(new LiveState({ ...plan, ...planned }), view)['fleet-tiles']();
      return [...markup.matchAll(/<dt>([^<]*)<\/dt><dd>([\d,]+) <small>([^<]*)</g)].map(([, ...texts]) =>
        texts.join(' ').trim(),
      );
    };
    const counts = {
      intended: 300,
      sent: 1_250,
      dropped: 2,
      acked: 0,
      throttled: 0,
      failed: 0,
      unacknowledged: 0,
    };
    const commands = { ...counts, delivered: 1_190, offline: 55, replied: 700, timed_out: 9 };
    const planned = { commands: { planned: 3_000, haveReplies: true } };
    expect(tilesOf(planned, { commands })).toEqual([
      'commands sent 1,250 of 3,000',
      'commands delivered 1,190',
      'offline 55',
      'commands dropped 2',
      'replied 700',
      'timed out 9',
    ]);
    expect(tilesOf({ commands: { planned: 4, haveReplies: false }, observesPresence: true }, {})).toEqual([
      'commands sent 0 of 4',
      'commands delivered 0',
      'offline 0',
      'connects observed 0',
      'disconnects observed 0',
    ]);
    expect(tilesOf({ observesPresence: true }, { presence: { connects: 40, disconnects: 3 } })).toEqual([
      'connects observed 40',
      'disconnects observed 3',
    ]);
    expect(tilesOf({}, {})).toEqual([]);
  });

  const kind = { name: 'alarm', messages: 50, acknowledged: true };
  const reported = { ...ofMeters, kind: 'alarm', arrivals: 37 };
  const cellsOf = (run: Partial<RunView>, planned: Partial<typeof plan>) => {
    const state = new LiveState({ ...plan, ...planned });
    const { markup } = drawingsOf(state, viewOf(run))['groups-table']();
    return [...markup.matchAll(/<t[hd](?: scope="\w+")? class="\w+">([^<]*)</g)].map(([, text]) => text);
  };

  it('has the kinds of message of each group under it, with their arrivals', () => {
    const kinds = [
      { ...kind, group: 'meters' },
      { ...kind, group: 'gateways', acknowledged: false },
    ];
    const nameless = { ...groups[0]!, name: 'trackers' };
    const run = { kinds: [{ ...reported, group: 'meters' }] };
    expect(cellsOf(run, { groups: [...groups, nameless], kinds })).toEqual([
      ...['Group', 'Devices connected', 'Sent', 'Acknowledged', 'Throttled', 'Failed', 'Dropped', 'Arrivals'],
      ...['meters', '0 of 15', '0 of 400', '0', '0', '0', '0', '37'],
      ...['meters / alarm', '–', '38 of 50', '30', '1', '0', '2', '37'],
      ...['gateways', '0 of 5', '0 of 100', '–', '0', '0', '0', '0'],
      ...['gateways / alarm', '–', '0 of 50', '–', '0', '0', '0', '0'],
      ...['trackers', '0 of 15', '0 of 400', '0', '0', '0', '0', '–'],
    ]);
  });

  it('is of kinds of message alone where the profile names no groups', () => {
    expect(cellsOf({ kinds: [reported] }, { kinds: [kind] })).toEqual([
      ...['Kind', 'Sent', 'Acknowledged', 'Throttled', 'Failed', 'Dropped', 'Arrivals'],
      ...['alarm', '38 of 50', '30', '1', '0', '2', '37'],
    ]);
  });

  it('is empty where the profile names no groups and no kinds', () => {
    expect(tableOf({}, [])).toBe('');
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
      reportedUntil: start + 4,
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
