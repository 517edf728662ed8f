import { expect, it } from '@jest/globals';
import { clearTokenNote } from '../../../src/aws/clear-token.ts';

it('warns of a token that travels in clear, and of no other', () => {
  for (const url of ['http://influx.example:8086', 'http://10.0.0.7', 'HTTP://influx.example/path'])
    expect(clearTokenNote(url)).toContain('travel in clear to http://');
  for (const url of [
    undefined,
    '',
    'no URL',
    'https://influx.example',
    'http://127.0.0.1:8086',
    'http://localhost:8086',
    'http://[::1]:8086',
  ])
    expect(clearTokenNote(url)).toBeUndefined();
});
