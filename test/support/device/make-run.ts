import { DeviceActions } from '../../../src/device/device-actions.ts';
import type { SliceNetwork } from '../../../src/device/network/shaping/slice-network.ts';
import { runSlice } from '../../../src/device/slice-runner.ts';
import { StopRequest } from '../../../src/device/stop-signal.ts';
import type { MakeTransport } from '../../../src/device/transport.ts';
import { makeRegionalTransport } from '../../../src/device/transports/regional.ts';
import type { SliceSnapshot } from '../../../src/live/live-slice.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { Announcement } from '../../../src/plan/actions/action.ts';
import { actionKinds } from '../../../src/plan/actions/action-kinds.ts';
import { groupOfSlice } from '../../../src/plan/groups.ts';
import { longestSleepMs } from '../../../src/plan/lifecycle.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { plannedActionsOf } from '../../../src/plan/storms.ts';
import type { Lifecycle } from '../../../src/profile/lifecycle-kinds.ts';
import type {
  ConnectSettings,
  LoadProfile,
  PublishSettings,
  RunSettings,
  UserLoad,
} from '../../../src/profile/load-profile.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { followActions } from '../../../src/worker/follow-actions.ts';
import { type Behaviour, SimulatedTransport } from './simulated-transport.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface RunOptions {
  devices?: number;
  ratePerSecond?: number;
  seconds?: number;
  slices?: number;
  echoFraction?: number;
  drainMs?: number;
  /** From the plan's making to the first connect, and from there to the first publish. */
  leadMs?: number;
  connectMs?: number;
  connect?: Partial<ConnectSettings>;
  timeline?: RunSettings['timeline'];
  lifecycle?: Lifecycle;
  publish?: Partial<PublishSettings>;
  /** The closed model in place of a rate: think time, pacing, and from how many users on; as many as devices unless said. */
  users?: Partial<UserLoad>;
  /** Of users. */
  stages?: readonly { seconds: number; users: number }[];
}

/** A constant load, planned by hand: connects within the first second, publishing from the third. */
export function makeTestPlan(options: RunOptions = {}, createdAt = 1_700_000_000_000): Plan {
  const { devices = 10, ratePerSecond = 100, slices = 1, drainMs = 1_000, stages } = options;
  const seconds = stages?.reduce((sum, stage) => sum + stage.seconds, 0) ?? options.seconds ?? 5;
  const { leadMs = 1_000, connectMs = 2_000 } = options;
  const profile: LoadProfile = {
    name: 'test',
    devices,
    seed: 42,
    connect: {
      protocol: 'mqtt',
      client: 'dense',
      ratePerSecond: devices,
      keepAliveMs: 300_000,
      cleanStart: true,
      timeoutMs: 5_000,
      ...options.connect,
    },
    publish: {
      topic: 'stampede/{runId}/{deviceId}/telemetry',
      qos: 1,
      payload: { temperature: '{{gaussian(21, 2)}}' },
      sizeBytes: 256,
      ackTimeoutMs: 1_000,
      maxUnacknowledged: 100,
      ...options.publish,
    },
    startRatePerSecond: ratePerSecond,
    stages: (stages ?? [{ seconds, users: devices }]).map((stage) => ({
      durationMs: stage.seconds * 1_000,
      targetPerSecond: ratePerSecond,
      ...(options.users && { targetUsers: stage.users }),
    })),
    ...(options.users && {
      users: { startUsers: devices, thinkTime: { kind: 'constant', ms: 0 }, ...options.users },
    }),
    echo: { fraction: options.echoFraction ?? 0 },
    ...(options.lifecycle && { lifecycle: options.lifecycle }),
    slices: { toleratedFailureShare: 0 },
    drainMs,
    limits: { enforce: true, quotaShare: 1 },
    allowedHosts: [],
    ...(options.timeline && { timeline: options.timeline }),
    thresholds: {},
  };
  const startAt = createdAt + leadMs;
  const publishAt = startAt + connectMs;
  const publishEndAt = publishAt + seconds * 1_000;
  return {
    version: 1,
    runId: 'test-run',
    profile,
    timeline: {
      createdAt,
      startAt,
      publishAt,
      publishEndAt,
      drainEndAt: publishEndAt + drainMs,
      deadlineAt: publishEndAt + longestSleepMs(profile) + 15_000,
    },
    load: { messages: Math.round(ratePerSecond * seconds), peakPerSecond: ratePerSecond },
    slices: { count: slices, devicesPerSlice: Math.ceil(devices / slices) },
  };
}

export interface SimulatedRun {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  /** Of several Regions: where the slice is at home. */
  readonly transport: SimulatedTransport;
  /** By Region; those that a device has moved to. */
  readonly services: ReadonlyMap<string, SimulatedTransport>;
  readonly result: SliceResult;
  readonly checkpoints: readonly SliceResult[];
  readonly snapshots: readonly SliceSnapshot[];
}

export interface SimulationOptions extends RunOptions {
  /** In place of the constant load that the other options make. */
  plan?: Plan;
  slice?: number;
  behaviour?: Behaviour;
  /** The same of the services of several Regions, by their names; the slice is at home in the first. */
  services?: Readonly<Record<string, Behaviour>>;
  /** Milliseconds after the plan was made. */
  stopAfterMs?: number;
  /** The same of a request to stop that the slice finds when it is ready, or learns of later. */
  stoppedBeforeMs?: number;
  learnsAfterMs?: number;
  readyAfterMs?: number;
  checkpointEveryMs?: number;
  /** Actions that are announced to the slice: when it receives them, epoch milliseconds. */
  announced?: readonly { readonly receivedAt: number; readonly action: Announcement }[];
  /** What its devices are said to have between them and the service, which behaves as if it did. */
  network?: (clock: VirtualClock) => SliceNetwork;
  /** What else happens, set up before time begins. */
  script?: (clock: VirtualClock, transport: SimulatedTransport, plan: Plan) => void;
}

/** One slice, from start to end, in virtual time. */
export async function simulate(options: SimulationOptions = {}): Promise<SimulatedRun> {
  const plan = options.plan ?? makeTestPlan(options);
  const clock = new VirtualClock(plan.timeline.createdAt + (options.readyAfterMs ?? 0));
  const checkpoints: SliceResult[] = [];
  const snapshots: SliceSnapshot[] = [];
  const stop = new AbortController();
  const { stoppedBeforeMs, learnsAfterMs } = options;
  const request = new StopRequest('stopped by the test', plan.timeline.createdAt + (stoppedBeforeMs ?? 0));
  if (stoppedBeforeMs !== undefined && learnsAfterMs === undefined) stop.abort(request);
  const services = new Map<string, SimulatedTransport>();
  const serve =
    (region: string, behaviour: Behaviour): MakeTransport =>
    (listener, clients) => {
      const service = new SimulatedTransport(clock, behaviour, listener, clients);
      services.set(region, service);
      return service;
    };
  const given = Object.entries(options.services ?? { home: options.behaviour ?? {} });
  const home = given[0]![0];
  const makes = new Map(given.map(([region, behaviour]) => [region, serve(region, behaviour)]));
  const actions = new DeviceActions();
  const followed = followActions({
    runId: plan.runId,
    group: groupOfSlice(plan, options.slice ?? 0).group,
    kinds: actionKinds,
    planned: plannedActionsOf(plan),
    controls: {
      stop() {},
      prepareDisconnect: (disconnect, at) => actions.prepareDisconnect(disconnect, at),
      prepareFailover: (failover, at) => actions.prepareFailover(failover, at),
      prepareNetwork: () => () => {},
      changeLoad: (action) => actions.changeLoad(action),
    },
    store: { async *actions() {} },
    clock,
  });
  for (const { receivedAt, action } of options.announced ?? [])
    clock.setTimer(receivedAt - clock.now(), () => followed.received(action));
  const recorded = () => (followed.applied().length > 0 ? { actions: [...followed.applied()] } : {});
  const work = runSlice({
    actions,
    plan,
    slice: options.slice ?? 0,
    clock,
    random: makeRandom(1, 0),
    transport: options.services === undefined ? makes.get(home)! : makeRegionalTransport(makes, home),
    ...(options.network && { network: options.network(clock) }),
    onCheckpoint: async (result) => {
      checkpoints.push({ ...result, ...recorded() });
    },
    onSnapshot: (snapshot) => {
      snapshots.push(snapshot);
    },
    stop: stop.signal,
    checkpointEveryMs: options.checkpointEveryMs ?? 1_000,
  });
  const transport = services.get(home);
  if (transport === undefined) throw new Error('the runner made no transport');
  options.script?.(clock, transport, plan);
  if (learnsAfterMs !== undefined) clock.setTimer(learnsAfterMs, () => stop.abort(request));
  if (options.stopAfterMs !== undefined) {
    clock.setTimer(options.stopAfterMs, () => stop.abort('stopped by the test'));
  }
  const result = { ...(await clock.runUntil(work)), ...recorded() };
  return { plan, clock, transport, services, result, checkpoints, snapshots };
}
