import type { LiveAction } from '../../plan/actions/action.ts';
import { networkOf } from '../../plan/actions/network.ts';
import { networkAt } from '../../plan/network-stretches.ts';
import { sliceOf } from '../../plan/slices.ts';
import { plannedActionsOf } from '../../plan/storms.ts';
import { type KernelSetting, kernelPart, netemSettings } from '../../profile/kernel-network.ts';
import type { NetworkConditions } from '../../profile/network-presets.ts';
import { readStored } from '../../report/stored/read-stored.ts';
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
  const hasNetem = netemSettings.every((each) => settings.includes(each));

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
      initial: group.profile.network ?? {},
      actions: [...plannedActionsOf(plan), ...(issued.get(runId) ?? [])],
      begin: (conditions) => namespace.shape(devices, kernelPart(conditions, settings), hasNetem),
      change: (conditions) => namespace.change(kernelPart(conditions, settings)),
      onTrouble: (why) => onTrouble(`the network of slice ${slice} could not be changed: ${why}`),
    });
    await shaped.begin();
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
          active.add(slice);
        },
        async leave() {
          if (slice === undefined) return;
          active.delete(slice);
          await slice.end();
        },
        close: () => namespace.close(),
      };
      return sandbox;
    },
    actions: {
      found(runId, action, isPlanned) {
        // Slices know those of their plan.
        if (isPlanned || networkOf(action) === undefined) return;
        issued.set(runId, [...(issued.get(runId) ?? []), action]);
        for (const slice of active) if (slice.runId === runId) slice.add(action);
      },
      ended: (runId) => issued.delete(runId),
      close() {
        for (const slice of active) void slice.end();
      },
    },
    close: () => namespaces.close(),
  };
}

interface ShapedSliceSettings {
  readonly runId: string;
  /** Undefined: the plan has no groups. */
  readonly group: string | undefined;
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
  #actions: LiveAction[] = [];
  /** One change after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(settings: ShapedSliceSettings) {
    this.#settings = settings;
  }

  get runId(): string {
    return this.#settings.runId;
  }

  async begin(): Promise<void> {
    for (const action of this.#settings.actions) this.add(action);
    await this.#settings.begin(this.#conditionsAt(Date.now()));
  }

  /** An action takes effect at its instant, one whose instant is over at once. */
  add(action: LiveAction): void {
    const { group } = this.#settings;
    if (networkOf(action) === undefined || (action.group !== undefined && action.group !== group)) return;
    this.#actions = [...this.#actions, action];
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
      .catch((error: unknown) => onTrouble(error instanceof Error ? error.message : String(error)));
  }
}
