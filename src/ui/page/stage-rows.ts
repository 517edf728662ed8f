import { type Html, html } from '../../report/html-markup.ts';
import type { JsonObject } from './profile-json.ts';

/** Fields for each stage; what is in them comes from the profile. Daily curves and repetitions are only named. */
export function renderStageRows(stages: readonly JsonObject[]): Html {
  const field = (stage: number, key: 'duration' | 'target', label: string, kind: 'text' | 'number') => {
    const id = `stage-${stage}-${key}`;
    return html`<div class="field"><label for="${id}">${label} of stage ${stage + 1}</label><input id="${id}" data-path="stages[${stage}].${key}" data-kind="${kind}" autocomplete="off" aria-describedby="${id}-problem"><p class="problem" id="${id}-problem"></p></div>`;
  };
  const nameOf = (stage: JsonObject | null) => {
    const { repeat, hours, days = 1 } = stage ?? {};
    if (hours !== undefined) return `A daily curve, ${days} ${days === 1 ? 'day' : 'days'}`;
    return repeat === undefined ? undefined : `Stages that are repeated ${repeat} times`;
  };
  const contentOf = (stage: JsonObject, i: number) => {
    const name = nameOf(stage);
    return name === undefined
      ? html`${field(i, 'duration', 'Duration', 'text')}${field(i, 'target', 'Messages a second at the end', 'number')}`
      : html`<p>${name}: change it in the JSON.</p>`;
  };
  const rows = stages.map(
    (entry, stage) =>
      html`<li>${contentOf(entry, stage)}<button type="button" data-remove="${stage}" aria-label="Remove stage ${stage + 1}">✕</button></li>`,
  );
  return html`${rows}`;
}
