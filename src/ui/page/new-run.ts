import { describeFailedCheck } from './failed-check.ts';
import type { CheckOnPage } from './messages.ts';
import { type JsonObject, parseObject, setAt, valueAt, valueOfText } from './profile-json.ts';
import { place, send } from './send.ts';
import { renderStageRows } from './stage-rows.ts';

/** The form that starts a run. The JSON is what counts: fields read from it and write into it. */
type FieldElement = HTMLInputElement | HTMLSelectElement;

const form = place<HTMLFormElement>('profile-form');
const json = place<HTMLTextAreaElement>('json');
const example = place<HTMLSelectElement>('example');
const loadKind = place<HTMLSelectElement>('load-kind');
const force = place<HTMLInputElement>('force');
const startButton = place<HTMLButtonElement>('start');

const checkAfterMs = 200;
let pendingCheck: ReturnType<typeof setTimeout> | undefined;
let lastCheck = 0;

const fields = (): FieldElement[] => [...form.querySelectorAll<FieldElement>('[data-path]')];

/** The stages a profile had before it was given one rate, and the other way round. */
let savedLoad: Partial<Record<'stages' | 'ratePerSecond' | 'duration', JsonObject[string]>> = {};

example.addEventListener('change', () => void loadExample());
json.addEventListener('input', () => {
  showInFields();
  checkSoon();
});
form.addEventListener('input', ({ target }) => {
  const field = target as FieldElement;
  const { path, kind } = field.dataset;
  if (path === undefined) return;
  change((profile) => setAt(profile, path, valueOfText(field.value, kind === 'number' ? 'number' : 'text')));
});
loadKind.addEventListener('change', () => {
  change((profile) => (loadKind.value === 'stages' ? giveStages(profile) : giveRate(profile)));
  showInFields();
});
place('add-stage').addEventListener('click', () => {
  change((profile) => {
    const stages = stagesOf(profile);
    stages.push({
      ...(stages.findLast((stage) => stage?.duration !== undefined) ?? { duration: '30s', target: 100 }),
    });
    profile.stages = stages;
  });
  showInFields();
  form.querySelector<HTMLInputElement>('#stages li:last-child input')?.focus();
});
place('stages').addEventListener('click', ({ target }) => {
  const index = (target as HTMLElement).dataset.remove;
  if (index === undefined) return;
  change((profile) => {
    profile.stages = stagesOf(profile).toSpliced(Number(index), 1);
  });
  showInFields();
  place('add-stage').focus();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});

await loadExample();

async function loadExample(): Promise<void> {
  const response = await fetch(`/profiles/${example.value}.json`);
  json.value = response.ok ? await response.text() : '{}';
  savedLoad = {};
  showInFields();
  await check();
}

/** While the JSON cannot be read, there is nothing for a field to write into. */
function change(edit: (profile: JsonObject) => void): void {
  const profile = parseObject(json.value);
  if (profile !== undefined) {
    edit(profile);
    json.value = `${JSON.stringify(profile, null, 2)}\n`;
  }
  checkSoon();
}

function showInFields(): void {
  const profile = parseObject(json.value);
  for (const field of fields()) field.disabled = profile === undefined;
  if (profile === undefined) return;
  const hasStages = profile.stages !== undefined;
  loadKind.value = hasStages ? 'stages' : 'constant';
  place('stages-load').hidden = !hasStages;
  place('constant-load').hidden = hasStages;
  if (hasStages) place('stages').innerHTML = renderStageRows(stagesOf(profile)).markup;
  for (const field of fields()) {
    const value = valueAt(profile, field.dataset.path ?? '');
    field.value = value === undefined || typeof value === 'object' ? '' : String(value);
  }
}

function stagesOf(profile: JsonObject): JsonObject[] {
  return Array.isArray(profile.stages) ? (profile.stages as JsonObject[]) : [];
}

function giveStages(profile: JsonObject): void {
  const { ratePerSecond = 100, duration = '30s' } = profile;
  savedLoad = { ...savedLoad, ratePerSecond, duration };
  profile.stages = savedLoad.stages ?? [
    { duration: '10s', target: ratePerSecond },
    { duration, target: ratePerSecond },
  ];
  delete profile.ratePerSecond;
  delete profile.duration;
}

function giveRate(profile: JsonObject): void {
  if (profile.stages !== undefined) savedLoad = { ...savedLoad, stages: profile.stages };
  profile.ratePerSecond = savedLoad.ratePerSecond ?? 100;
  profile.duration = savedLoad.duration ?? '30s';
  delete profile.stages;
}

function checkSoon(): void {
  clearTimeout(pendingCheck);
  pendingCheck = setTimeout(() => void check(), checkAfterMs);
}

async function check(): Promise<CheckOnPage | undefined> {
  // One that waits for the typing to end would overtake this one, which may be that of a start.
  clearTimeout(pendingCheck);
  const mine = ++lastCheck;
  const { ok, status, body } = await send('/api/check', { text: json.value });
  // An answer that was overtaken by the next question.
  if (mine !== lastCheck) return undefined;
  if (!ok) {
    place('start-problem').textContent = describeFailedCheck(status);
    return undefined;
  }
  place('start-problem').textContent = '';
  show(body as CheckOnPage);
  return body as CheckOnPage;
}

function show({ problems, refusals, brief }: CheckOnPage): void {
  for (const field of fields()) {
    const mine = problems.filter(({ path }) => path === field.dataset.path);
    field.setAttribute('aria-invalid', String(mine.length > 0));
    const words = mine.map(({ message, hint }) => (hint === undefined ? message : `${message} → ${hint}`));
    const problem = document.getElementById(field.getAttribute('aria-describedby') ?? '');
    if (problem !== null) problem.textContent = words.join(' ');
  }
  json.setAttribute('aria-invalid', String(problems.length > 0));
  const all = [...problems, ...refusals];
  place('check-title').textContent =
    problems.length > 0
      ? `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
      : refusals.length > 0
        ? 'Past a limit'
        : 'Ready to run';
  place('problems').replaceChildren(
    ...all.map(({ path, message, hint }) => problemItem(path, message, hint)),
  );
  place('brief').replaceChildren(
    ...brief.flatMap(([what, text]) => [element('dt', what), element('dd', text)]),
  );
  place('force-row').hidden = refusals.length === 0;
}

function problemItem(path: string, message: string, hint: string | undefined): HTMLLIElement {
  const item = document.createElement('li');
  item.append(element('b', path), `: ${message}${hint === undefined ? '' : ` → ${hint}`}`);
  return item;
}

function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

async function start(): Promise<void> {
  const found = await check();
  if (found === undefined) return;
  if (found.problems.length > 0) {
    (form.querySelector<HTMLElement>('[data-path][aria-invalid="true"]') ?? json).focus();
    return;
  }
  if (found.refusals.length > 0 && !force.checked) {
    force.focus();
    return;
  }
  startButton.disabled = true;
  const { ok, body } = await send('/api/runs', { text: json.value, force: force.checked });
  const { runId, message } = (body ?? {}) as { runId?: string; message?: string };
  if (ok && runId !== undefined) {
    location.assign(`/runs/${runId}`);
    return;
  }
  startButton.disabled = false;
  place('start-problem').textContent = message ?? 'The run could not be started.';
}
