import { bookStepsOf } from '../plan/book-steps.ts';
import { isOfDevices, mqttGroupsOf } from '../plan/groups.ts';
import { subscriberObserver } from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { ofEach } from '../shared/counts.ts';
import type { ArrivalWindow } from './arrival-window.ts';
import { type Announcement, ServiceSeconds } from './busiest-seconds.ts';
import { type TimedLatencyName, timedLatencyNames } from './latency-names.ts';
import { LatencySeries } from './latency-series.ts';
import { RunMemory } from './memory-series.ts';
import type { RunLedger } from './run-ledger.ts';
import { SecondSeries } from './second-series.ts';
import type { SliceResult } from './slice-result.ts';

/** All that slices and readers counted and measured by second: kept by the steps of the run. */
export class RunSeconds {
  readonly #plan: Plan;
  readonly #series: SecondSeries;
  readonly #service: ServiceSeconds;
  readonly #latencies: Readonly<Record<TimedLatencyName, LatencySeries>>;
  readonly #memory: RunMemory;

  constructor(plan: Plan) {
    const steps = bookStepsOf(plan);
    this.#plan = plan;
    this.#series = new SecondSeries(steps);
    this.#service = new ServiceSeconds(plan, steps);
    this.#latencies = ofEach(timedLatencyNames, () => new LatencySeries(steps));
    this.#memory = new RunMemory(steps);
  }

  addSlice(group: GroupPlan, result: SliceResult): void {
    const { perSecond, latencyPerSecond, requests, generator } = result;
    this.#memory.add(generator.memory);
    this.#service.addSlice(group, result);
    const isMqtt = group.profile.connect.protocol === 'mqtt';
    // Beside connections, devices that only make requests are none; a backend's commands are no messages of devices.
    const connected = isMqtt || mqttGroupsOf(this.#plan).length === 0 ? perSecond.connected : [];
    if (isOfDevices(group)) this.#series.addSlice({ ...perSecond, connected });
    for (const name of ['puback_round_trip', 'pubcomp_round_trip'] as const)
      this.#latencies[name].add(latencyPerSecond?.[name] ?? {});
    if (requests !== undefined) this.#latencies.response_time.add(requests.perSecond);
  }

  addWindow({ observer, perSecond, latencyPerSecond }: ArrivalWindow, isPrimary: boolean): void {
    const { startSecond, arrivals } = perSecond;
    if (observer === subscriberObserver) this.#service.addSubscribed(startSecond, arrivals);
    if (!isPrimary) return;
    this.#series.addArrivals(startSecond, arrivals);
    this.#latencies.end_to_end_latency.add(latencyPerSecond?.end_to_end_latency ?? {});
  }

  /** @param stop as of `ServiceSeconds` */
  totals(
    stop: Announcement | undefined,
  ): Pick<RunLedger, 'perSecond' | 'busiest' | 'latencySeries' | 'memory'> {
    return {
      perSecond: this.#series.series(),
      busiest: this.#service.busiest(stop),
      latencySeries: this.#latencies,
      memory: this.#memory,
    };
  }
}
