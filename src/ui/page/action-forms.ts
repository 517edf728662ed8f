import { type Html, html } from '../../report/html-markup.ts';
import { formatCount, formatElapsed, formatShare } from '../../shared/format.ts';
import type { PlanOnPage } from './messages.ts';

/** A form of the live page that asks for one kind of action. */
export interface ActionForm {
  readonly kind: string;
  readonly legend: string;
  readonly button: string;
  /** Whether it is of the devices of a group, or of all. */
  readonly isOfGroup: boolean;
  /** Fields beside the button. */
  readonly fields: (plan: PlanOnPage) => Html;
  /** `NAME=VALUE`, as of `stampede set`; values are by the names of the fields. */
  readonly settings: (values: FieldValues) => readonly string[];
  /** What pressing the button does, as a sentence without its end. */
  readonly effect: (values: FieldValues, devices: Devices) => string;
}

export type FieldValues = Readonly<Record<string, string>>;

/** Devices that a form is for. */
export interface Devices {
  readonly count: number;
  /** `in group meters`, `in all groups`; empty where the profile names no groups. */
  readonly where: string;
}

const field = (kind: string, name: string, label: string, input: Html): Html =>
  html`<div class="field"><label for="${kind}-${name}">${label}</label>${input}</div>`;

const option = (value: string) => html`<option value="${value}">${value}</option>`;

const rateForm: ActionForm = {
  kind: 'rate',
  legend: 'Rate',
  button: 'Set the rate',
  isOfGroup: true,
  fields:
    () => html`${field('rate', 'slider', 'Times the planned rate', html`<input id="rate-slider" name="slider" type="range" min="0" max="3" step="0.1" value="1" data-same="factor">`)}
${field('rate', 'factor', 'As a number', html`<input id="rate-factor" name="factor" type="number" min="0" max="1000" step="any" value="1" required data-same="slider">`)}`,
  settings: ({ factor }) => [`rate=${factor}x`],
  effect: ({ factor = '' }, { where }) => `Messages${where} are due at ${factor} times the planned rate`,
};

const usersForm: ActionForm = {
  kind: 'users',
  legend: 'Users',
  button: 'Set the users',
  isOfGroup: true,
  fields: () =>
    html`${field('users', 'count', 'Active users', html`<input id="users-count" name="count" type="number" min="0" step="1" value="1" required>`)}`,
  settings: ({ count }) => [`users=${count}`],
  effect: ({ count = '' }, { where }) =>
    count === '1' ? `1 user${where} is active` : `${count || '…'} users${where} are active`,
};

/** One of several settings, and its value beside it: choosing one fills in a value that it takes. */
function choice({ kind, label, valueLabel, options }: Choice): Html {
  const first = options.flatMap((each) => each.options)[0];
  const groups = options.map(
    (each) =>
      html`<optgroup label="${each.label}">${each.options.map(
        ({ value, text, takes }) => html`<option value="${value}" data-takes="${takes}">${text}</option>`,
      )}</optgroup>`,
  );
  return html`${field(kind, 'name', label, html`<select id="${kind}-name" name="name" data-fills="value">${groups}</select>`)}
${field(kind, 'value', valueLabel, html`<input id="${kind}-value" name="value" value="${first?.takes ?? ''}" autocomplete="off">`)}`;
}

interface Choice {
  readonly kind: string;
  readonly label: string;
  readonly valueLabel: string;
  readonly options: readonly { readonly label: string; readonly options: readonly Option[] }[];
}

interface Option {
  readonly value: string;
  readonly text: string;
  /** Empty: it takes no value. */
  readonly takes: string;
}

/** Settings of a kind, without their prefix. */
function settingsOf({ controls }: PlanOnPage, kind: string): Option[] {
  const prefix = `${kind}.`;
  return controls.settings
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, takes }) => ({ value: name, text: name.slice(prefix.length), takes }));
}

const networkForm: ActionForm = {
  kind: 'network',
  legend: 'Network',
  button: 'Set the network',
  isOfGroup: true,
  fields: (plan) => {
    const settings = { label: 'one setting', options: settingsOf(plan, 'network') };
    const networks = plan.controls.networks.map((name) => ({
      value: `network=${name}`,
      text: name,
      takes: '',
    }));
    return choice({
      kind: 'network',
      label: 'Setting, or network',
      valueLabel: 'Its value',
      options: [settings, { label: 'a whole network', options: networks }],
    });
  },
  settings: ({ name = '', value }) => [value === undefined ? name : `${name}=${value}`],
  effect: ({ name = '', value }, { where }) => {
    const [, setting = ''] = name.split(/[.=]/);
    const becomes =
      value === undefined
        ? `The network of devices${where} becomes ${setting}`
        : `In the network of devices${where}, ${setting} becomes ${value || '…'}`;
    return `${becomes}, for open connections too`;
  },
};

const howTexts: Readonly<Record<string, string>> = {
  clean: 'with a DISCONNECT',
  drop: 'without a DISCONNECT',
  silent: 'with nothing at all, so that the service waits for the keep-alive',
};

const disconnectForm: ActionForm = {
  kind: 'disconnect',
  legend: 'Disconnect',
  button: 'Disconnect devices',
  isOfGroup: true,
  fields:
    () => html`${field('disconnect', 'share', 'Share, %', html`<input id="disconnect-share" name="share" type="number" min="0" max="100" step="any" value="20" required>`)}
${field('disconnect', 'how', 'How connections end', html`<select id="disconnect-how" name="how">${['drop', 'clean', 'silent'].map(option)}</select>`)}`,
  settings: ({ share, how }) => [`disconnect=${share}%`, `disconnect.how=${how}`],
  effect: ({ share, how = '' }, { count, where }) => {
    const part = Number(share) / 100;
    return `${formatShare(part)} of the devices${where} (about ${formatCount(Math.round(part * count))}) lose their connections ${howTexts[how] ?? ''}, and come back by their own backoff`;
  },
};

const faultsForm: ActionForm = {
  kind: 'faults',
  legend: 'Faults of the service',
  button: 'Set the fault',
  isOfGroup: false,
  fields: (plan) =>
    choice({
      kind: 'faults',
      label: 'Fault',
      valueLabel: 'How much',
      options: [
        {
          label: 'one fault',
          options: settingsOf(plan, 'faults').filter(({ value }) => value !== 'faults.seed'),
        },
        { label: 'all faults', options: [{ value: 'faults=none', text: 'none', takes: '' }] },
      ],
    }),
  settings: ({ name = '', value }) => [value === undefined ? name : `${name}=${value}`],
  effect: ({ name = '', value }) =>
    value === undefined
      ? 'The embedded IoT Core injects no faults any more'
      : `The embedded IoT Core injects the fault ${name.slice('faults.'.length)}: ${value || '…'}`,
};

const forms = [rateForm, usersForm, networkForm, disconnectForm, faultsForm];

/** Those of a run: of actions that its slices, or its service, carry out. */
export function formsOf({ controls }: PlanOnPage): readonly ActionForm[] {
  return forms.filter(
    ({ kind }) =>
      controls.settings.some(({ name }) => name === kind) && (kind !== 'faults' || controls.isRehearsal),
  );
}

/** Markup of all forms, once for a run. */
export function renderActionForms(plan: PlanOnPage): Html {
  const own = formsOf(plan);
  if (own.length === 0) return html``;
  const groups = plan.groups.map(({ name }) => name);
  const groupField =
    groups.length === 0
      ? html``
      : html`<div class="field devices"><label for="action-group">Devices</label><select id="action-group"><option value="">of all groups</option>${groups.map((group) => html`<option value="${group}">of group ${group}</option>`)}</select></div>`;
  return html`<h2>Change the run</h2>
${groupField}
<div class="controls">${own.map(
    ({
      kind,
      legend,
      button,
      fields,
    }) => html`<form data-action="${kind}" novalidate><fieldset><legend>${legend}</legend>
${fields(plan)}
<p class="hint" id="${kind}-effect"></p>
<p class="actions"><button type="submit" aria-describedby="${kind}-effect">${button}</button></p>
<p class="accepted" role="status" id="${kind}-accepted"></p><p class="problem" role="alert" id="${kind}-problem"></p>
</fieldset></form>
`,
  )}</div>`;
}

/** @param group empty: all groups */
function devicesOf(plan: PlanOnPage, group: string): Devices {
  if (plan.groups.length === 0) return { count: plan.devices, where: '' };
  const own = plan.groups.find(({ name }) => name === group);
  return own === undefined
    ? { count: plan.devices, where: ' of all groups' }
    : { count: own.devices, where: ` of group ${group}` };
}

/** What a form does, and when; of a setting that was chosen, also what it is. */
export function sentenceOf(form: ActionForm, values: FieldValues, plan: PlanOnPage, group: string): string {
  const devices = devicesOf(plan, group);
  const leadMs = 100 * Math.round(plan.controls.leadMs / 100);
  const when = `about ${formatElapsed(leadMs)} after you press the button`;
  const effect = `${form.effect(values, devices)}, ${when}${form.isOfGroup ? ', in all slices at one instant' : ''}.`;
  const meaning = plan.controls.settings.find(({ name }) => name === values.name)?.meaning;
  return meaning === undefined ? effect : `${effect} ${meaning}`;
}
