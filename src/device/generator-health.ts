import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { GeneratorHealth } from '../measure/slice-result.ts';

/** Sampling every 20 ms costs next to nothing and sees every stall that a send lag of 10 ms could come from. */
const resolutionMs = 20;
const nanosecondsPerMs = 1e6;

/** What the generator itself was like, so that nobody blames the service for our lateness. */
export interface HealthMonitor {
  read(): GeneratorHealth;
  stop(): void;
}

/** @param startLagMs how late the slice was ready; 0 when early */
export function watchGeneratorHealth(startLagMs: number): HealthMonitor {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const idleRssBytes = process.memoryUsage.rss();
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // The histogram counts whole periods: what is above the resolution is delay.
  const delayMs = (nanoseconds: number): number =>
    Math.max(0, (Number.isFinite(nanoseconds) ? nanoseconds : 0) / nanosecondsPerMs - resolutionMs);
  return {
    read() {
      const cpu = process.cpuUsage(cpuBefore);
      return {
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        wallSeconds: (performance.now() - startedAtMs) / 1_000,
        // Linux counts it in kilobytes.
        maxRssBytes: process.resourceUsage().maxRSS * 1_024,
        idleRssBytes,
        startLagMs,
        eventLoopDelayP99Ms: delay.count === 0 ? 0 : delayMs(delay.percentile(99)),
        eventLoopDelayMaxMs: delay.count === 0 ? 0 : delayMs(delay.max),
      };
    },
    stop: () => {
      delay.disable();
    },
  };
}
