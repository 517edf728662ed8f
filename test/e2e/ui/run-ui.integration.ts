import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, startCli, type Workplace } from '../../support/cli/run-cli.ts';
import { openSession } from '../../support/ui/session-cookie.ts';
import { until } from '../../support/until.ts';

const tiny = {
  name: 'tiny',
  devices: 20,
  ratePerSecond: 40,
  duration: '3s',
  drain: '1s',
  slices: { devicesPerSlice: 10 },
  thresholds: { lost_messages: ['count==0'] },
};

describe('stampede run --ui --json', () => {
  let workplace: Workplace;
  beforeAll(() => {
    workplace = makeWorkplace();
  });
  afterAll(() => workplace.remove());

  it('prints lines for programs and serves a page for people, which stays until Ctrl-C', async () => {
    const file = workplace.writeProfile('tiny.json', tiny);
    const cli = startCli([
      'run',
      file,
      '--runs',
      `${workplace.directory}/runs`,
      '--ui',
      '--ui-port',
      '0',
      '--json',
    ]);
    let stdout = '';
    cli.child.stdout!.on('data', (text: string) => {
      stdout += text;
    });
    const events = () =>
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);

    await until(() => /http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]+/.test(stdout));
    const [link] = /http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]+/.exec(stdout)!;
    const url = new URL('/', link).href;
    const headers = { cookie: await openSession(link) };
    const { runId } = events()[0] as { runId: string };
    const live = await (await fetch(`${url}runs/${runId}`, { headers })).text();
    expect(live).toContain('Stop the run');
    // The stream ends with the run.
    const stream = await (await fetch(`${url}runs/${runId}/events`, { headers })).text();
    expect(stream.match(/^event: \w+/gm)?.at(0)).toBe('event: plan');
    expect(stream).toMatch(/"slices":"[cpdo.]{2}"/);
    expect(stream.trim().split('\n\n').at(-1)).toMatch(
      /event: ended\ndata: \{"verdict":"(passed|inconclusive)"\}/,
    );
    expect(await (await fetch(`${url}runs/${runId}`, { headers })).text()).toContain('✓ passed');

    await until(() => stdout.includes('"event":"report"'));
    expect([...new Set(events().map(({ event }) => event))]).toEqual(
      expect.arrayContaining(['run', 'logged', 'progress', 'report']),
    );
    const { report } = events().find(({ event }) => event === 'report') as { report: Report };
    expect(report.messages).toMatchObject({ sent: 120, lost: 0 });
    // The live figures agree with those of the report.
    const seconds = [...stream.matchAll(/"second":(\d+),"intended":\d+,"sent":(\d+)/g)];
    const sentBySecond = new Map(seconds.map(([, second, sent]) => [second, Number(sent)]));
    expect([...sentBySecond.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(100);

    cli.child.kill('SIGINT');
    expect((await cli.result).code).toBe(0);
  });
});
