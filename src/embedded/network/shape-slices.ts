import type { LiveAction } from '../../plan/actions/action.ts';
import { networkOf } from '../../plan/actions/network.ts';
import type { KernelPackets } from '../../plan/conditions.ts';
import { networkAt } from '../../plan/network-stretches.ts';
import { sliceOf } from '../../plan/slices.ts';
import { plannedActionsOf } from '../../plan/storms.ts';
import { nothingCounted } from '../../plan/tc/queue-counts.ts';
import { type KernelSetting, kernelPart, netemSettings } from '../../profile/kernel-network.ts';
import type { NetworkConditions } from '../../profile/network-presets.ts';
import { readStored } from '../../report/stored/read-stored.ts';
import { sumFields } from '../../shared/counts.ts';
import { messageOf } from '../../shared/errors.ts';
import type { OpenSandbox, Sandbox } from '../lambda/sandbox.ts';
import type { RunActionListener } from '../process/follow-run-actions.ts';
import type { RunFiles } from '../s3/run-files.ts';
import { makeNamespaces, type Namespace } from './namespaces.ts';

export interface ShapeSlicesOptions {
  /** What the kernel makes of a network. */
  readonly settings: readonly KernelSetting[];
  readonly files: Pick<RunFiles, 'get'>;
  /** Called with a sentence about each change that failed. */
  onTrouble(what: string): void;
}

/** Gives each slice a network namespace, and its devices the networks of their group as they change. */
export interface SliceShaper {
  readonly openSandbox: OpenSandbox;
  readonly actions: RunActionListener;
  /** What the kernel counted of a run's packets, by group, of slices that have ended. */
  packetsOf(runId: string): readonly KernelPackets[];
  /** Removes the namespaces. */
  close(): Promise<void>;
}

/** The functions whose slices have devices. */
const shapedFunctions: readonly string[] = ['publish-mqtt', 'publish-http'];

export function makeSliceShaper({ settings, files, onTrouble }: ShapeSlicesOptions): SliceShaper {
  const namespaces = makeNamespaces();
  /** Actions that were issued, by run. */
  const issued = new Map<string, LiveAction[]>();
  const active = new Set<ShapedSlice>();
  /** By run. */
  const packets = new Map<string, KernelPackets[]>();
  const hasNetem = netemSettings.every((each) => settings.includes(each));

  const endSlice = async (slice: ShapedSlice): Promise<void> => {
    active.delete(slice);
    await slice.end();
  };

  /** The counts of a slice's queues belong to its run: the next slice in the namespace has queues of its own. */
  const addPackets = async ({ runId, groupNumber }: ShapedSlice, namespace: Namespace): Promise<void> => {
    const { up, down } = await namespace.counts();
    const ofRun = packets.get(runId) ?? [];
    const known = ofRun.find(({ group }) => group === groupNumber) ?? {
      group: groupNumber,
      up: nothingCounted,
      down: nothingCounted,
    };
    const sum = { group: groupNumber, up: sumFields(known.up, up), down: sumFields(known.down, down) };
    packets.set(runId, [...ofRun.filter(({ group }) => group !== groupNumber), sum]);
  };

  const openSlice = async (namespace: Namespace, event: Buffer): Promise<ShapedSlice> => {
    const { runId, slice } = JSON.parse(event.toString()) as {
      readonly runId: string;
      readonly slice: number;
    };
    const key = `runs/${runId}/plan.json`;
    const stored = await files.get(key);
    if (stored === undefined) throw new Error(`${key} is not there`);
    const plan = await readStored('plan', stored.body, key);
    const { group, devices } = sliceOf(plan, slice);
    const shaped = new ShapedSlice({
      runId,
      group: group.group,
      groupNumber: group.number,
      initial: group.profile.network ?? {},
      actions: [...plannedActionsOf(plan), ...(issued.get(runId) ?? [])],
      begin: (conditions) => namespace.shape(devices, kernelPart(conditions, settings), hasNetem),
      change: (conditions) => namespace.change(kernelPart(conditions, settings)),
      onTrouble: (why) => onTrouble(`the network of slice ${slice} could not be changed: ${why}`),
    });
    // Before its network is made, so that it misses no action that is found meanwhile.
    active.add(shaped);
    try {
      await shaped.begin();
    } catch (error) {
      await endSlice(shaped);
      throw error;
    }
    return shaped;
  };

  return {
    async openSandbox({ key }) {
      if (!shapedFunctions.includes(key)) return undefined;
      const namespace = await namespaces.open();
      let slice: ShapedSlice | undefined;
      const sandbox: Sandbox = {
        command: namespace.command,
        variables: { FIRST_DEVICE_ADDRESS: namespace.block.firstDevice },
        async enter(event) {
          slice = await openSlice(namespace, event);
        },
        async leave() {
          if (slice === undefined) return;
          await endSlice(slice);
          await addPackets(slice, namespace).catch((error: unknown) =>
            onTrouble(`the packets of a slice could not be counted: ${messageOf(error)}`),
          );
        },
        close: () => namespace.close(),
      };
      return sandbox;
    },
    actions: {
      found(runId, action, isPlanned) {
        // Planned ones are in the plan of the slice.
        if (isPlanned || networkOf(action) === undefined) return;
        issued.set(runId, [...(issued.get(runId) ?? []), action]);
        for (const slice of active) if (slice.runId === runId) slice.add(action);
      },
      ended(runId) {
        issued.delete(runId);
        packets.delete(runId);
      },
      close() {
        for (const slice of active) void slice.end();
      },
    },
    packetsOf: (runId) => packets.get(runId) ?? [],
    close: () => namespaces.close(),
  };
}

interface ShapedSliceSettings {
  readonly runId: string;
  /** Undefined: the plan has no groups. */
  readonly group: string | undefined;
  /** In the plan. */
  readonly groupNumber: number;
  /** Of the profile. */
  readonly initial: NetworkConditions;
  readonly actions: readonly LiveAction[];
  begin(conditions: NetworkConditions): Promise<void>;
  change(conditions: NetworkConditions): Promise<void>;
  onTrouble(why: string): void;
}

/** The network of one slice's devices while it runs. */
class ShapedSlice {
  readonly #settings: ShapedSliceSettings;
  readonly #timers = new Set<NodeJS.Timeout>();
  #actions: readonly LiveAction[] = [];
  /** One change after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(settings: ShapedSliceSettings) {
    this.#settings = settings;
  }

  get runId(): string {
    return this.#settings.runId;
  }

  get groupNumber(): number {
    return this.#settings.groupNumber;
  }

  /** Makes the network as it is now. Changes whose instants come meanwhile wait for it. */
  async begin(): Promise<void> {
    const now = Date.now();
    const actions = this.#settings.actions.filter((action) => this.#isOwn(action));
    this.#actions = actions;
    for (const action of actions) if (action.at > now) this.#schedule(action);
    const begun = this.#settings.begin(this.#conditionsAt(now));
    this.#changing = begun.catch(() => undefined);
    await begun;
  }

  /** An action takes effect at its instant, one whose instant is over at once. */
  add(action: LiveAction): void {
    if (!this.#isOwn(action)) return;
    this.#actions = [...this.#actions, action];
    this.#schedule(action);
  }

  #isOwn(action: LiveAction): boolean {
    const { group } = this.#settings;
    return networkOf(action) !== undefined && (action.group === undefined || action.group === group);
  }

  #schedule(action: LiveAction): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#change(Math.max(action.at, Date.now()));
      },
      Math.max(0, action.at - Date.now()),
    );
    this.#timers.add(timer);
  }

  async end(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.#changing;
  }

  #conditionsAt(at: number): NetworkConditions {
    return networkAt(this.#settings.initial, this.#actions, at);
  }

  #change(at: number): void {
    const { change, onTrouble } = this.#settings;
    this.#changing = this.#changing
      .then(() => change(this.#conditionsAt(at)))
      .catch((error: unknown) => onTrouble(messageOf(error)));
  }
}
