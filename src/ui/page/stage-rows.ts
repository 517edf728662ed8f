import { type Html, html } from '../../report/html-markup.ts';

/** Fields for so many stages; what is in them comes from the profile. */
export function renderStageRows(count: number): Html {
  const field = (stage: number, key: 'duration' | 'target', label: string, kind: 'text' | 'number') => {
    const id = `stage-${stage}-${key}`;
    return html`<div class="field"><label for="${id}">${label} of stage ${stage + 1}</label><input id="${id}" data-path="stages[${stage}].${key}" data-kind="${kind}" autocomplete="off" aria-describedby="${id}-problem"><p class="problem" id="${id}-problem"></p></div>`;
  };
  const rows = Array.from(
    { length: count },
    (_, stage) =>
      html`<li>${field(stage, 'duration', 'Duration', 'text')}${field(stage, 'target', 'Messages a second at the end', 'number')}<button type="button" data-remove="${stage}" aria-label="Remove stage ${stage + 1}">✕</button></li>`,
  );
  return html`${rows}`;
}
