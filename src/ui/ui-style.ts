/** What the live page has beside the report: navigation, forms, buttons. */
export const uiStyle = `
[hidden] { display: none !important; }
body { padding-top: 0; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .3rem .8rem; background: var(--card); z-index: 1; }
.site { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1.5rem; padding: .9rem 0; margin-bottom: 1.5rem; border-bottom: 1px solid var(--line); }
.site .brand { font-weight: 700; }
.site ul { display: flex; gap: 1.2rem; margin: 0; padding: 0; list-style: none; }
a { color: var(--accent); }
.site a { text-decoration: none; }
.site a:hover, .site a[aria-current] { text-decoration: underline; text-underline-offset: .3em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 2rem; align-items: flex-start; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; margin: .5rem 0; }
button, .button { font: inherit; font-weight: 600; padding: .4rem 1rem; border-radius: .4rem; border: 1px solid var(--accent); background: var(--card); color: var(--accent); cursor: pointer; text-decoration: none; }
button.primary { background: var(--accent); color: var(--page); }
button.danger { border-color: var(--bad); color: var(--bad); }
button:disabled { opacity: .55; cursor: default; }
progress { width: 100%; height: .7rem; accent-color: var(--accent); }
.timeline { display: flex; gap: 1rem; align-items: center; margin: .8rem 0; }
.timeline output { white-space: nowrap; }
.card { padding: .9rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; }
.card h2 { margin: 0 0 .6rem; }
.brief { display: grid; grid-template-columns: auto 1fr; gap: .15rem 1rem; margin: 0; font-size: .9rem; }
.brief dt { color: var(--soft); }
.brief dd { margin: 0; }
.form { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.2rem; align-items: start; }
@media (max-width: 52rem) { .form { grid-template-columns: minmax(0, 1fr); } }
fieldset { margin: 0 0 1rem; padding: .6rem 1rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem 1rem; min-width: 0; }
legend { padding: 0 .4rem; font-weight: 600; }
.field { display: flex; flex-direction: column; gap: .15rem; min-width: 0; }
.field.wide { grid-column: 1 / -1; }
.field label, .hint { font-size: .85rem; color: var(--soft); }
input, select, textarea { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--soft); border-radius: .35rem; padding: .3rem .5rem; min-width: 0; width: 100%; }
input[type=checkbox] { width: auto; accent-color: var(--accent); }
[aria-invalid=true] { border-color: var(--bad); border-width: 2px; }
.problem { color: var(--bad); font-size: .85rem; margin: 0; }
.problem:empty { display: none; }
textarea { font: .85rem/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; min-height: 34rem; resize: vertical; tab-size: 2; }
.stages { grid-column: 1 / -1; display: grid; gap: .5rem; margin: 0; padding: 0; list-style: none; }
.stages li { display: grid; grid-template-columns: 1fr 1fr auto; gap: .15rem .5rem; }
.stages li .field { display: grid; grid-row: span 3; grid-template-rows: subgrid; align-content: start; }
.stages li label { align-self: end; }
.stages li button { grid-area: 2 / 3; }
.problems { margin: .3rem 0 0; padding-left: 1.2rem; }
.problems b { font-family: ui-monospace, monospace; font-weight: 500; }
.check { display: flex; gap: .5rem; align-items: baseline; margin: .6rem 0; }
.filter { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: .8rem 0; }
.filter .field { width: min(22rem, 100%); }
.trends { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 0 1rem; }
.trends .plot { max-width: 26rem; margin: .4rem 0; padding: .6rem .8rem; min-width: 0; }
.small .drawing svg { min-width: 0; }
.point { fill: var(--a); opacity: .75; }
.changes { margin: .5rem 0; padding-left: 1.2rem; font-size: .9rem; }
td.pick, th.pick { width: 1%; }
.better { color: var(--good); }
.worse { color: var(--bad); }
.controls { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem; align-items: stretch; }
.controls form { display: flex; }
.controls fieldset { flex: 1; margin: 0; grid-template-columns: 1fr 1fr; align-content: start; }
.controls fieldset > p { grid-column: 1 / -1; margin: 0; }
.controls .accepted { color: var(--good); font-size: .85rem; }
.controls .accepted:empty { display: none; }
.controls .field { justify-content: flex-end; }
.controls input, .controls select { height: 2.2rem; }
.controls input[type=range] { padding: 0; margin: 0; accent-color: var(--accent); }
.controls input:disabled { border-style: dashed; opacity: .5; }
.devices { max-width: 16rem; margin-bottom: .8rem; }
[aria-disabled=true] { opacity: .55; }
.live .tiles { grid-template-columns: repeat(auto-fit, minmax(7.4rem, 1fr)); }
.live .tile dd { font-size: 1.25rem; }
`;
