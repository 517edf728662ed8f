import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import { formatBytes, formatCount, formatPlural } from '../shared/format.ts';
import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import { subscriberConcurrency } from './arrival-reading.ts';
import type { Deployment } from './deployment.ts';
import { deploymentOf } from './deployment.ts';
import { groupsOf } from './groups.ts';
import { mostConnections } from './lifecycle.ts';
import type { GroupPlan, Plan } from './plan.ts';
import { connectionsPerSlice } from './slice-connections.ts';

/** The machine that a rehearsal runs on: devices, embedded AWS and IoT Core share it. */
export interface HostFacts {
  /** Files that one process may have open: the hard limit (`ulimit -Hn`). */
  readonly descriptors: number;
  /** Bytes that can be had without swapping. */
  readonly memoryBytes: number;
  readonly cores: number;
}

/** What a rehearsal needs of the machine. */
export interface HostForecast {
  readonly needs: readonly HostNeed[];
  /** Why the rehearsal cannot work here; empty where it can. */
  readonly refusals: readonly InputError[];
  /** What may distort the figures, in sentences with what to do. */
  readonly notes: readonly string[];
}

export interface HostNeed {
  readonly name: string;
  readonly unit: '' | ' bytes';
  readonly peak: number;
  readonly limit: number;
}

const mib = 1_048_576;

/**
 * Measured on Linux with Node 24 (Pss in /proc/PID/smaps_rollup, and entries of /proc/PID/fd) in runs of 400 to 2,000 devices,
 * rounded up. A process of a slice grows with its load: 50 of them under load took 6.7 GB.
 */
const measured = {
  sliceBytes: 120 * mib,
  readerBytes: 80 * mib,
  /** The CLI, embedded AWS, IoT Core, plan and summarize. */
  otherBytes: 500 * mib,
  /** At both ends: in the slice and in IoT Core. */
  bytesPerDevice: { dense: 40 * 1_024, 'device-sdk': 100 * 1_024, https: 10 * 1_024 },
  iotCoreDescriptors: 48,
  awsDescriptors: 64,
  /** Three pipes, a log, the Runtime API, invocations and the run store, of one execution environment in embedded AWS. */
  awsDescriptorsPerEnvironment: 8,
  sliceDescriptors: 32,
} as const;

/**
 * Of slices and readers. Past the first they may start late and wait for each other; past the second they do: 55 on two cores
 * dropped 1,588 of 5,000 messages at best, and all of them while the machine had other work.
 */
const processesPerCore = 8;
const mostProcessesPerCore = 20;

/** What the plan needs of the machine if it is rehearsed on it. */
export function forecastHost(
  plan: Plan,
  host: HostFacts,
  deployment: Deployment = deploymentOf(plan),
): HostForecast {
  const { slices } = plan;
  const { devices } = plan.profile;
  const groups = groupsOf(plan);
  const readers = subscriberConcurrency(plan, deployment);
  const environments = slices.count + readers + 2;
  const perSlice = Math.max(...groups.map(connectionsPerSlice));
  const atIotCore = sumBy(groups, connectionsAtIotCore);

  const descriptors = (name: string, peak: number): HostNeed => ({
    name: `open files of ${name}`,
    unit: '',
    peak,
    limit: host.descriptors,
  });
  const iotCore = descriptors('the embedded IoT Core', measured.iotCoreDescriptors + atIotCore);
  const aws = descriptors(
    'embedded AWS',
    measured.awsDescriptors + measured.awsDescriptorsPerEnvironment * environments,
  );
  const slice = descriptors('a slice', measured.sliceDescriptors + perSlice);
  const memory: HostNeed = {
    name: 'memory',
    unit: ' bytes',
    peak:
      measured.otherBytes +
      measured.sliceBytes * slices.count +
      measured.readerBytes * readers +
      sumBy(groups, ({ profile }) => measured.bytesPerDevice[clientKindOf(profile)] * profile.devices),
    limit: host.memoryBytes,
  };

  const refusals: InputError[] = [];
  const refuse = (path: string, message: string, hint: string): void => {
    refusals.push({ path, message, hint });
  };
  if (isPast(iotCore))
    refuse(
      'devices',
      tooMany(iotCore),
      `${raise(iotCore.peak)}, or rehearse with ${fitting(iotCore, devices)}`,
    );
  if (isPast(aws))
    refuse('slices.devicesPerSlice', tooMany(aws), `${raise(aws.peak)}, or put more devices into a slice`);
  if (isPast(slice))
    refuse(
      'slices.devicesPerSlice',
      tooMany(slice),
      `${raise(slice.peak)}, or put fewer devices into a slice`,
    );
  if (isPast(memory)) {
    refuse(
      slices.count > 1 && slices.devicesPerSlice < maxDevicesPerSlice ? 'slices.devicesPerSlice' : 'devices',
      `memory of this machine: about ${formatBytes(memory.peak)} needed (${formatPlural(slices.count, 'slice')}, a process each), and ${formatBytes(memory.limit)} are free`,
      'put more devices into a slice (each takes a process of 120 MB), use fewer devices, or free memory',
    );
  }
  const processes = slices.count + readers;
  if (processes > mostProcessesPerCore * host.cores) {
    refuse(
      'slices.devicesPerSlice',
      `${processesOn(processes, host.cores)} of this machine, and at most ${mostProcessesPerCore} a core start in time`,
      'put more devices into a slice, or rehearse with fewer devices',
    );
  }
  return { needs: [iotCore, aws, slice, memory], refusals, notes: notesOf(processes, host) };
}

function notesOf(processes: number, { cores }: HostFacts): string[] {
  if (processes <= processesPerCore * cores) return [];
  return [
    `${processesOn(processes, cores)}: slices may start late and drop messages`,
    'more devices a slice (slices.devicesPerSlice) make fewer processes',
  ];
}

function processesOn(processes: number, cores: number): string {
  return `${formatCount(processes)} processes share ${cores === 1 ? 'one core' : `${formatCount(cores)} cores`}`;
}

function isPast({ peak, limit }: HostNeed): boolean {
  return peak > limit;
}

function tooMany({ name, peak, limit }: HostNeed): string {
  return `${name}: about ${formatCount(peak)} needed, and a process may have ${formatCount(limit)} on this machine`;
}

function raise(peak: number): string {
  return `raise the limit (ulimit -Hn, as root or in limits.conf) to ${formatCount(peak)} or more`;
}

function fitting({ peak, limit }: HostNeed, devices: number): string {
  return formatPlural(Math.max(1, devices - (peak - limit)), 'device');
}

function clientKindOf({ connect }: LoadProfile): keyof typeof measured.bytesPerDevice {
  return connect.protocol === 'mqtt' ? connect.client : 'https';
}

/** Over MQTT each slice has its control channel beside its devices. A web service is another server. */
function connectionsAtIotCore(group: GroupPlan): number {
  const { profile, slices } = group;
  if (profile.http !== undefined) return 0;
  return profile.connect.protocol === 'mqtt'
    ? Math.max(profile.devices, mostConnections(profile)) + slices.count
    : connectionsPerSlice(group) * slices.count;
}
