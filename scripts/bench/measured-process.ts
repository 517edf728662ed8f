import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Everything that is measured runs in a process of its own: no heap, compiled code or garbage of another's, and its CPU
 * seconds are counted by the kernel.
 */
export interface MeasuredOptions {
  /** Flags of Node's: `--max-old-space-size=512`. */
  readonly nodeFlags?: readonly string[];
}

interface Answer<Report> {
  readonly report?: Report;
  readonly error?: string;
}

/**
 * Runs `module` in a process of its own, which calls `serveMeasurement`.
 * @param settings plain data
 * @throws an error with the message of the one that the measurement threw
 */
export async function measureInProcess<Settings, Report>(
  module: URL,
  settings: Settings,
  { nodeFlags = [] }: MeasuredOptions = {},
): Promise<Report> {
  const child = fork(fileURLToPath(module), [], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...nodeFlags],
  });
  const exited = once(child, 'exit');
  try {
    child.send(settings as object);
    const answer = await Promise.race([
      once(child, 'message').then(([message]) => message as Answer<Report>),
      exited.then(([code, signal]): Answer<Report> => ({ error: `ended with ${signal ?? code}` })),
    ]);
    if (answer.error !== undefined) throw new Error(`${fileURLToPath(module)}: ${answer.error}`);
    return answer.report as Report;
  } finally {
    if (child.connected) child.disconnect();
    await exited;
  }
}

/** The other side: does one measurement, answers, and ends when the bench hangs up. */
export function serveMeasurement<Settings, Report>(
  measure: (settings: Settings) => Report | Promise<Report>,
): void {
  process.once('disconnect', () => process.exit());
  process.once('message', async (settings) => {
    const answer: Answer<Report> = await Promise.resolve(settings as Settings)
      .then(measure)
      .then(
        (report) => ({ report }),
        (error: unknown) => ({
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      );
    process.send!(answer);
  });
}

/** What the process has used and holds at an instant. */
export interface ProcessSample {
  readonly atMs: number;
  /** User and system time of all its threads. */
  readonly cpuSeconds: number;
  /** Of these, in the kernel. */
  readonly kernelSeconds: number;
  readonly rssBytes: number;
}

export function sampleProcess(): ProcessSample {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    cpuSeconds: (user + system) / 1e6,
    kernelSeconds: system / 1e6,
    rssBytes: process.memoryUsage.rss(),
  };
}

/** @param atMs epoch milliseconds */
export function sampleAt(atMs: number): Promise<ProcessSample> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(sampleProcess()), Math.max(0, atMs - Date.now()));
  });
}

export interface WorkReport {
  readonly units: number;
  readonly cpuSeconds: number;
}

/**
 * Repeats work that waits for nothing until it has used that much CPU, after a third as much to warm up.
 * @param work returns how many units it did
 */
export function repeatWork(cpuSeconds: number, work: () => number): WorkReport {
  repeatUntil(cpuSeconds / 3, work);
  return repeatUntil(cpuSeconds, work);
}

function repeatUntil(cpuSeconds: number, work: () => number): WorkReport {
  const before = sampleProcess().cpuSeconds;
  let units = 0;
  for (;;) {
    units += work();
    const used = sampleProcess().cpuSeconds - before;
    if (used >= cpuSeconds) return { units, cpuSeconds: used };
  }
}

export function perCpuSecond({ units, cpuSeconds }: WorkReport): number {
  return units / cpuSeconds;
}
