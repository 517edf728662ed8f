import { formatCount } from '../shared/format.ts';
import { type Equation, ledgerEquations, type Term } from './ledger-equations.ts';
import { notesOf } from './notes.ts';
import { describeReconciliation } from './reconciliation.ts';
import { causeLines, describeSliceLogs } from './report-figures.ts';
import type { Report } from './report-model.ts';
import { describeRequests } from './request-report.ts';
import type { Page } from './terminal-page.ts';
import { wrapText } from './text-table.ts';
import type { Reconciliation } from './usage-model.ts';

/** The ledger, CloudWatch's counts, and the reasons of failures. */
export function renderMessages(report: Report, { style, width }: Page): string[] {
  return [
    style('heading', 'messages'),
    ...renderEquations(ledgerEquations(report), { style, width }),
    ...report.reconciliation.flatMap((line) => renderReconciliation(line, { style, width })),
    ...causeLines(report).flatMap(({ what, reasons }) =>
      wrapText(`why ${what}: ${reasons}`, width, '  ').map((line) => style('warning', line)),
    ),
    ...describeRequests(report.requests).flatMap((line) => wrapText(line, width, '  ')),
    ...describeSliceLogs(report).flatMap((line) => wrapText(line, width, '  ')),
    ...renderNotes(report, { style, width }),
  ];
}

function renderReconciliation(line: Reconciliation, { style, width }: Page): string[] {
  const { cloudwatch, unexplained } = line;
  const text = describeReconciliation(line);
  if (cloudwatch === null) return [style('dim', `  ${text}`)];
  return wrapText(text, width, '  ').map((each) => (unexplained === 0 ? each : style('warning', each)));
}

function renderNotes(report: Report, { style, width }: Page): string[] {
  return notesOf(report)
    .flatMap((sentence) => wrapText(sentence, width, '  '))
    .map((line) => style('warning', line));
}

/** The terms of all equations are in columns, so that they can be compared down the page. */
function renderEquations(equations: readonly Equation[], { style, width }: Page): string[] {
  const rows = equations.map(({ total, parts }) => [total, ...parts]);
  const widthOf = (column: number, text: (term: Term) => string) =>
    Math.max(...rows.map((row) => (row[column] === undefined ? 0 : text(row[column]).length)));
  const cell = (term: Term, column: number) => {
    const name = term.name.padEnd(widthOf(column, (t) => t.name));
    return `${name} ${formatCount(term.count).padStart(widthOf(column, (t) => formatCount(t.count)))}`;
  };
  return rows.flatMap((row) => {
    const lines: string[] = [];
    let line = '';
    let used = 0;
    for (const [column, term] of row.entries()) {
      const piece = `${column === 0 ? '  ' : column === 1 ? '  =  ' : '  +  '}${cell(term, column)}`;
      // A long equation continues below its own parts.
      if (used + piece.length > width) {
        lines.push(line);
        used = 2 + cell(row[0]!, 0).length;
        line = ' '.repeat(used);
      }
      line += term.isTrouble ? style('warning', piece) : piece;
      used += piece.length;
    }
    return [...lines, line];
  });
}
