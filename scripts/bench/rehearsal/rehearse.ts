import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../../../src/plan/plan.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { sampleAt } from '../measured-process.ts';
import { processesOf } from '../process-tree.ts';

export interface Rehearsal {
  readonly ratePerSecond: number;
  readonly devices: number;
  readonly devicesPerSlice: number;
  readonly qos: 0 | 1;
  readonly sizeBytes: number;
  /** At the full rate, after a ramp. */
  readonly holdSeconds: number;
  /** URL of a broker in place of the embedded IoT Core. */
  readonly target?: string;
}

export interface RehearsalUse {
  readonly report: Report;
  /** Over the hold, by what the process does: all cores' seconds a second, and memory at its end. */
  readonly roles: Readonly<Record<Role, { readonly cores: number; readonly rssBytes: number }>>;
  readonly cores: number;
  readonly rssBytes: number;
  readonly machineMs: { readonly from: number; readonly to: number };
}

const roles = [
  'command line',
  'edge',
  'IoT Core',
  'publish-mqtt',
  'subscribe',
  'measure-latency',
  'others',
] as const;
export type Role = (typeof roles)[number];

const rampSeconds = 5;
/** Past what is measured: the quotas of a large account. */
const quotas = { publishIn: 1_000_000, ruleEvaluations: 1_000_000, connects: 10_000 };
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** One run of the whole pipeline, as a user starts it. */
export async function rehearse(rehearsal: Rehearsal): Promise<RehearsalUse> {
  const directory = await mkdtemp(join(tmpdir(), 'stampede-bench-'));
  const profile = join(directory, 'profile.json');
  await writeFile(profile, JSON.stringify(profileOf(rehearsal)));
  const quotaFlags = Object.entries(quotas).flatMap(([name, limit]) => ['--quota', `${name}=${limit}`]);
  const args = [main, 'run', profile, '--quiet', '--force', '--runs', directory, ...quotaFlags];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  try {
    const { timeline } = await untilPlanned(directory, exited, () => errors);
    const from = timeline.publishAt + rampSeconds * 1_000;
    const to = timeline.publishEndAt;
    await sampleAt(from);
    const before = processesOf(child.pid!) ?? [];
    await sampleAt(to);
    const after = processesOf(child.pid!) ?? [];
    const use = useBetween(before, after, (to - from) / 1_000);
    await exited;
    const report = JSON.parse(await readFile(await findFile(directory, 'report.json'), 'utf8')) as Report;
    return { ...use, report, machineMs: { from, to } };
  } finally {
    child.kill();
    await exited;
    await rm(directory, { recursive: true, force: true });
  }
}

function profileOf(rehearsal: Rehearsal) {
  const { ratePerSecond, devices, devicesPerSlice, qos, sizeBytes, holdSeconds, target } = rehearsal;
  return {
    ...(target !== undefined && { target }),
    name: 'bench',
    devices,
    connect: { client: 'dense', ratePerSecond: 1_000 },
    publish: { qos, sizeBytes, payload: { temperature: '{{gaussian(21, 2)}}', at: '{{now}}' } },
    stages: [
      { duration: `${rampSeconds}s`, target: ratePerSecond },
      { duration: `${holdSeconds}s`, target: ratePerSecond },
    ],
    slices: { devicesPerSlice },
    limits: { enforce: false },
  };
}

/** The plan is in the run store as soon as it is made, before anything begins. */
async function untilPlanned(
  directory: string,
  exited: Promise<unknown>,
  errors: () => string,
): Promise<Plan> {
  let hasEnded = false;
  void exited.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    const file = await findFile(directory, 'plan.json').catch(() => undefined);
    const text = file === undefined ? '' : await readFile(file, 'utf8');
    if (text.endsWith('}')) return JSON.parse(text) as Plan;
    await sampleAt(Date.now() + 50);
  }
  throw new Error(`the run ended before it had a plan:\n${errors()}`);
}

async function findFile(directory: string, name: string): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const found = names.find((each) => each.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`there is no ${name} in ${directory}`);
  return join(directory, found);
}

function useBetween(
  before: NonNullable<ReturnType<typeof processesOf>>,
  after: NonNullable<ReturnType<typeof processesOf>>,
  seconds: number,
): Pick<RehearsalUse, 'roles' | 'cores' | 'rssBytes'> {
  const byRole = Object.fromEntries(roles.map((role) => [role, { cores: 0, rssBytes: 0 }])) as Record<
    Role,
    { cores: number; rssBytes: number }
  >;
  const earlier = new Map(before.map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
  for (const { pid, cpuSeconds, rssBytes, describe } of after) {
    const { command, environment } = describe();
    const use = byRole[roleOf(command, environment)];
    use.cores += (cpuSeconds - (earlier.get(pid) ?? 0)) / seconds;
    use.rssBytes += rssBytes;
  }
  const all = Object.values(byRole);
  return {
    roles: byRole,
    cores: all.reduce((sum, { cores }) => sum + cores, 0),
    rssBytes: all.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

function roleOf(command: string, environment: string): Role {
  if (/_HANDLER=functions\/publish-mqtt/.test(environment)) return 'publish-mqtt';
  if (/_HANDLER=functions\/subscribe/.test(environment)) return 'subscribe';
  if (/_HANDLER=functions\/measure-latency/.test(environment)) return 'measure-latency';
  if (/iot-core\/main|iot-core-process/.test(command)) return 'IoT Core';
  if (/embedded\/main/.test(command)) return 'edge';
  return /cli\/main/.test(command) ? 'command line' : 'others';
}
