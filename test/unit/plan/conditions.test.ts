import { describe, expect, it } from '@jest/globals';
import { buildReport } from '../../../src/report/build-report.ts';
import { compareReports } from '../../../src/report/compare-reports.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { readConditions } from '../../../src/worker/run-conditions.ts';
import { requested, runOf } from '../../support/report/report-fixture.ts';

const versions = { stampede: '0.1.0', node: '24.21.0', client: 'dense 0.1.0' };
const host = { os: 'Linux 6.8.0', architecture: 'x64', lambdaMemoryMb: 1_769, cores: 2, memoryBytes: 8e9 };
const endpoints = [{ scheme: 'wss', host: '127.0.0.1', port: 40_123, auth: 'sigv4' }] as const;

interface Given {
  readonly isCharged?: boolean;
  readonly cores?: number;
  readonly port?: number;
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly dropDeliveries?: string;
}

function reportOf({
  isCharged = false,
  cores = 2,
  port = 40_123,
  profile = {},
  dropDeliveries,
}: Given): Report {
  const { plan, ledger } = runOf({}, profile);
  const { publishAt } = plan.timeline;
  const events =
    dropDeliveries === undefined
      ? []
      : [
          { at: null, setting: 'dropDeliveries', value: dropDeliveries },
          { at: publishAt + 3_200, setting: 'pauseMs', value: '1000' },
        ];
  return buildReport({
    plan: {
      ...plan,
      target: { kind: 'aws-iot', endpoints: [{ ...endpoints[0], port }] },
      account: { limits: accountLimitsOf('default'), live: [], isCharged },
      conditions: { versions, host: { ...host, cores } },
    },
    ledger,
    cloudwatch: { sums: { 'PublishIn.Success': ledger.messages.acked }, requested },
    ...(events.length === 0 ? {} : { faults: { choices: { throttleAnswer: 'puback' }, events } }),
    now: plan.timeline.drainEndAt,
  });
}

describe('the conditions of a run', () => {
  it('stand in its report: profile, target, versions, host, overrides, faults', () => {
    const { conditions } = reportOf({
      profile: { overrides: ['--rate 600', 'STAMPEDE_QOS=1'] },
      dropDeliveries: '0.01',
    });
    expect(conditions).toMatchObject({
      isRehearsal: true,
      // The port is any free one, and no condition.
      target: 'wss://127.0.0.1',
      versions,
      host,
      overrides: ['--rate 600', 'STAMPEDE_QOS=1'],
      profile: { devices: 400, publish: { qos: 1 } },
      faults: { choices: { throttleAnswer: 'puback' }, events: [{ at: null }, { setting: 'pauseMs' }] },
    });
  });

  it('begin with "rehearsal" where the target was an emulator, and only there', () => {
    const text = renderTerminalSummary(reportOf({ dropDeliveries: '0.01' }));
    const [first = '', ...rest] = text.split('\n');
    expect(first).toMatch(/^ {2}✓ PASSED {2}\S+ {2}rehearsal$/);
    expect(rest.slice(0, 4).join(' ').replaceAll(/\s+/g, ' ')).toContain(
      'A rehearsal on embedded AWS: what was loaded is an emulator on this machine, not AWS. Faults injected: dropDeliveries 0.01 from the start; pauseMs 1000, 3.2 s into publishing.',
    );
    expect(text).toContain('host: Linux 6.8.0 x64, 2 cores, 8 GB of memory, 1,769 MB a slice');
    expect(text).toContain('settings of embedded AWS: throttleAnswer puback');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(renderReportHtml(reportOf({}))).toMatch(/<header>\s+<p class="verdict passed">.*rehearsal/);

    const onAws = reportOf({ isCharged: true });
    expect(onAws.conditions).toMatchObject({ isRehearsal: false, target: 'wss://127.0.0.1:40123' });
    expect(renderTerminalSummary(onAws)).not.toContain('ehearsal');
    expect(renderReportHtml(onAws)).not.toMatch(/>rehearsal</);
  });

  it('are those of this process and its packages, and contain no names of users', () => {
    const connect = { protocol: 'mqtt', client: 'device-sdk' } as const;
    const found = readConditions({ connect } as Parameters<typeof readConditions>[0], true);
    expect(found.versions).toEqual({
      stampede: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.versions.node,
      client: expect.stringMatching(/^aws-iot-device-sdk-v2 \d+\.\d+\.\d+$/),
    });
    expect(found.host.cores).toBeGreaterThan(0);
    const onAws = readConditions({ connect } as Parameters<typeof readConditions>[0], false);
    expect(onAws.host).toEqual({ os: 'AWS Lambda', architecture: process.arch, lambdaMemoryMb: 1_769 });
  });
});

describe('a comparison', () => {
  const cautionsOf = (a: Given, b: Given) => compareReports(reportOf(a), reportOf(b), 0.1).cautions;

  it('says when the conditions differ, and which', () => {
    expect(cautionsOf({}, { cores: 8, profile: { publish: { sizeBytes: 4_096 } } })).toEqual([
      'The conditions are not the same: host.cores was 2 and is 8.',
      'The conditions are not the same: profile.publish.sizeBytes was 0 and is 4096.',
    ]);
    expect(cautionsOf({}, { isCharged: true })).toEqual([
      'The conditions are not the same: isRehearsal was true and is false.',
      'The conditions are not the same: target was wss://127.0.0.1 and is wss://127.0.0.1:40123.',
    ]);
    expect(cautionsOf({ dropDeliveries: '0.01' }, { dropDeliveries: '0.05' })).toEqual([
      'The conditions are not the same: faults was dropDeliveries 0.01 from the start; pauseMs 1000 and is dropDeliveries 0.05 from the start; pauseMs 1000.',
    ]);
  });

  it('takes neither a port nor thresholds for a condition', () => {
    expect(cautionsOf({}, { port: 51_000, profile: { thresholds: { transit: ['max<9'] } } })).toEqual([]);
  });

  it('says when a report does not have them', () => {
    const { conditions: _without, ...old } = reportOf({});
    expect(compareReports(old, reportOf({}), 0.1).cautions).toEqual([
      'The report of the baseline does not say under which conditions it ran.',
    ]);
    expect(compareReports(old, old, 0.1).cautions).toEqual([]);
  });
});
