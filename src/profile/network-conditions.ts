import { durationPattern } from '../shared/duration.ts';
import type { GroupSettings } from './load-profile.ts';
import {
  type Bandwidth,
  type NetworkConditions,
  type NetworkForm,
  type NetworkObject,
  networkPresets,
  presetNames,
  type Stall,
} from './network-presets.ts';
import { durationOrRange, resolveThinkTime } from './time-distribution.ts';

/** The units of `tc`; its `bps` are bytes, and are not taken. */
const bitsPer = { bit: 1, kbit: 1_000, mbit: 1_000_000, gbit: 1_000_000_000 } as const;
export const bandwidthPattern = /^(\d+(?:\.\d+)?)(bit|kbit|mbit|gbit)$/;

/** Resets a minute at most: one a second. */
export const mostResets = 60;

const matches = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value);
const isDuration = matches(durationPattern);
const isRate = matches(bandwidthPattern);
const isUpTo = (most: number) => (value: unknown) => typeof value === 'number' && value >= 0 && value <= most;
const isShare = isUpTo(1);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isAbsentOr = (is: (value: unknown) => boolean, value: unknown) => value === undefined || is(value);

const isSetting: { readonly [Name in keyof Required<NetworkObject>]: (value: unknown) => boolean } = {
  preset: (value) => presetNames.some((name) => name === value),
  delay: (value) =>
    matches(durationOrRange)(value) ||
    (isObject(value) &&
      isAbsentOr(isDuration, value.exponential) &&
      isAbsentOr(
        (normal) => isObject(normal) && isDuration(normal.mean) && isDuration(normal.sd),
        value.normal,
      )),
  correlation: isShare,
  bandwidth: (value) =>
    value === 'none' ||
    isRate(value) ||
    (isObject(value) && isAbsentOr(isRate, value.up) && isAbsentOr(isRate, value.down)),
  loss: isShare,
  stall: (value) =>
    value === 'none' ||
    (isObject(value) &&
      isUpTo(86_400)(value.everySeconds) &&
      value.everySeconds !== 0 &&
      isDuration(value.for)),
  reset: isUpTo(mostResets),
  duplicate: isShare,
  corrupt: isShare,
  outage: isShare,
};

/**
 * Whether a slice can act on it. Slices check what they receive without the schema, which takes 20 MB; profiles and commands were checked
 * by that (`parseNetwork`).
 */
export function isNetworkForm(value: unknown): value is NetworkForm {
  if (!isObject(value)) return isSetting.preset(value);
  return Object.entries(value).every(([name, each]) =>
    Object.hasOwn(isSetting, name) ? isSetting[name as keyof NetworkObject](each) : false,
  );
}

/** Joins two forms: the settings of `later` replace those of `earlier`. */
export function joinNetworks(earlier: NetworkForm, later: NetworkForm): NetworkForm {
  if (typeof later === 'string' || later.preset !== undefined) return later;
  const base = typeof earlier === 'string' ? { preset: earlier } : earlier;
  const ways = [base.bandwidth, later.bandwidth].map((of) => (typeof of === 'object' ? of : undefined));
  const isPart = ways[1] !== undefined && base.bandwidth !== undefined;
  const before = typeof base.bandwidth === 'string' ? bothWays(base.bandwidth) : ways[0];
  return { ...base, ...later, ...(isPart && { bandwidth: { ...before, ...ways[1] } }) };
}

function bothWays(text: string): { up?: string; down?: string } {
  return text === 'none' ? {} : { up: text, down: text };
}

/**
 * Conditions after a change.
 * @param form as the schema has let it through
 */
export function changeNetwork(before: NetworkConditions, form: NetworkForm): NetworkConditions {
  if (typeof form === 'string') return networkPresets[form].conditions;
  const base = form.preset === undefined ? before : networkPresets[form.preset].conditions;
  const { delay, correlation, bandwidth: rate, loss, stall, reset, duplicate, corrupt, outage } = form;
  const given: NetworkConditions = {
    ...base,
    ...(delay !== undefined && { delay: resolveThinkTime(delay) }),
    ...(rate !== undefined && { bandwidth: resolveBandwidth(rate, base.bandwidth) }),
    ...(stall !== undefined && { stall: resolveStall(stall) }),
    ...Object.fromEntries(
      Object.entries({ correlation, loss, reset, duplicate, corrupt, outage }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => !isNothing(value)));
}

/** The network of a profile or a group. One that does nothing is kept: with it every client's network can change while the run goes on. */
export function resolveNetwork(form: NetworkForm | undefined): { readonly network?: NetworkConditions } {
  return form === undefined ? {} : { network: changeNetwork({}, form) };
}

/**
 * Sockets that one connection takes of its Lambda's file descriptors. With a network the Device SDK takes three: its own, and the two of
 * the loopback proxy, to the SDK and to the target.
 */
export function socketsPerConnection({
  connect: { protocol, client },
  network,
}: Pick<GroupSettings, 'connect' | 'network'>): number {
  return protocol === 'mqtt' && client === 'device-sdk' && network !== undefined ? 3 : 1;
}

/** Settings that do nothing are left out: conditions without a key are none. */
function isNothing(value: NetworkConditions[keyof NetworkConditions]): boolean {
  if (value === undefined || value === 0) return true;
  if (typeof value !== 'object') return false;
  return ('ms' in value && value.ms === 0) || Object.keys(value).length === 0;
}

function resolveBandwidth(form: NonNullable<NetworkObject['bandwidth']>, before: Bandwidth = {}): Bandwidth {
  if (typeof form === 'object') return { ...before, ...bitsOf(form) };
  return bitsOf(bothWays(form));
}

function bitsOf(ways: { up?: string | undefined; down?: string | undefined }): Bandwidth {
  return Object.fromEntries(
    Object.entries(ways).flatMap(([way, text]) => (text === undefined ? [] : [[way, parseBandwidth(text)]])),
  );
}

/** Bits a second, of a text as the schema has let it through. */
export function parseBandwidth(text: string): number {
  const [, amount = '0', unit = 'bit'] = bandwidthPattern.exec(text) ?? [];
  return Number(amount) * bitsPer[unit as keyof typeof bitsPer];
}

function resolveStall(form: NonNullable<NetworkObject['stall']>): Stall | undefined {
  if (typeof form === 'string') return undefined;
  const time = resolveThinkTime(form.for);
  return { everySeconds: form.everySeconds, forMs: time.kind === 'constant' ? time.ms : 0 };
}
