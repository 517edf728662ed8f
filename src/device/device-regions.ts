/** Which Region each device of a slice is in: its connections go to the endpoint there. */
export class DeviceRegions {
  readonly #names: string[];
  /** By device, an index of `#names`. */
  readonly #of: Uint8Array;

  /** @param home where all devices are at first @param devices of the slice */
  constructor(home: string, devices: number) {
    this.#names = [home];
    this.#of = new Uint8Array(devices);
  }

  isIn(device: number, region: string): boolean {
    return this.#names[this.#of[device]!] === region;
  }

  move(device: number, region: string): void {
    const known = this.#names.indexOf(region);
    this.#of[device] = known === -1 ? this.#names.push(region) - 1 : known;
  }
}
