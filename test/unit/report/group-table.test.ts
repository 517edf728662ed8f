import { describe, expect, it } from '@jest/globals';
import type { GroupReport } from '../../../src/report/group-reports.ts';
import { type GroupTable, groupTablesOf, kindTablesOf } from '../../../src/report/group-table.ts';
import { ledgerEquations, wordForDue } from '../../../src/report/ledger-equations.ts';
import { renderTerminalSummary } from '../../../src/report/terminal-summary.ts';
import { kindSituations } from '../../support/report/kind-situations.ts';
import { requestSituation } from '../../support/report/request-situation.ts';
import { playTrueRun } from '../../support/report/true-run.ts';
import { userSituations } from '../../support/report/user-situations.ts';

const [, mixedSituation] = userSituations.find(([name]) => name.includes('in one group'))!;
const mixed = playTrueRun(mixedSituation).report;
const [scheduled, started] = mixed.groups as [GroupReport, GroupReport];
const [requested] = playTrueRun(requestSituation[1]).report.groups as [GroupReport];

function namedCellsOf({ headings, rows, note }: GroupTable) {
  const cellsOf = ({ cells }: (typeof rows)[number]) =>
    Object.fromEntries(headings.map((heading, i) => [heading, cells[i]]));
  return { headings, cells: rows.map(cellsOf), note };
}

const tableOf = (...groups: GroupReport[]) => {
  const observers = groups.every(({ endsWithAnswer }) => endsWithAnswer) ? {} : mixed.observers;
  const { counts, latencies } = groupTablesOf(groups, observers);
  return { ...namedCellsOf(counts), latencies: namedCellsOf(latencies!) };
};

describe('the table of device groups', () => {
  it('says intended of a schedule and started of users, each in a column of its own', () => {
    expect(tableOf(scheduled).headings).not.toContain('started');
    expect(tableOf(started).headings).not.toContain('intended');
    expect(tableOf(scheduled, started).cells).toEqual([
      expect.objectContaining({ intended: '400', started: '–' }),
      expect.objectContaining({ intended: '–', started: '1,600' }),
    ]);
  });

  it('has no column of arrivals where requests end with their answers', () => {
    const { headings, note, latencies } = tableOf(requested);
    expect(headings).toEqual(['devices', 'connected', 'intended', 'sent', 'dropped']);
    expect(note).toBe('');
    expect(latencies.cells[0]!.p50).toBe('45');
    expect(latencies.note).toMatch(/^p50 and p99 are of response_time, acked of /);
  });

  it('speaks of a queue only where there is one', () => {
    expect(tableOf(scheduled).note).toContain('A queue does not count by group');
    const { rule } = mixed.observers;
    expect(groupTablesOf([scheduled], { subscriber: rule! }).counts.note).toBe('');
  });

  it('has a dash where one group has what another has not', () => {
    const { puback_round_trip } = mixed.latencyMs;
    const unanswered = { ...puback_round_trip, count: 0 };
    const atMostOnce = { ...requested, latencyMs: { ...requested.latencyMs, puback_round_trip: unanswered } };
    const { cells, latencies } = tableOf(scheduled, atMostOnce);
    expect(cells).toEqual([
      expect.objectContaining({ received: '360', lost: '40' }),
      expect.objectContaining({ received: '–', lost: '–' }),
    ]);
    expect(latencies.cells[1]).toEqual(expect.objectContaining({ 'acked p50': '–', 'acked p99': '–' }));
    expect(latencies.note).toContain('p50 and p99 are of end_to_end_latency or response_time, acked of ');
  });
});

it('has of each kind of message its own acknowledgements and its own lag', () => {
  const [, flat] = kindSituations.find(([name]) => name.includes('kinds of message that have names'))!;
  const { kinds = [], observers } = playTrueRun(flat).report;
  const { headings, cells } = namedCellsOf(kindTablesOf(kinds, observers).latencies!);
  expect(headings.slice(2)).toEqual(['acked p50', 'acked p99', 'lag p50', 'lag p99']);
  // QoS 0 has no acknowledgement.
  expect(cells).toEqual([
    expect.objectContaining({ 'acked p50': '6', 'lag p99': '0.1' }),
    expect.objectContaining({ 'acked p50': '–', 'lag p99': '0.2' }),
    expect.objectContaining({ 'acked p50': '8', 'lag p99': '0.3' }),
  ]);
});

it('fits a terminal of 80 columns, though a run of both has a column more', () => {
  const table = renderTerminalSummary(mixed, { columns: 80 });
  expect(table).toMatch(/ groups, ms +p50 +p99 +acked p50 +acked p99 +lag p50 +lag p99\n/);
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

describe('the ledger of a run with a schedule and users', () => {
  it('says due of the sum, and of each part by whom', () => {
    expect(wordForDue(mixed)).toBe('due');
    const [due, sent] = ledgerEquations(mixed);
    const textOf = ({ name, count }: { name: string; count: number }) => `${count} ${name}`;
    expect([due!.total, ...due!.parts].map(textOf)).toEqual(['2000 due', '400 intended', '1600 started']);
    expect(textOf(sent!.total)).toBe('2000 due');
  });

  it('is one of its own word where all groups are alike', () => {
    expect(ledgerEquations({ ...mixed, load: 'closed' })[0]!.total.name).toBe('started');
    const { load: _, ...open } = mixed;
    expect(ledgerEquations(open)[0]!.total.name).toBe('intended');
  });
});
