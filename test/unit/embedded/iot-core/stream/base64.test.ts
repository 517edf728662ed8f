import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeBase64 } from '../../../../../src/embedded/iot-core/stream/base64.ts';
import { randomCases } from '../../../../support/effort.ts';

it('writes base64 as Node does, and nothing beside it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat(5), (bytes, at) => {
      const data = Buffer.from(bytes);
      const out = Buffer.alloc(80, '.');
      const end = writeBase64(out, at, data);
      expect(out.toString('latin1')).toBe(`${'.'.repeat(at)}${data.toString('base64')}`.padEnd(80, '.'));
      expect(end).toBe(at + data.toString('base64').length);
    }),
    randomCases(),
  );
});
