import type { InputError } from '../shared/errors.ts';
import { joinNetworks } from './network-conditions.ts';
import type { NetworkForm, NetworkObject } from './network-presets.ts';
import { checkNetwork } from './network-rules.ts';
import { parseNetwork } from './network-schema.ts';
import { validateShape } from './shape.ts';

/** `network.delay=200ms`: the setting and its value, as the command line gives them. */
export interface NetworkAssignment {
  /** `network`, or a path below it: `network.delay`, `network.bandwidth.up`. */
  readonly setting: string;
  /** A text as in the profile, a number, a share as `2%` or `0.02`, or JSON. */
  readonly value: string;
}

/**
 * Assignments of the command line as one change of the network.
 * @returns the form of the action, or every error by its setting; neither where none of them is of the network
 */
export function readNetworkAssignments(assignments: readonly NetworkAssignment[]): {
  readonly network?: NetworkForm;
  readonly errors: readonly InputError[];
} {
  const own = assignments.filter(({ setting }) => /^network(\.|$)/.test(setting));
  let network: NetworkForm | undefined;
  const errors: InputError[] = [];
  for (const { setting, value } of own) {
    const form = nest(setting.split('.').slice(1), readValue(value));
    const faults = errorsOf(form);
    errors.push(...faults);
    const parsed = faults.length === 0 ? parseNetwork(form) : undefined;
    if (parsed !== undefined) network = network === undefined ? parsed : joinInOneChange(network, parsed);
  }
  // A stall is read as a whole: its two settings come in any order.
  if (errors.length > 0 || network === undefined) return { errors };
  return { network, errors: checkNetwork(network, 'network') };
}

/** What a form that stands at `network` has wrong in itself. */
function errorsOf(form: unknown): readonly InputError[] {
  const { errors } = validateShape({ devices: 1, network: form });
  return errors.filter(({ path }) => path === 'network' || path.startsWith('network.'));
}

/** In one change a preset stands below the settings, whichever is written first. */
function joinInOneChange(earlier: NetworkForm, later: NetworkForm): NetworkForm {
  const isPreset = typeof later === 'string' && typeof earlier !== 'string';
  return isPreset ? { preset: later, ...(earlier as NetworkObject) } : joinNetworks(earlier, later);
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function readValue(text: string): unknown {
  if (/^-?\d+(\.\d+)?%$/.test(text)) return Number(text.slice(0, -1)) / 100;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^[{["]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
