import { formatDuration } from '../shared/duration.ts';
import { formatShare, formatValue } from '../shared/format.ts';
import { type NetworkConditions, networkPresets, presetNames } from './network-presets.ts';
import { describeTime } from './time-distribution.ts';

const units = [
  ['gbit', 1_000_000_000],
  ['mbit', 1_000_000],
  ['kbit', 1_000],
] as const;

/** In the units of tc: `62.5kbit`. @param bitsPerSecond 0 or more */
export function formatBandwidth(bitsPerSecond: number): string {
  const [unit, bits] = units.find(([, least]) => bitsPerSecond >= least) ?? ['bit', 1];
  return `${Number((bitsPerSecond / bits).toPrecision(4))}${unit}`;
}

/** `none`, `delay 200ms to 400ms, loss 5 %`; of a preset its name first: `lte-m (delay 40ms to 80ms, …)`. */
export function describeNetwork(conditions: NetworkConditions): string {
  const settings = settingsOf(conditions).join(', ');
  const preset = presetNames.find((name) => isSame(networkPresets[name].conditions, conditions));
  if (preset === undefined) return settings;
  return settings === '' ? preset : `${preset} (${settings})`;
}

function settingsOf(conditions: NetworkConditions): string[] {
  const { delay, correlation, bandwidth = {}, loss, stall, reset, duplicate, corrupt, outage } = conditions;
  const share = (name: string, value: number | undefined) =>
    value === undefined ? [] : [`${name} ${formatShare(value)}`];
  return [
    ...(delay === undefined ? [] : [`delay ${describeTime(delay)}`]),
    ...(correlation === undefined ? [] : [`correlation ${correlation}`]),
    ...(bandwidth.up === undefined ? [] : [`${formatBandwidth(bandwidth.up)} up`]),
    ...(bandwidth.down === undefined ? [] : [`${formatBandwidth(bandwidth.down)} down`]),
    ...share('loss', loss),
    ...(stall === undefined ? [] : [`${formatDuration(stall.forMs)} of stall every ${stall.everySeconds} s`]),
    ...(reset === undefined ? [] : [`resets ${formatValue(reset)} a minute`]),
    ...share('duplicate', duplicate),
    ...share('corrupt', corrupt),
    ...share('outage', outage),
  ];
}

/** By their settings, in whichever order they stand: a stored plan has them in one of its own. */
function isSame(a: object, b: object): boolean {
  const [own, other] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return (
    own.length === other.size &&
    own.every(([name, value]: [string, unknown]) => {
      const its = other.get(name);
      if (typeof value !== 'object' || value === null) return value === its;
      return typeof its === 'object' && its !== null && isSame(value, its);
    })
  );
}
