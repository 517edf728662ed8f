import type { LearnedAction, SliceControls } from '../plan/actions/action.ts';
import type { Disconnect, Failover } from '../profile/planned-action.ts';

/** What an action may do to the devices of a slice. */
export type DeviceControls = Pick<SliceControls, 'prepareDisconnect' | 'prepareFailover' | 'changeLoad'>;

/** Passes actions on to a slice. Those that come before it runs are carried out when it does. */
export class DeviceActions implements DeviceControls {
  #controls: DeviceControls | undefined;
  readonly #early: ((controls: DeviceControls) => void)[] = [];

  prepareDisconnect(disconnect: Disconnect, at: number): () => void {
    return this.#prepareWhenServed((controls) => controls.prepareDisconnect(disconnect, at));
  }

  prepareFailover(failover: Failover, at: number): () => void {
    return this.#prepareWhenServed((controls) => controls.prepareFailover(failover, at));
  }

  changeLoad(action: LearnedAction): number {
    if (this.#controls !== undefined) return this.#controls.changeLoad(action);
    // Nothing is due before the slice runs.
    const { tookEffectAt = action.at } = action;
    this.#early.push((controls) => controls.changeLoad({ ...action, tookEffectAt }));
    return tookEffectAt;
  }

  /** Called once, by the slice. */
  serve(controls: DeviceControls): void {
    this.#controls = controls;
    for (const carryOut of this.#early) carryOut(controls);
  }

  #prepareWhenServed(prepare: (controls: DeviceControls) => () => void): () => void {
    let carryOut: (() => void) | undefined;
    this.#whenServed((controls) => {
      carryOut = prepare(controls);
    });
    return () => this.#whenServed(() => carryOut?.());
  }

  #whenServed(use: (controls: DeviceControls) => void): void {
    if (this.#controls === undefined) this.#early.push(use);
    else use(this.#controls);
  }
}
