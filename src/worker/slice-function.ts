import { makeRunStore } from '../aws/bucket.ts';
import type { RunStore } from '../aws/run-store.ts';
import { makeSystemClock } from '../shared/clock.ts';
import type { KnownTarget } from '../targets/known-target.ts';
import { type CredentialSources, readEnvironment, type Variables } from './environment.ts';
import { type LiveView, makeLiveView } from './live-view.ts';

/** What a function that runs slices keeps from one invocation to the next. */
export interface SliceFunction {
  readonly credentialSources: CredentialSources;
  /** A part of what a slice needs: the rest is made for each invocation. */
  readonly shared: {
    readonly store: RunStore;
    readonly known: Omit<KnownTarget, 'hosts'>;
    readonly payloadModules: string | undefined;
    readonly liveView: LiveView;
    readonly firstDeviceAddress: string | undefined;
  };
}

/** @param variables of the process @throws {InvalidInputError} */
export function openSliceFunction(variables: Variables): SliceFunction {
  const environment = readEnvironment(variables);
  const store = makeRunStore(environment.runBucket);
  return {
    credentialSources: environment.credentialSources,
    shared: {
      store,
      known: { ...environment, region: variables.AWS_REGION },
      payloadModules: environment.payloadModules,
      firstDeviceAddress: environment.firstDeviceAddress,
      liveView: makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random }),
    },
  };
}
