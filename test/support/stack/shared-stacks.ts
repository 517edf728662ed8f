import { existsSync } from 'node:fs';
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { arch } from 'node:os';
import path from 'node:path';
import { until } from '../until.ts';
import { type PackagedStack, packageStack, readStack } from './packaged-stack.ts';

const layerArn = 'arn:aws:lambda:us-east-1:123456789012:layer:payloads';
export const payloadLayers = [1, 2].map((version) => `${layerArn}:${version}`);
export const permissionsBoundary = 'arn:aws:iam::123456789012:policy/edge-of-teams';

/** Parameters of the stacks that tests look at. Each is packaged once in a run of Jest, which takes it ten seconds. */
const variants = {
  default: [],
  stream: ['subscriber=stream', 'streamShards=4', 'tracing=true'],
  onDemandStream: ['subscriber=stream', 'streamMode=on-demand'],
  direct: [
    'topicFilter=fleet/+/telemetry/#',
    'subscriber=direct',
    'architecture=x86_64',
    'tracing=true',
    'publishConcurrency=50',
    'sliceSeconds=600',
    `payloadLayers=${payloadLayers.join(', ')}`,
    'retentionDays=30',
  ],
  provisioned: ['queueReaders=provisioned', 'minimumPollers=20', 'maximumPollers=400'],
  named: [
    'namePrefix=acme-',
    `permissionsBoundary=${permissionsBoundary}`,
    'coldStartLead=20s',
    'cloudWatchDelay=1m',
  ],
  /** Its native file runs on this machine. */
  ofThisMachine: [`architecture=${arch() === 'arm64' ? 'arm64' : 'x86_64'}`],
} as const;

export type StackVariant = keyof typeof variants;

/** @throws Error outside `npm run test:integration`, whose configuration says where stacks are kept */
export async function sharedStack(variant: StackVariant): Promise<PackagedStack> {
  const directory = process.env.TEST_STACKS;
  if (directory === undefined) throw new Error('TEST_STACKS is not set');
  const artifacts = path.join(directory, variant);
  // A link to the process that packages it.
  const begun = `${artifacts}.begun`;
  await mkdir(directory, { recursive: true });
  const isThere = async (): Promise<boolean> => {
    if (existsSync(artifacts)) return true;
    const isOurs = await symlink(String(process.pid), begun).then(
      () => true,
      () => false,
    );
    if (isOurs) await packageStack(artifacts, variants[variant]).finally(() => rm(begun));
    else await removeOfEnded(begun);
    return isOurs;
  };
  await until(isThere, `the stack ${variant}, which another worker packages`, 200);
  return readStack(artifacts);
}

/** A worker that was killed leaves its link. */
async function removeOfEnded(begun: string): Promise<void> {
  const pid = await readlink(begun).catch(() => undefined);
  if (pid !== undefined && !isRunning(Number(pid))) await rm(begun, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
