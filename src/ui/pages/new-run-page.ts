import { type Html, html } from '../../report/html-markup.ts';
import { constantLoad, type Field, fieldGroups, lastGroup } from '../page/fields.ts';
import type { Page } from './layout.ts';

/** @param examples names of profiles to begin with; the first one is in the form */
export function newRunPage(examples: readonly string[], isBusy: boolean): Page {
  const [run, ...rest] = fieldGroups;
  return {
    title: 'New run',
    current: 'new',
    script: 'new-run',
    body: html`<h1>New run</h1>
${isBusy ? html`<p class="card">A run is under way; the next one can start when it is over.</p>` : html``}
<form id="profile-form" novalidate>
<div class="form">
<div>
<p class="field"><label for="example">Begin with</label><select id="example">${examples.map((name) => html`<option>${name}</option>`)}</select></p>
${run === undefined ? html`` : renderGroup(run.title, run.fields)}
<fieldset><legend>Load</legend>
<div class="field wide"><label for="load-kind">Shape</label><select id="load-kind"><option value="constant">one rate</option><option value="stages">stages: the rate moves to each target in a straight line</option></select></div>
<div id="constant-load" class="field wide"><div class="stages">${constantLoad.map(renderField)}</div></div>
<div id="stages-load" class="field wide" hidden><ol class="stages" id="stages"></ol><p class="actions"><button type="button" id="add-stage">Add a stage</button></p></div>
</fieldset>
${rest.map(({ title, fields }) => renderGroup(title, fields))}
${renderGroup(lastGroup.title, lastGroup.fields)}
</div>
<div>
<div class="field"><label for="json">The whole profile; payload, thresholds and all else are here</label><textarea id="json" spellcheck="false" aria-describedby="check"></textarea></div>
<section class="card" id="check" aria-live="polite"><h2 id="check-title">Check</h2><ul class="problems" id="problems"></ul><dl class="brief" id="brief"></dl></section>
<p class="check" id="force-row" hidden><input type="checkbox" id="force"><label for="force">Run it although it goes past a limit</label></p>
<p class="actions"><button type="submit" class="primary" id="start">Start the run</button></p>
<p class="problem" id="start-problem" role="alert"></p>
</div>
</div>
</form>
<noscript><p class="card">The form needs JavaScript. In a terminal: <code>npx stampede run profiles/smoke.json --devices 1000</code>.</p></noscript>`,
  };
}

function renderGroup(title: string, fields: readonly Field[]): Html {
  return html`<fieldset><legend>${title}</legend>${fields.map(renderField)}</fieldset>\n`;
}

function renderField({ path, label, kind, options, otherwise = '', isWide }: Field): Html {
  const id = `field-${path.replaceAll('.', '-')}`;
  const input =
    options === undefined
      ? html`<input id="${id}" data-path="${path}" data-kind="${kind}" placeholder="${otherwise}" inputmode="${kind === 'number' ? 'decimal' : 'text'}" autocomplete="off" aria-describedby="${id}-problem">`
      : html`<select id="${id}" data-path="${path}" data-kind="${kind}" aria-describedby="${id}-problem"><option value="">${otherwise} (default)</option>${options.filter((option) => option !== otherwise).map((option) => html`<option>${option}</option>`)}</select>`;
  return html`<div class="${isWide === true ? 'field wide' : 'field'}"><label for="${id}">${label}</label>${input}<p class="problem" id="${id}-problem"></p></div>`;
}
