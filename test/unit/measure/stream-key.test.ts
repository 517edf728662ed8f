import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatStreamKey,
  maxStreams,
  parseStreamKey,
  streamAt,
  streamIndexOf,
} from '../../../src/measure/stream-key.ts';
import { maxSlices } from '../../../src/shared/run-bounds.ts';
import { randomCases } from '../../support/effort.ts';

const streams = fc.record({ slice: fc.nat(maxSlices - 1), stream: fc.nat(maxStreams - 1) });

describe('a stream key', () => {
  it('names stream 0 by its slice alone', () => {
    expect(formatStreamKey({ slice: 7, stream: 0 })).toBe('7');
    expect(formatStreamKey({ slice: 7, stream: 1 })).toBe('7.1');
  });

  it('is read back, as is the number of a stream', () => {
    const property = fc.property(streams, (stream) => {
      expect(parseStreamKey(formatStreamKey(stream))).toEqual(stream);
      expect(streamAt(streamIndexOf(stream))).toEqual(stream);
      expect(streamIndexOf(stream)).toBeLessThan(maxSlices * maxStreams);
    });
    fc.assert(property, randomCases());
  });

  it.each(['', '-1', '01', '7.', '7.0', '7.01', '1e3', ' 7', '7.1.1', '10000', '7.100', '__proto__'])(
    'is no key that Stampede writes: %j',
    (key) => {
      expect(parseStreamKey(key)).toBeUndefined();
    },
  );
});
