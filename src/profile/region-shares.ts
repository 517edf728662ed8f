/** A Region of AWS that a part of the devices is in. */
export interface RegionShare {
  /** As AWS names it: `eu-west-1`. */
  readonly name: string;
  /** Of all devices, above 0 and below 1; those of all Regions sum to 1. */
  readonly share: number;
}

/** Each has a stack and an execution of its own, and a column or a row in reports. */
export const maxRegions = 10;

/** `eu-west-1`, `us-gov-east-1` */
export const regionPattern = /^[a-z]{2}(-[a-z]{2,10}){1,2}-\d{1,2}$/;
