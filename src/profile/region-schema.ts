import * as z from 'zod';
import { share } from './device-schema.ts';
import type { RegionShare } from './region-shares.ts';

/** Names, shares and their number are checked in `region-rules.ts`, all at once. */
export const regionSetting = z
  .record(z.string().max(40), share)
  .optional()
  .meta({
    description:
      'Share of the devices in each Region, by its name, 2 to 10 Regions; the shares sum to 1. Each Region has a stack and an execution of its own, and all begin at one instant. Unless set, the run takes place in one Region.',
    examples: [{ 'eu-west-1': 0.6, 'us-east-1': 0.4 }],
  });

export function resolveRegions(regions: NonNullable<z.output<typeof regionSetting>>): readonly RegionShare[] {
  return Object.entries(regions).map(([name, ofAll]) => ({ name, share: ofAll }));
}
