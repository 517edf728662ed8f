import { describe, expect, it } from '@jest/globals';
import { liftedCeilings, parseCeilings } from '../../../../src/plan/ceilings.ts';
import { defaultDeployment } from '../../../../src/plan/deployment.ts';
import { readStoredReport } from '../../../../src/report/stored/read-report.ts';
import { readStored } from '../../../../src/report/stored/read-stored.ts';
import { makeTestPlan } from '../../../support/device/make-run.ts';
import { planOf, resultOf, windowOf } from '../../../support/measure/run-fixture.ts';
import { reportOf, runOf } from '../../../support/report/report-fixture.ts';
import { withSearch } from '../../../support/search/search-plan.ts';
import { runSearched } from '../../../support/search/searched-run.ts';

const plan = planOf();
const report = reportOf(runOf());
const result = resultOf(plan, 0);
const window = windowOf(plan, [[0, 1]]);

/** The same with another value at a path; undefined takes it out. */
function changed(value: unknown, path: string, to: unknown): string {
  const copy = JSON.parse(JSON.stringify(value));
  const names = path.split('.');
  const last = names.pop()!;
  let at = copy;
  for (const name of names) at = at[name];
  if (to === undefined) delete at[last];
  else at[last] = to;
  return JSON.stringify(copy);
}

describe('readStored', () => {
  it('reads what Stampede writes, as it was', async () => {
    const same = (value: unknown) => JSON.parse(JSON.stringify(value));
    expect(await readStored('plan', JSON.stringify(plan), 'f')).toEqual(same(plan));
    expect(await readStoredReport(JSON.stringify(report), 'f')).toEqual(same(report));
    expect(await readStored('sliceResult', JSON.stringify(result), 'f')).toEqual(same(result));
    expect(await readStored('arrivalWindow', JSON.stringify(window), 'f')).toEqual(same(window));
  });

  it('reads what slices and readers store of a run with a search, as it was', async () => {
    const { results, windows } = await runSearched(withSearch(makeTestPlan({ seconds: 2 })), {
      behaviour: { publish: (_device, n) => (n % 3 === 0 ? 'throttled' : n % 5 === 0 ? undefined : 3) },
    });
    const [searched] = results.map((each) => ({
      ...each,
      holds: { ...each.holds!, cpuShare: { 1788257413: 0.25 } },
    }));
    const text = JSON.stringify(searched);
    expect(await readStored('sliceResult', text, 'f')).toEqual(JSON.parse(text));
    const first = JSON.stringify(windows[0]);
    expect(await readStored('arrivalWindow', first, 'f')).toEqual(JSON.parse(first));
    expect(JSON.parse(first).dueSeconds).toBeDefined();
  });

  it('leaves out what this version does not know', async () => {
    const text = changed(report, 'rates.later', { any: ['thing'] });
    expect(await readStoredReport(text, 'f')).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it('reads the plan of a stack without ceilings', async () => {
    const ceilings = parseCeilings(liftedCeilings)!;
    const deployment = { ...defaultDeployment, ceilings };
    const text = JSON.stringify({ ...plan, deployment });
    expect((await readStored('plan', text, 'f')).deployment?.ceilings).toEqual(ceilings);
  });

  it('reads the plan of a run from before a target had a kind', async () => {
    const target = { endpoints: [{ scheme: 'mqtts', host: 'h', port: 8883 }], dataUrl: 'https://h' };
    const { target: read } = await readStored('plan', JSON.stringify({ ...plan, target }), 'f');
    expect(read).toEqual({
      kind: 'aws-iot',
      endpoints: [{ scheme: 'mqtts', host: 'h', port: 8883, auth: 'x509' }],
      dataUrl: 'https://h',
    });
  });

  it('keeps each member of a union whole', async () => {
    const readers = { mode: 'provisioned', minimumPollers: 2, maximumPollers: 250 };
    const deployment = {
      subscriber: 'queue',
      arrivals: { batchSize: 2_000, batchWindowSeconds: 1, readers },
      stream: { mode: 'provisioned', shards: 25 },
    };
    const text = JSON.stringify({ ...plan, deployment });
    expect((await readStored('plan', text, 'f')).deployment).toEqual(deployment);
  });

  it.each([
    ['report', changed(report, 'version', 1), /it is of version 1, and this Stampede reads version 2/],
    ['plan', changed(plan, 'version', 2), /it is of version 2, and this Stampede reads version 1/],
    ['sliceResult', changed(result, 'version', 1), /it is of version 1, and this Stampede reads version 2/],
    ['arrivalWindow', changed(window, 'version', 1), /it is of version 1, and this Stampede reads version 2/],
    ['report', changed(report, 'name', [{ markup: '<img>' }]), /name must be string/],
    ['report', changed(report, 'messages.sent', undefined), /messages must have required property 'sent'/],
    ['report', changed(report, 'verdict', 'great'), /verdict must be one of passed, inconclusive/],
    ['report', changed(report, 'timeline.startAt', -1e15), /timeline has instants that are out of order/],
    ['report', changed(report, 'startedAt', '2026-99-99T00:00:00Z'), /a date is none/],
    ['report', changed(report, 'startedAt', '<b>'), /startedAt must match pattern/],
    ['report', changed(report, 'perSecond.sent', new Array(20_000).fill(1)), /must NOT have more than 10000/],
    ['plan', changed(plan, 'slices.count', 1e9), /slices.count must be a whole number from 1 to 40/],
    ['plan', changed(plan, 'load.messages', 9e15), /load.messages is 9000000000000000, and the profile's/],
    ['plan', changed(plan, 'timeline.deadlineAt', 8e15), /timeline has instants/],
    ['plan', JSON.stringify(plan).replace('"devices":40', '"devices":1e999'), /devices must be number|<= /],
    [
      'plan',
      JSON.stringify(plan).replace(/"payload":\{/, `$&"x":${'['.repeat(1e5)}${']'.repeat(1e5)},`),
      /nested/,
    ],
    ['sliceResult', changed(result, 'streams.0.sent', 'all'), /streams.0.sent must be array/],
    ['sliceResult', changed(result, 'latencies.connect', null), /latencies.connect must be object/],
    ['arrivalWindow', changed(window, 'seen', { 0: [1, 'x'] }), /seen.0.1 must be number/],
    ['sliceDeath', '{"slice":0,"leg":0,"failure":{"Error":5}}', /failure.Error must be string/],
    ['injectedFaults', '{"choices":{},"events":[{}]}', /events.0 must have required property/],
    ['report', '[]', /it must be object/],
    ['report', 'null', /it must be object/],
    ['report', '{"version":', /it is no JSON/],
  ] as const)('says where a %s is wrong, and exits with 2', async (kind, text, message) => {
    const read = () =>
      kind === 'report'
        ? readStoredReport(text, 'runs/r/file.json')
        : readStored(kind, text, 'runs/r/file.json');
    await expect(read()).rejects.toMatchObject({
      code: 'UnreadableFile',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
    await expect(read()).rejects.toThrow(/^runs\/r\/file.json cannot be read/);
  });
});
