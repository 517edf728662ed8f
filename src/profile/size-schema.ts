import * as z from 'zod';
import type { InputError } from '../shared/errors.ts';
import type { MessageSettings } from './load-profile.ts';
import { maxMqttPayloadBytes } from './size-distribution.ts';

const bytes = z.int().min(0).max(maxMqttPayloadBytes);
const rangePattern = /^(\d{1,9})\.\.(\d{1,9})$/;

/** A size, or a distribution of sizes. */
export const sizeForm = z.union([
  bytes,
  z.string().regex(rangePattern),
  z.strictObject({
    exponential: bytes
      .min(1)
      .optional()
      .meta({
        description: 'The mean: most messages are smaller, a few much larger, at most ten times the mean.',
        examples: [2_000],
      }),
    normal: z
      .strictObject({
        mean: bytes.min(1).meta({ description: 'The mean, in bytes.', examples: [500] }),
        sd: bytes.meta({ description: 'The standard deviation, in bytes.', examples: [100] }),
      })
      .optional()
      .meta({
        description: 'By mean and sd. At most four sd above the mean.',
        examples: [{ mean: 500, sd: 100 }],
      }),
  }),
]);

export type SizeForm = z.output<typeof sizeForm>;

/** The largest size in units of what the distribution is given by: beyond it there is next to nothing. */
const mostMeans = 10;
const mostDeviations = 4;

/** @param limit bytes that the target takes: what would be above it is as large */
export function resolveSizes(given: SizeForm, limit: number): Pick<MessageSettings, 'sizeBytes' | 'sizes'> {
  if (typeof given === 'number') return { sizeBytes: given };
  if (typeof given === 'string') {
    const [least = 0, most = 0] = given.split('..').map(Number);
    return { sizeBytes: most, sizes: { kind: 'uniform', leastBytes: least } };
  }
  const { exponential, normal } = given;
  if (normal !== undefined) {
    const most = normal.mean + mostDeviations * normal.sd;
    return {
      sizeBytes: Math.max(Math.min(most, limit), normal.mean),
      sizes: { kind: 'normal', meanBytes: normal.mean, sdBytes: normal.sd },
    };
  }
  const mean = exponential ?? 1;
  return {
    sizeBytes: Math.max(Math.min(mean * mostMeans, limit), mean),
    sizes: { kind: 'exponential', meanBytes: mean },
  };
}

/** @param given as the schema has let it through */
export function checkSizes(given: unknown): InputError[] {
  const path = 'publish.sizeBytes';
  if (typeof given === 'string') {
    const [least = 0, most = 0] = given.split('..').map(Number);
    const hint = 'write the smaller size first, such as "200..800"';
    return least > most ? [{ path, message: `"${given}" ends before it begins`, hint }] : [];
  }
  if (typeof given !== 'object' || given === null) return [];
  const { exponential, normal } = given as Exclude<SizeForm, number | string>;
  if ((exponential === undefined) !== (normal === undefined)) return [];
  const hint = 'give one distribution, such as {"exponential": 2000}';
  return [{ path, message: 'must have exponential or normal', hint }];
}
