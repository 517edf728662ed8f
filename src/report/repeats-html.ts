import { verdictMarks } from './html.ts';
import { renderHead } from './html-head.ts';
import { html, section, table } from './html-markup.ts';
import { reportStyle } from './html-style.ts';
import { describeIntervals, describeRepeats, type Repeats, repeatHeadings, repeatRows } from './repeats.ts';

/** The series as one HTML file that loads nothing; its links lead to the runs' reports, which lie beside it. */
export function renderRepeatsHtml(repeats: Repeats): string {
  const page = html`<!doctype html>
<html lang="en">
${renderHead(`${repeats.name}: ${describeRepeats(repeats)}`, reportStyle)}
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
