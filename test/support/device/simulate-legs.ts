import { DeviceActions } from '../../../src/device/device-actions.ts';
import { runSlice } from '../../../src/device/slice-runner.ts';
import { StopRequest } from '../../../src/device/stop-signal.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { StoredAction } from '../../../src/plan/actions/action.ts';
import { actionKinds } from '../../../src/plan/actions/action-kinds.ts';
import { groupOfSlice } from '../../../src/plan/groups.ts';
import { invokeLegAt, type LegTimeline, legsOf } from '../../../src/plan/legs.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { plannedActionsOf } from '../../../src/plan/storms.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { type EarlierLeg, followActions } from '../../../src/worker/follow-actions.ts';
import { type Behaviour, SimulatedTransport } from './simulated-transport.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface LegsOptions {
  readonly slice?: number;
  readonly behaviour?: Behaviour;
  /** By leg: how long after its Lambda was to start it is ready, milliseconds. */
  readonly lateMs?: Readonly<Record<number, number>>;
  /** By leg: when it dies, epoch milliseconds. It leaves its last checkpoint. */
  readonly diesAt?: Readonly<Record<number, number>>;
  /** A stop, epoch milliseconds, that all legs learn of at once. */
  readonly stopAt?: number;
  /** Stored before the run, so that every leg reads them. */
  readonly actions?: readonly StoredAction[];
  /** Stored while the run goes on, and announced at once to the legs that run: those that start later read them. */
  readonly issued?: readonly IssuedAction[];
}

export interface IssuedAction {
  readonly action: StoredAction;
  /** Epoch milliseconds. */
  readonly storedAt: number;
  /** By leg: when it receives the announcement, where that is not at once, epoch milliseconds; Infinity: never. */
  readonly receivedAt?: Readonly<Record<number, number>>;
}

export interface SimulatedLegs {
  readonly clock: VirtualClock;
  /** By leg; undefined: it left nothing. */
  readonly results: readonly (SliceResult | undefined)[];
  /** By leg: what reached the service. */
  readonly transports: readonly SimulatedTransport[];
  /** Changes of the devices' network, in the order in which legs carried them out. */
  readonly networks: readonly NetworkChange[];
}

export interface NetworkChange {
  readonly leg: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly form: NetworkForm;
}

/** What the legs of a slice have in common. */
interface Simulation {
  readonly clock: VirtualClock;
  readonly results: (SliceResult | undefined)[];
  readonly transports: SimulatedTransport[];
  readonly networks: NetworkChange[];
  /** Legs that read the store now. */
  reading: number;
}

/** All legs of one slice, beside each other in virtual time, each with a service that keeps its own record. */
export async function simulateLegs(plan: Plan, options: LegsOptions = {}): Promise<SimulatedLegs> {
  const { slice = 0 } = options;
  const legs = legsOf(plan, slice);
  const simulation: Simulation = {
    clock: new VirtualClock(plan.timeline.createdAt),
    results: legs.map(() => undefined),
    transports: [],
    networks: [],
    reading: 0,
  };
  const { clock, results } = simulation;
  const work = legs.map(async (timeline, leg) => {
    const readyAt = invokeLegAt(plan, timeline) + (options.lateMs?.[leg] ?? 0);
    await new Promise<void>((resolve) => clock.setTimer(readyAt - clock.now(), resolve));
    if (options.stopAt !== undefined && options.stopAt < clock.now() && leg > 0) return;
    results[leg] = await runLeg(plan, leg, options, simulation);
  });
  // No time passes while a leg reads what is stored.
  await clock.runUntil(Promise.all(work), async () => {
    do for (let i = 0; i < 5; i++) await undefined;
    while (simulation.reading > 0);
  });
  return simulation;
}

async function runLeg(
  plan: Plan,
  leg: number,
  { slice = 0, behaviour = {}, diesAt = {}, stopAt, actions: stored = [], issued = [] }: LegsOptions,
  simulation: Simulation,
): Promise<SliceResult | undefined> {
  const { clock, results, transports, networks } = simulation;
  const stop = new AbortController();
  const actions = new DeviceActions();
  const timeline = legsOf(plan, slice)[leg]!;
  const followed = followActions({
    runId: plan.runId,
    group: groupOfSlice(plan, slice).group,
    kinds: actionKinds,
    planned: plannedActionsOf(plan),
    ...(leg > 0 && { from: timeline.from, earlier: earlierOf(timeline, results[leg - 1]) }),
    controls: {
      stop() {},
      prepareDisconnect: (disconnect, at) => actions.prepareDisconnect(disconnect, at),
      prepareFailover: (failover, at) => actions.prepareFailover(failover, at),
      prepareNetwork: (form) => () => void networks.push({ leg, at: clock.now(), form }),
      changeLoad: (action) => actions.changeLoad(action),
    },
    store: {
      async *actions() {
        simulation.reading++;
        yield* stored;
        for (const { action, storedAt } of issued) if (storedAt <= clock.now()) yield action;
        simulation.reading--;
      },
    },
    clock,
  });
  for (const { action, storedAt, receivedAt } of issued) {
    const at = receivedAt?.[leg] ?? storedAt;
    if (at > clock.now() && at < Number.POSITIVE_INFINITY)
      clock.setTimer(at - clock.now(), () => followed.received(action));
  }
  simulation.reading++;
  await followed.readStored();
  simulation.reading--;
  const recorded = () => (followed.applied().length > 0 ? { actions: [...followed.applied()] } : {});
  let isDead = false;
  let last: SliceResult | undefined;
  if (stopAt !== undefined)
    clock.setTimer(stopAt - clock.now(), () => stop.abort(new StopRequest('stopped by the test', stopAt)));
  const ended = runSlice({
    plan,
    slice,
    leg,
    clock,
    random: makeRandom(1, leg),
    actions,
    transport: (listener, clients) => {
      const transport = new SimulatedTransport(clock, behaviour, listener, clients);
      transports[leg] = transport;
      return transport;
    },
    onCheckpoint: async (checkpoint) => {
      if (isDead) return;
      last = { ...checkpoint, ...recorded() };
      results[leg] = last;
    },
    onSnapshot() {},
    stop: stop.signal,
    checkpointEveryMs: 1_000,
  });
  const dies = diesAt[leg];
  if (dies === undefined) {
    const result = await ended;
    if (result.outcome === 'stopped') followed.close();
    return { ...result, ...recorded() };
  }
  await new Promise<void>((resolve) => clock.setTimer(dies - clock.now(), resolve));
  isDead = true;
  transports[leg]!.kill();
  stop.abort('killed by the test');
  return last;
}

function earlierOf({ takesOver }: LegTimeline, before: SliceResult | undefined): EarlierLeg | undefined {
  return before && { at: before.at, actions: before.actions ?? [], movedAt: takesOver!.until };
}
