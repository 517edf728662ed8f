import { type ActionForm, type FieldValues, formsOf, renderActionForms, sentenceOf } from './action-forms.ts';
import type { ActionAnswerOnPage, PlanOnPage } from './messages.ts';
import { place, send } from './send.ts';

/** Puts the forms of a run on its page, and lets them work: by mouse, by finger and by keyboard alone. */
export function placeControls(runId: string, plan: PlanOnPage): void {
  place('controls').innerHTML = renderActionForms(plan).markup;
  const group = document.getElementById('action-group') as HTMLSelectElement | null;
  for (const form of formsOf(plan)) {
    const element = document.querySelector<HTMLFormElement>(`form[data-action="${form.kind}"]`)!;
    const groupOfForm = () => (form.isOfGroup ? (group?.value ?? '') : '');
    const say = () => {
      place(`${form.kind}-effect`).textContent = sentenceOf(form, valuesOf(element), plan, groupOfForm());
    };
    element.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLSelectElement) fill(element, target);
      else keepSame(element, target as HTMLInputElement);
      say();
    });
    group?.addEventListener('change', say);
    element.addEventListener('submit', (event) => {
      event.preventDefault();
      void issue(runId, form, element, groupOfForm());
    });
    say();
  }
}

async function issue(
  runId: string,
  form: ActionForm,
  element: HTMLFormElement,
  group: string,
): Promise<void> {
  const button = element.querySelector('button')!;
  if (button.getAttribute('aria-disabled') === 'true') return;
  // Not `disabled`, which would take the focus of the keyboard away.
  button.setAttribute('aria-disabled', 'true');
  const settings = [...form.settings(valuesOf(element)), ...(group === '' ? [] : [`group=${group}`])];
  const { status, body } = await send(`/api/runs/${runId}/actions`, { settings });
  button.setAttribute('aria-disabled', 'false');
  const { accepted, notes = [], problems = [] } = (body ?? {}) as Partial<ActionAnswerOnPage>;
  const isKnown = accepted !== undefined || problems.length > 0;
  place(`${form.kind}-accepted`).textContent =
    accepted === undefined ? '' : [`✓ ${accepted}`, ...notes].join(' ');
  place(`${form.kind}-problem`).textContent = isKnown
    ? problems.join(' ')
    : `stampede gave no answer${status === undefined ? '' : ` (${status})`}: the run may have ended.`;
}

function valuesOf(form: HTMLFormElement): FieldValues {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
}

/** A slider and the number beside it. */
function keepSame(form: HTMLFormElement, changed: HTMLInputElement): void {
  const other = changed.dataset.same === undefined ? null : form.elements.namedItem(changed.dataset.same);
  if (other instanceof HTMLInputElement && other.value !== changed.value) other.value = changed.value;
}

/** A value that what was chosen takes, in the field beside it, which is off where it takes none. */
function fill(form: HTMLFormElement, { dataset, selectedOptions }: HTMLSelectElement): void {
  const field = dataset.fills === undefined ? null : form.elements.namedItem(dataset.fills);
  if (!(field instanceof HTMLInputElement)) return;
  field.value = selectedOptions[0]?.dataset.takes ?? '';
  field.disabled = field.value === '';
}
