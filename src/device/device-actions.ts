import type { SliceControls } from '../plan/actions/action.ts';
import type { Disconnect } from '../profile/planned-action.ts';

/** What an action may do to the devices of a slice. */
export type DeviceControls = Pick<SliceControls, 'disconnect'>;

/** Passes actions on to a slice. Those that come before it runs are carried out when it does. */
export class DeviceActions implements DeviceControls {
  #controls: DeviceControls | undefined;
  readonly #early: (readonly [Disconnect, number])[] = [];

  disconnect(disconnect: Disconnect, at: number): void {
    if (this.#controls === undefined) this.#early.push([disconnect, at]);
    else this.#controls.disconnect(disconnect, at);
  }

  /** Called once, by the slice. */
  serve(controls: DeviceControls): void {
    this.#controls = controls;
    for (const [disconnect, at] of this.#early) controls.disconnect(disconnect, at);
  }
}
