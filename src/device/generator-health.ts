import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { GeneratorSample } from '../live/live-slice.ts';
import type { GeneratorHealth } from '../measure/slice-result.ts';

/** Sampling every 20 ms costs almost nothing and detects every stall that could cause a send lag of 10 ms. */
const resolutionMs = 20;
const nanosecondsPerMs = 1e6;
const leastPulseMs = 500;

/** How well the generator itself ran, so that its own lateness is not attributed to the service. */
export interface HealthMonitor {
  /** Since the start. */
  read(): GeneratorHealth;
  /** Since the last pulse. `cpuShare`: of one vCPU; absent after an interval that is too short for one. */
  pulse(): GeneratorSample & { readonly cpuShare?: number };
  stop(): void;
}

/** @param startLagMs how late the slice was ready; 0 when early */
export function watchGeneratorHealth(startLagMs: number): HealthMonitor {
  const cpuBefore = process.cpuUsage();
  let cpuAtPulse = cpuBefore;
  let peakCpuShare = 0;
  const startedAtMs = performance.now();
  let pulsedAtMs = startedAtMs;
  const idleRssBytes = residentBytes();
  const [delay, delaySincePulse] = [watchDelay(), watchDelay()];
  return {
    read() {
      return {
        cpuSeconds: secondsOf(process.cpuUsage(cpuBefore)),
        peakCpuShare,
        wallSeconds: (performance.now() - startedAtMs) / 1_000,
        maxRssBytes: maxResidentBytes(),
        idleRssBytes,
        startLagMs,
        eventLoopDelayP99Ms: delayMs(delay, delay.percentile(99)),
        eventLoopDelayMaxMs: delayMs(delay, delay.max),
      };
    },
    pulse() {
      const cpuSeconds = secondsOf(process.cpuUsage(cpuAtPulse));
      cpuAtPulse = process.cpuUsage();
      const sinceMs = performance.now() - pulsedAtMs;
      pulsedAtMs += sinceMs;
      // In an interval much shorter than a second, the clock's resolution would dominate the share.
      const cpuShare = sinceMs < leastPulseMs ? undefined : cpuSeconds / (sinceMs / 1_000);
      peakCpuShare = Math.max(peakCpuShare, cpuShare ?? 0);
      const eventLoopDelayMaxMs = delayMs(delaySincePulse, delaySincePulse.max);
      delaySincePulse.reset();
      return {
        cpuSeconds,
        rssBytes: residentBytes(),
        startLagMs,
        eventLoopDelayMaxMs,
        ...(cpuShare !== undefined && { cpuShare }),
      };
    },
    stop: () => {
      delay.disable();
      delaySincePulse.disable();
    },
  };
}

/** On Linux it is read from a file: a process that may open no more files (EMFILE) gets its highest so far. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return maxResidentBytes();
  }
}

function maxResidentBytes(): number {
  // Linux counts it in kilobytes.
  return process.resourceUsage().maxRSS * 1_024;
}

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>;

function watchDelay(): DelayHistogram {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return delay;
}

/** The histogram counts whole periods: what is above the resolution is delay. */
function delayMs({ count }: DelayHistogram, nanoseconds: number): number {
  return count === 0 ? 0 : Math.max(0, nanoseconds / nanosecondsPerMs - resolutionMs);
}

function secondsOf(cpu: NodeJS.CpuUsage): number {
  return (cpu.user + cpu.system) / 1e6;
}
