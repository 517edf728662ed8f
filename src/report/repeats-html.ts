import { createHash } from 'node:crypto';
import { verdictMarks } from './html.ts';
import { html, section, style, table } from './html-markup.ts';
import { reportStyle } from './html-style.ts';
import { describeIntervals, describeRepeats, type Repeats, repeatHeadings, repeatRows } from './repeats.ts';

const styleHash = createHash('sha256').update(reportStyle).digest('base64');

/** The series as one HTML file that loads nothing; its links lead to the runs' reports, which lie beside it. */
export function renderRepeatsHtml(repeats: Repeats): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'none'; base-uri 'none'">
<title>${repeats.name}: ${describeRepeats(repeats)}</title>
${style(reportStyle)}
</head>
<body>
<header>
<h1>${repeats.name}</h1>
<p class="soft">${describeRepeats(repeats)}</p>
</header>
<main>
${section(
  'Figures',
  table(
    'Medians of the runs',
    repeatHeadings.map((heading, i) => ({ heading, isNumber: i > 0 })),
    repeatRows(repeats).map((cells) => ({ cells })),
  ),
  html`<p class="soft">${describeIntervals(repeats)}</p>`,
)}
${section(
  'Runs',
  table(
    'In their order',
    [{ heading: 'run' }, { heading: 'verdict' }, { heading: 'began' }],
    repeats.runs.map(({ runId, verdict, startedAt }) => ({
      cells: [
        html`<a href="${runId}/report.html"><code>${runId}</code></a>`,
        verdictMarks[verdict],
        `${startedAt.slice(0, 19).replace('T', ' ')} UTC`,
      ],
    })),
  ),
)}
</main>
</body>
</html>
`;
  return page.markup;
}
