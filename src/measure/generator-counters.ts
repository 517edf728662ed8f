import type { GeneratorTotals } from './run-ledger.ts';
import type { SliceResult } from './slice-result.ts';

/** CPU, memory and delays of the processes that made the load. */
export class GeneratorCounters {
  #totals: GeneratorTotals = {
    slices: 0,
    controlConnects: 0,
    cpuSeconds: 0,
    peakCpuShare: 0,
    wallSeconds: 0,
    sliceSeconds: 0,
    maxRssBytes: 0,
    rssBytes: 0,
    deviceBytes: 0,
    devices: 0,
    startLagMs: 0,
    eventLoopDelayP99Ms: 0,
    eventLoopDelayMaxMs: 0,
    clockBracketMs: null,
  };

  /** @param isMqtt whether the slice has a control channel */
  add(result: SliceResult, isMqtt: boolean): void {
    const { generator: slice, devices, controlConnects = Number(isMqtt) } = result;
    const sum = this.#totals;
    this.#totals = {
      slices: sum.slices + 1,
      controlConnects: sum.controlConnects + controlConnects,
      cpuSeconds: sum.cpuSeconds + slice.cpuSeconds,
      peakCpuShare: Math.max(sum.peakCpuShare, slice.peakCpuShare ?? 0),
      wallSeconds: Math.max(sum.wallSeconds, slice.wallSeconds),
      sliceSeconds: sum.sliceSeconds + slice.wallSeconds,
      maxRssBytes: Math.max(sum.maxRssBytes, slice.maxRssBytes),
      rssBytes: sum.rssBytes + slice.maxRssBytes,
      deviceBytes: sum.deviceBytes + Math.max(0, slice.maxRssBytes - slice.idleRssBytes),
      devices: sum.devices + devices.connected,
      startLagMs: Math.max(sum.startLagMs, slice.startLagMs),
      eventLoopDelayP99Ms: Math.max(sum.eventLoopDelayP99Ms, slice.eventLoopDelayP99Ms),
      eventLoopDelayMaxMs: Math.max(sum.eventLoopDelayMaxMs, slice.eventLoopDelayMaxMs),
      clockBracketMs:
        slice.clockBracketMs === undefined
          ? sum.clockBracketMs
          : Math.max(sum.clockBracketMs ?? 0, slice.clockBracketMs),
    };
  }

  totals(): GeneratorTotals {
    return this.#totals;
  }
}
