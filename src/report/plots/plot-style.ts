/**
 * The style of all plots, light and dark. Line colours are Okabe and Ito's, which readers with any colour vision can
 * distinguish, darkened or lightened to stand out by 3:1 from the page; dashes say the same without colour.
 * @see https://jfly.uni-koeln.de/color/
 */
export const plotStyle = `
:root {
  --a: light-dark(#0b62a8, #5fb4f0);
  --b: light-dark(#c04b00, #ff9a4d);
  --c: light-dark(#007a58, #34cf9f);
  --d: light-dark(#a8477f, #ee9cc8);
  --e: light-dark(#7a6000, #e6cf45);
  --f: light-dark(#454c53, #c3cad0);
}
.plot { margin: 1rem 0; padding: .8rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; break-inside: avoid; }
.plot figcaption { font-weight: 600; }
.plot .note { margin: .3rem 0 0; }
.plot summary { margin-top: .3rem; font-size: .85rem; color: var(--soft); cursor: pointer; width: fit-content; }
.drawing { overflow-x: auto; }
.drawing:focus-visible, .plot summary:focus-visible { outline: 2px solid var(--accent); }
.drawing svg { display: block; width: 100%; min-width: 52rem; height: auto; }
.drawing text { font-size: 13px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: .2rem 0 .4rem; padding: 0; list-style: none; font-size: .85rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: .4rem; }
.legend svg { flex: none; }
.axis path { stroke: var(--soft); fill: none; }
.axis path.grid, .axis path.faint { stroke: var(--line); }
.axis path.faint { stroke-dasharray: 1 5; }
.phase rect { fill: var(--line); opacity: .45; }
.marks path, .line.mark { stroke: var(--text); stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
.drawing .marks text { fill: var(--text); font-size: 12px; font-weight: 600; }
.mark-names { margin: .3rem 0; padding-left: 1.6rem; font-size: .85rem; }
.mark-names li::marker { font-weight: 600; }
.line { fill: none; stroke: var(--f); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.a { stroke: var(--a); }
.line.b { stroke: var(--b); stroke-dasharray: 7 3; }
.line.c { stroke: var(--c); stroke-dasharray: 2 3.5; }
.line.d { stroke: var(--d); stroke-width: 1.4; }
.line.e { stroke: var(--e); stroke-dasharray: 9 3 2 3; }
.line.f { stroke: var(--f); stroke-dasharray: 12 4; stroke-width: 1.4; }
.line.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 12 5; }
.target { fill: light-dark(#e3e8ee, #31373f); }
.bar-a { fill: var(--a); }
.bar-bad { fill: var(--bad); opacity: .35; }
.h1 { fill: light-dark(#c9dcef, #284569); }
.h2 { fill: light-dark(#aecbe6, #2b5584); }
.h3 { fill: light-dark(#8ab5dc, #2f69a0); }
.h4 { fill: light-dark(#619fd0, #3a7fb8); }
.h5 { fill: light-dark(#3b82bd, #5b9dd0); }
.h6 { fill: light-dark(#2166a3, #84bbe3); }
.h7 { fill: light-dark(#124b82, #b3d7f2); }
.h8 { fill: light-dark(#08305c, #e6f3fd); }
.h1, .h2, .h3, .h4, .h5, .h6, .h7, .h8 { shape-rendering: crispEdges; }
.slice-starting { fill: none; stroke: var(--soft); stroke-width: 1; }
.slice-connecting { fill: var(--b); }
.slice-publishing { fill: var(--a); }
.slice-draining { fill: var(--e); }
.slice-done { fill: var(--c); }
.slice-failed { fill: none; stroke: var(--bad); stroke-width: 2.5; }
.hold-passed { fill: var(--a); }
.hold-failed { fill: none; stroke: var(--bad); stroke-width: 2.5; }
.hold-void { fill: none; stroke: var(--soft); }
.gauge { vertical-align: middle; }
.gauge .scale { fill: var(--line); }
.gauge .used { fill: var(--a); }
.gauge .over { fill: var(--bad); }
.band { stroke: var(--card); stroke-width: 1; }
.band.plain { fill: var(--a); }
.band.good { fill: var(--c); }
.band.warning { fill: var(--e); }
.band.bad { fill: var(--bad); }
.flow { fill: var(--line); opacity: .55; }
.drawing .label { fill: var(--text); }
.drawing .label.warning { fill: var(--warning); }
.drawing .label.bad { fill: var(--bad); }
.drawing .equation text:first-of-type { fill: var(--text); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print {
  .drawing svg { min-width: 0; }
  .plot details:not([open]) { display: none; }
}
`;
