import type { RunStore } from '../aws/run-store.ts';
import { endSessions } from '../device/end-sessions.ts';
import { subscriberClientId } from '../device/subscriber.ts';
import type { MakeTransport } from '../device/transport.ts';
import { actionKinds } from '../plan/actions/action-kinds.ts';
import { groupsOf, mqttGroupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { controlKeepAliveMs } from '../plan/poll-intervals.ts';
import { firstSubscriberSlice, subscriptionsOf } from '../plan/subscribers.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { withOwnSession } from '../profile/own-session.ts';
import type { Clock } from '../shared/clock.ts';
import { exitCodes, StampedeError } from '../shared/errors.ts';
import type { KnownTarget } from '../targets/known-target.ts';
import { checkPlannedControl, checkPlannedTarget } from '../targets/planned-target.ts';
import type { Target } from '../targets/target.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { followActions } from './follow-actions.ts';
import type { LiveView } from './live-view.ts';
import type { ControlContact, OpenControl, SliceRequest } from './publish-slice.ts';
import { SubscriberRun } from './subscriber-run.ts';

export interface SubscribeDeps {
  readonly store: Pick<RunStore, 'getPlan' | 'putArrivalWindow' | 'putSubscriber' | 'actions'>;
  /** The function's own settings of its target, which no file can change. */
  readonly known: Omit<KnownTarget, 'hosts'>;
  readonly liveView: Pick<LiveView, 'arrivals'>;
  /** Set for this invocation. */
  readonly clock: Clock;
  /** A client that connects like a device of a group. */
  makeTransport(group: ReaderGroup): Promise<MakeTransport>;
  /** @param control where control messages are */
  openControl(plan: Plan, control: Target, contact: ControlContact): Promise<OpenControl>;
}

export interface ReaderGroup {
  readonly runId: string;
  /** Index over the whole run: the subscriber uses the credentials of this device. */
  readonly firstDevice: number;
  readonly profile: LoadProfile;
  readonly target: Target;
}

/** A slice could not subscribe, and the state machine ends the run: without it no arrival is counted. */
export class SubscriberFailedError extends StampedeError {
  constructor(slice: number, reason: string) {
    super('SubscriberFailed', `subscriber ${slice} failed: ${reason}`, {
      hint: 'let the run’s clients (their ids begin with stampede-) subscribe to the topics that its devices publish to, or count messages elsewhere (observers)',
      exitCode: exitCodes.thresholdsFailed,
    });
  }
}

/**
 * One invocation of a slice that subscribes to what the others publish: see `SubscriberRun`.
 * @throws ForgedTargetError before anything connects, where plan.json names another target
 * @throws SubscriberFailedError where it could not subscribe in time, or could not store what came
 */
export async function subscribeSlice(
  { runId, slice, hosts }: SliceRequest,
  deps: SubscribeDeps,
): Promise<{ slice: number }> {
  const { store, clock, liveView } = deps;
  const stored = await store.getPlan(runId);
  const known = { ...deps.known, hosts };
  const target = checkPlannedTarget(stored.target, known);
  const controlTarget = stored.control === undefined ? target : checkPlannedControl(stored.control, known);
  const plan = { ...stored, target };
  const connections = subscriptionsOf(plan, slice);
  const isPersistent = connections.some(({ filters }) => filters.some(({ qos }) => qos > 0));
  const reader = { runId, target, firstDevice: mqttGroupsOf(plan)[0]?.firstDevice ?? 0 };
  const run = new SubscriberRun({
    plan,
    slice,
    transport: await deps.makeTransport({ ...reader, profile: readerProfileOf(plan, !isPersistent) }),
    samplesBroker: slice === firstSubscriberSlice && traitsOf(target).serviceCounts === 'sys-topics',
    clock,
    random: Math.random,
    async storeWindow(window) {
      await store.putArrivalWindow(window);
      await liveView.arrivals(window);
    },
    storeRecord: (record) => store.putSubscriber(record),
    async endSessions() {
      if (!isPersistent) return 0;
      const clean = await deps.makeTransport({ ...reader, profile: readerProfileOf(plan, true) });
      const clientId = (connection: number) => subscriberClientId(plan, slice, connection);
      return endSessions(clean, { count: connections.length, clientId }, clock);
    },
  });
  const actions = followActions({
    runId,
    kinds: actionKinds,
    store,
    clock,
    controls: {
      stop: ({ reason }) => run.stop(reason),
      prepareDisconnect: () => () => {},
      prepareFailover: () => () => {},
      prepareNetwork: () => () => {},
      changeLoad: ({ at }) => at,
    },
  });
  const control = await deps.openControl(plan, controlTarget, {
    onAction: (announcement) => actions.received(announcement),
    // Slices that publish stop by themselves then, and what they have sent is still to be read.
    onLost: () => undefined,
  });
  try {
    void actions.readStored();
    const { outcome, reason = 'no reason given' } = await run.run();
    if (outcome === 'failed') throw new SubscriberFailedError(slice, reason);
  } finally {
    actions.close();
    await control.close();
  }
  return { slice };
}

/**
 * As the devices of the first group connect, but by the client that takes the least CPU, and with a keep-alive that soon notices a connection
 * that is dead.
 * @param cleanStart false: the target is to keep what it has not delivered while a connection is lost
 */
function readerProfileOf(plan: Plan, cleanStart: boolean): LoadProfile {
  const { profile } = mqttGroupsOf(plan)[0] ?? groupsOf(plan)[0]!;
  const { connect } = profile;
  return {
    ...profile,
    connect: {
      ...withOwnSession(connect, cleanStart),
      protocol: 'mqtt',
      client: 'dense',
      keepAliveMs: controlKeepAliveMs,
    },
  };
}
