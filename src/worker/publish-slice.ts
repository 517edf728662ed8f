import type { RunStore } from '../aws/run-store.ts';
import { DeviceActions } from '../device/device-actions.ts';
import { makeSliceNetwork } from '../device/network/shaping/make-slice-network.ts';
import type { SliceNetwork } from '../device/network/shaping/slice-network.ts';
import { runSlice } from '../device/slice-runner.ts';
import { StopRequest } from '../device/stop-signal.ts';
import type { MakeTransport } from '../device/transport.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { ActionKind, Announcement } from '../plan/actions/action.ts';
import { actionKinds } from '../plan/actions/action-kinds.ts';
import type { ControlMessage } from '../plan/control-message.ts';
import { httpsSlicesOf } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import { invokeLegAt, legSplitOf, legsOf, timelineOfLeg } from '../plan/legs.ts';
import type { Plan } from '../plan/plan.ts';
import { type SliceConnections, webConnectionsOf } from '../plan/slice-connections.ts';
import { sliceOf } from '../plan/slices.ts';
import { plannedActionsOf } from '../plan/storms.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import type { Clock } from '../shared/clock.ts';
import type { KnownTarget } from '../targets/known-target.ts';
import { checkPlannedControl, checkPlannedTarget } from '../targets/planned-target.ts';
import type { Target } from '../targets/target.ts';
import { type EarlierLeg, followActions } from './follow-actions.ts';
import type { LiveView } from './live-view.ts';
import { loadPayloadFunctions } from './payload-functions.ts';
import { transportOf } from './transport-of-slice.ts';

/** What the state machine hands to a publishing function. */
export interface SliceRequest {
  readonly runId: string;
  readonly slice: number;
  /** Absent: the slice has one. */
  readonly leg?: number;
  /** Whether the leg before this one, of the same child of the state machine, died. */
  readonly hasFailed?: boolean;
  /** Of the target, as the plan function found it; absent where a function is invoked without the state machine. */
  readonly hosts?: readonly string[];
}

/** What the state machine is to do next; without `at` it is done. */
export interface SliceAnswer {
  readonly slice: number;
  /** The leg to be called, and when: ISO 8601. */
  readonly leg?: number;
  readonly at?: string;
  readonly hasFailed?: boolean;
  /** The run was stopped: legs that follow are not to begin. */
  readonly isStopped?: true;
}

/** What the two publishing functions share, and what sets them apart. */
export interface SliceDeps {
  readonly store: Pick<RunStore, 'getPlan' | 'putSliceResult' | 'actions' | 'resultOfLeg'>;
  /** The function's own settings of its target, which no file can change. */
  readonly known: Omit<KnownTarget, 'hosts'>;
  /** Where modules with payload functions are; absent: anywhere, by absolute paths. */
  readonly payloadModules?: string | undefined;
  readonly liveView: LiveView;
  /** Where the kernel makes the devices' network: the address from which device 0 connects. */
  readonly firstDeviceAddress?: string | undefined;
  /** Set for this invocation: one from an earlier one stood still while the environment was frozen. */
  readonly clock: Clock;
  /** @param network of its devices, where the transport can have one */
  makeTransport(group: LoadedGroup, network: SliceNetwork): Promise<MakeTransport>;
  /** In place of all that there are. */
  readonly actionKinds?: readonly ActionKind[];
  /** Listens for the run's actions until closed. */
  openControl(group: LoadedGroup, slice: number, contact: ControlContact): Promise<OpenControl>;
}

/** The device group that a slice belongs to, and what it loads. */
export interface LoadedGroup {
  readonly runId: string;
  readonly profile: LoadProfile;
  readonly target: Target;
  /** Where control messages are: at the target only if that is the account's own IoT Core. */
  readonly control: Target;
  /** Of the slice, over the whole run. */
  readonly firstDevice: number;
  readonly devices: number;
  /** To a web service; undefined for another target. */
  readonly connections: SliceConnections | undefined;
  /** Slices of the run that poll for the control message. */
  readonly httpsSlices: number;
}

/** Callbacks for announcements of the run and for the loss of the control channel. */
export interface ControlContact {
  onAction(announcement: Announcement): void;
  /** The slice can no longer be stopped from outside, for this reason: it stops by itself. */
  onLost(reason: string): void;
}

export interface OpenControl {
  /** Resolves once what was announced last before it was opened must have been received. */
  readonly caughtUp: Promise<void>;
  /** Of a channel that is a connection: times it connected so far. */
  connects?(): number;
  close(): Promise<void>;
}

/** The longest that a slice that starts late waits for its run store. */
const lateReadMs = 2_000;
/** Its clock is set by then, however busy the machine is: the slice has to begin on time. */
const settledBeforeStartMs = 100;

/**
 * One invocation: reads the plan, runs its slice of devices, or one leg of it, and stores what they did. A leg whose time has not come is
 * not run. Returns next to nothing, because the children's results of a Map must together fit a state's 256 KiB.
 * @throws ForgedTargetError before anything connects, where plan.json names another target
 * @throws InvalidInputError for a payload function that cannot be loaded
 */
export async function publishSlice(
  { runId, slice, leg = 0, hasFailed = false, hosts }: SliceRequest,
  deps: SliceDeps,
): Promise<SliceAnswer> {
  const { store, liveView, clock } = deps;
  const stored = await store.getPlan(runId);
  const isEarly = clock.now() < callLegAt(stored, slice, leg) - earlyMs;
  if (isEarly) return { ...nextCall(stored, slice, leg), hasFailed };
  const { from } = timelineOfLeg(stored, slice, leg);
  const known = { ...deps.known, hosts };
  const target = checkPlannedTarget(stored.target, known);
  const controlTarget = stored.control === undefined ? target : checkPlannedControl(stored.control, known);
  const plan = { ...stored, target };
  const share = sliceOf(plan, slice);
  const { group: of, firstDevice, devices } = share;
  const { profile, group: name } = of;
  const httpsSlices = httpsSlicesOf(plan);
  const connections = webConnectionsOf(share);
  const group = {
    runId,
    profile,
    target,
    control: controlTarget,
    firstDevice,
    devices,
    connections,
    httpsSlices,
  };
  const functions = await loadPayloadFunctions(kindsOf(of), deps.payloadModules);
  const network = makeSliceNetwork(share, clock, {
    settings: plan.conditions?.host.kernelNetwork,
    firstAddress: deps.firstDeviceAddress,
  });
  const [transport, earlier] = await Promise.all([
    transportOf(plan, group, { slice, network, known, deps }),
    readLegBefore(stored, slice, leg, store),
  ]);
  const stop = new AbortController();
  const deviceActions = new DeviceActions();
  const received: { stoppedOn?: ControlMessage } = {};
  const view = liveView.openSlice(plan, slice, leg);
  const actions = followActions({
    runId,
    group: name,
    kinds: deps.actionKinds ?? actionKinds,
    planned: plannedActionsOf(plan),
    ...(leg > 0 && { from, earlier }),
    store,
    clock,
    onIssued: (action) => view.addAction(action),
    controls: {
      stop(message) {
        if (!stop.signal.aborted) received.stoppedOn = message;
        stop.abort(new StopRequest(message.reason, message.at));
      },
      prepareDisconnect: (disconnect, at) => deviceActions.prepareDisconnect(disconnect, at),
      prepareFailover: (failover, at) => deviceActions.prepareFailover(failover, at),
      changeLoad: (action) => deviceActions.changeLoad(action),
      prepareNetwork: (form, at) => network.prepareChange(form, at),
    },
  });
  const control = await deps.openControl(group, slice, {
    onAction: (announcement) => actions.received(announcement),
    onLost: (reason) => stop.abort(reason),
  });
  const recorded = (): Partial<SliceResult> => {
    const applied = actions.applied();
    return { ...connectsOf(control), ...(applied.length > 0 && { actions: applied }) };
  };
  try {
    // Read once the channel is open: what is stored after that is announced to it.
    const caughtUp = { stored: actions.readStored(), channel: control.caughtUp };
    await Promise.all([untilCaughtUp(caughtUp, from, clock), clock.settle?.(from - settledBeforeStartMs)]);
    const result = await runSlice({
      plan,
      slice,
      leg,
      transport,
      clock,
      random: Math.random,
      stop: stop.signal,
      actions: deviceActions,
      network,
      ownPayloads: {
        functions,
        // Not from within the sending that found it.
        onError: (error) => clock.setTimer(0, () => stop.abort(error)),
      },
      onSnapshot: (snapshot) => view.add(snapshot),
      onCheckpoint: (checkpoint) => store.putSliceResult({ ...checkpoint, ...recorded() }),
    });
    const isStopped = result.outcome === 'stopped';
    // Changes of rate are known ahead: those after the stop never took effect.
    if (isStopped) actions.close();
    await store.putSliceResult({ ...result, ...recorded(), ...(isStopped && received) });
    if (received.stoppedOn !== undefined && legSplitOf(plan).count > 1) return { slice, isStopped: true };
  } finally {
    network.close();
    actions.close();
    await Promise.all([control.close(), view.close()]);
  }
  return nextCall(plan, slice, leg + 2);
}

/** Undefined: there is none, or nothing is known of it. Then actions are taken to have had their effect in time. */
async function readLegBefore(
  plan: Plan,
  slice: number,
  leg: number,
  store: Pick<RunStore, 'resultOfLeg'>,
): Promise<EarlierLeg | undefined> {
  const { takesOver } = timelineOfLeg(plan, slice, leg);
  if (takesOver === undefined) return undefined;
  const result = await store.resultOfLeg(plan.runId, { slice, leg: leg - 1 }).catch(() => undefined);
  return result && { at: result.at, actions: result.actions ?? [], movedAt: takesOver.until };
}

/** Called so long before its time, at most, a leg waits by itself: a Wait state is exact to the second. */
const earlyMs = 3_000;

/** Epoch milliseconds; of a leg that the slice does not have: never. */
function callLegAt(plan: Plan, slice: number, leg: number): number {
  if (leg === 0) return Number.NEGATIVE_INFINITY;
  const timeline = legsOf(plan, slice)[leg];
  return timeline === undefined ? Number.POSITIVE_INFINITY : invokeLegAt(plan, timeline);
}

/** One child of the state machine calls every second leg. */
function nextCall(plan: Plan, slice: number, leg: number): SliceAnswer {
  const at = callLegAt(plan, slice, leg);
  return at === Number.POSITIVE_INFINITY
    ? { slice }
    : { slice, leg, at: new Date(at).toISOString(), hasFailed: false };
}

function connectsOf({ connects }: OpenControl): Pick<SliceResult, 'controlConnects'> {
  return connects === undefined ? {} : { controlConnects: connects() };
}

/**
 * The run may have been stopped before the slice started: a slice in time waits for that until its start, and no longer. A
 * late one only reads the stored actions, for its control channel may be held up by the quotas that the run is to try.
 */
async function untilCaughtUp(
  { stored, channel }: { readonly stored: Promise<void>; readonly channel: Promise<void> },
  startAt: number,
  clock: Clock,
): Promise<void> {
  const spareMs = startAt - clock.now();
  const isLate = spareMs <= 0;
  const inTime = Promise.withResolvers<void>();
  const cancel = clock.setTimer(isLate ? lateReadMs : spareMs, inTime.resolve);
  await Promise.race([isLate ? stored : Promise.all([stored, channel]), inTime.promise]);
  cancel();
}
