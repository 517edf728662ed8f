/** The page's style: system fonts, light or dark as the reader's system is set, and white on paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fbfbfa, #15171a);
  --card: light-dark(#ffffff, #1d2024);
  --text: light-dark(#1c2024, #e6e8ea);
  --soft: light-dark(#5c656e, #9aa3ab);
  --line: light-dark(#dfe3e6, #33383e);
  --good: light-dark(#18733c, #5fce8b);
  --warning: light-dark(#8a5300, #f0b44c);
  --bad: light-dark(#b3261e, #ff8a80);
  --accent: light-dark(#1f5fae, #7db4f5);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 68rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
p { margin: .25rem 0; }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.note { color: var(--soft); font-size: .85rem; }
.verdict, .rehearsal { display: inline-block; margin-bottom: .5rem; padding: .15rem .7rem; border-radius: 1rem; border: 1.5px solid; font-weight: 600; }
.passed { color: var(--good); }
.failed { color: var(--bad); }
.aborted, .inconclusive, .rehearsal { color: var(--warning); }
.reasons { margin: 1rem 0 0; padding: .75rem 1rem .75rem 2rem; border-left: .25rem solid currentColor; background: var(--card); }
.reasons li { color: var(--text); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.75rem 0 0; }
.tile { margin: 0; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.tile dt { color: var(--soft); font-size: .85rem; }
.tile dd { margin: 0; font-size: 1.4rem; font-weight: 600; line-height: 1.3; }
.tile dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft); }
.table { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; }
.table:focus-visible { outline: 2px solid var(--accent); }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
caption { text-align: left; padding: .6rem .9rem .3rem; color: var(--soft); font-size: .85rem; }
th, td { padding: .4rem .9rem; text-align: left; vertical-align: baseline; }
thead th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody th { font-weight: 500; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
.number, .mark, td code { white-space: nowrap; }
.number { text-align: right; }
.sentence::first-letter { text-transform: uppercase; }
tr.good .mark { color: var(--good); }
tr.bad > *, tr.warning > * { color: var(--warning); }
tr.bad > * { color: var(--bad); }
tr.dim > * { color: var(--soft); }
.ledger { display: grid; gap: .5rem; margin: .75rem 0; padding: 0; list-style: none; }
.ledger li { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .7rem; padding: .55rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.term { white-space: nowrap; }
.term b { font-size: 1.1rem; font-weight: 600; }
.term.warning { color: var(--warning); }
.sign { color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media print {
  :root { color-scheme: light; --page: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .table { overflow: visible; }
  th, td { padding: .3rem .45rem; }
  .table, .tile, .ledger, tr { break-inside: avoid; }
  svg { print-color-adjust: exact; }
  h2 { break-after: avoid; }
}
`;
