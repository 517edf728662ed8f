import { describe, expect, it } from '@jest/globals';
import { MessageSets } from '../../../src/measure/message-sets.ts';
import { unknownBacklog } from '../../../src/measure/unread-backlog.ts';
import { compareReports } from '../../../src/report/compare-reports.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import { renderJUnit } from '../../../src/report/junit.ts';
import { renderStepSummary } from '../../../src/report/step-summary.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { reportOf, runOf, type Troubles } from '../../support/report/report-fixture.ts';

// 5 of a thousand do not arrive. Where they are, the queues say.
const thresholds = {
  lost_messages: ['count==0'],
  not_read_messages: ['count==0'],
  dead_lettered: ['rate<0.001'],
};
const held = (backlog?: Troubles['backlog']) =>
  reportOf(runOf({ lostPerThousand: 5, ...(backlog && { backlog }) }, { thresholds }));
const missing = held().messages.lost;
const equationOf = (report: ReturnType<typeof held>) =>
  renderTerminalSummary(report)
    .split('\n')
    .find((line) => line.includes('lost') && line.includes('  =  '))
    ?.replaceAll(/\s+/g, ' ')
    .trim();

/** Each message that did not arrive, dead-lettered. */
function deadLettersOf() {
  const { plan, ledger } = runOf({ lostPerThousand: 5 });
  const messages = new MessageSets();
  for (let slice = 0; slice < plan.slices.count; slice++) {
    for (let n = 0; n < ledger.messages.sent / plan.slices.count; n++) {
      const dice = (n * 7 + slice) % 1000;
      if (dice >= 500 && dice < 505) messages.add({ slice, stream: 0 }, n);
    }
  }
  return [{ reason: 'dead-letter queue', messages }] as const;
}

describe('a report of messages that did not arrive', () => {
  it('calls them lost where no queue holds them, and fails', () => {
    const report = held();
    expect(missing).toBeGreaterThan(10);
    expect(report.verdict).toBe('failed');
    expect(equationOf(report)).toMatch(new RegExp(`lost ${missing} \\+ not read yet 0 \\+ dead-lettered 0$`));
  });

  it('calls them not read yet where the queue holds them: nothing is lost, and the run is inconclusive', () => {
    const report = held({ unread: missing + 1_000 });
    expect(report.messages).toMatchObject({ lost: 0, notRead: missing });
    expect(report.verdict).toBe('failed');
    expect(report.reasons).toEqual([
      `Threshold not_read_messages count==0 failed: it is ${missing}.`,
      `Up to ${missing} messages not read yet: measure-latency did not keep up, or did not run. The queue held as many or more, and does not say of which run. What of them is this run’s is not lost; latencies leave it out.`,
    ]);
    const unasked = reportOf(
      runOf({ lostPerThousand: 5, backlog: { unread: missing } }, { thresholds: { lost: ['count==0'] } }),
    );
    expect(unasked.verdict).toBe('inconclusive');
    expect(unasked.reasons).toEqual([report.reasons[1]]);
  });

  it('calls them not read yet to the message where the stream was read', () => {
    const [{ messages }] = deadLettersOf();
    const report = held({ unread: missing, unreadMessages: messages });
    expect(report.messages).toMatchObject({ lost: 0, notRead: missing });
    expect(report.causes.isNotReadExact).toBe(true);
    expect(report.reasons).toContain(
      `${missing} messages not read yet: measure-latency did not keep up, or did not run. They are in the stream, not lost; latencies leave them out.`,
    );
  });

  it('blames no run for what the queue holds of another', () => {
    // Another run left 3 messages; of those that this one misses, as many may be in the queue, and the others are lost.
    const report = held({ unread: 3 });
    expect(report.messages).toMatchObject({ lost: missing - 3, notRead: 3 });
    expect(report.causes.isNotReadExact).toBe(false);
    expect(report.reasons.join('\n')).toMatch(
      /^Up to 3 messages not read yet: .* does not say of which run\. /m,
    );
    expect(report.reasons.join('\n')).not.toContain('They are not lost');
  });

  it('finds dead-lettered ones, with the queue they are in', () => {
    const report = held({ deadLetters: deadLettersOf() });
    expect(report.messages).toMatchObject({ lost: 0, deadLettered: missing, notRead: 0 });
    expect(report.causes.deadLettered).toEqual({ 'dead-letter queue': missing });
    expect(report.reasons).toContain(
      `${missing} messages dead-lettered, and not lost: dead-letter queue ${missing}.`,
    );
    expect(report.imbalances).toEqual([]);
  });

  it('does not know whether they are lost where a queue could not be read', () => {
    const report = held(unknownBacklog('the arrivals queue could not be read (AccessDenied)'));
    expect(report.messages).toMatchObject({ lost: 0, unaccounted: missing });
    expect(report.thresholds[0]).toMatchObject({
      metric: 'lost_messages',
      actual: null,
      passed: false,
      isUndecided: true,
      range: { atLeast: 0, atMost: missing },
    });
    expect(report.reasons).toEqual([
      `Threshold lost_messages count==0 is not proven: it is not known, and lies between 0 and ${missing}.`,
      `Threshold not_read_messages count==0 is not proven: it is not known, and lies between 0 and ${missing}.`,
      expect.stringMatching(/^Threshold dead_lettered rate<0.001 is not proven/),
      `${missing} messages not accounted for, and not known to be lost: the arrivals queue could not be read (AccessDenied).`,
    ]);
    expect(equationOf(report)).toMatch(/lost 0 \+ not read yet 0 \+ dead-lettered 0/);
    expect(renderTerminalSummary(report)).toMatch(new RegExp(`not accounted for\\s+${missing}\\b`));
  });

  it('says so in every form', () => {
    const report = held({ unread: missing });
    expect(renderReportHtml(report)).toContain(`${missing} not read yet`);
    expect(renderStepSummary(report)).toMatch(new RegExp(`not read yet \\| ${missing} `));
    expect(renderJUnit(report)).toContain(`name="notRead" value="${missing}"`);
    const comparison = compareReports(held({ unread: 0 }), report, 0.1);
    expect(comparison.figures.find(({ figure }) => figure === 'not_read_messages rate')).toMatchObject({
      outcome: 'worse',
    });
    expect(comparison.inconsistencies).toEqual([
      `Of the candidate’s messages, ${missing} not read yet: its figures leave them out.`,
    ]);
  });
});
