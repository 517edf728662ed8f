import type { MessageSettings, SizeDistribution } from './load-profile.ts';

/** MQTT's Remaining Length [MQTT-1.5.5], less the header of a PUBLISH. */
export const maxMqttPayloadBytes = 268_000_000;

type Sizes = Required<Pick<MessageSettings, 'sizeBytes' | 'sizes'>>;

/**
 * Draws a size, in whole bytes.
 * @param uniform a number in [0, 1) @param gaussian a standard normal one
 */
export function drawSize({ sizes, sizeBytes }: Sizes, uniform: () => number, gaussian: () => number): number {
  return Math.min(Math.max(0, Math.floor(drawExactly(sizes, sizeBytes, uniform, gaussian))), sizeBytes);
}

function drawExactly(
  sizes: SizeDistribution,
  most: number,
  uniform: () => number,
  gaussian: () => number,
): number {
  switch (sizes.kind) {
    case 'uniform':
      return sizes.leastBytes + (most + 1 - sizes.leastBytes) * uniform();
    case 'exponential':
      return -sizes.meanBytes * Math.log(1 - uniform()) + 0.5;
    case 'normal':
      return sizes.meanBytes + sizes.sdBytes * gaussian() + 0.5;
  }
}

/** The share of messages whose size is above `size`, whole bytes. */
export function shareAbove({ sizes, sizeBytes: most }: Sizes, size: number): number {
  if (size >= most) return 0;
  if (size < 0) return 1;
  switch (sizes.kind) {
    case 'uniform':
      return Math.min(1, (most - size) / (most + 1 - sizes.leastBytes));
    case 'exponential':
      return Math.exp(-(size + 0.5) / sizes.meanBytes);
    case 'normal':
      return sizes.sdBytes === 0
        ? Number(sizes.meanBytes > size)
        : normalAbove((size + 0.5 - sizes.meanBytes) / sizes.sdBytes);
  }
}

/** Abramowitz and Stegun, 26.2.17: within 7.5 · 10⁻⁸. */
function normalAbove(z: number): number {
  if (z < 0) return 1 - normalAbove(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
