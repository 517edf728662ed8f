import { describe, expect, it } from '@jest/globals';
import {
  type JsonObject,
  parseObject,
  setAt,
  valueAt,
  valueOfText,
} from '../../../../src/ui/page/profile-json.ts';

describe('a profile in the form', () => {
  const profile = (): JsonObject => ({
    devices: 10,
    connect: { protocol: 'https' },
    stages: [{ duration: '3s' }, { duration: '5s', target: 9 }],
  });

  it('is read by path', () => {
    expect(valueAt(profile(), 'connect.protocol')).toBe('https');
    expect(valueAt(profile(), 'stages[1].target')).toBe(9);
    expect(valueAt(profile(), 'stages[7].target')).toBeUndefined();
    expect(valueAt(profile(), 'publish.qos')).toBeUndefined();
    expect(valueAt(profile(), 'connect.toString')).toBeUndefined();
  });

  it('is written by path, and the objects above it are made', () => {
    const written = profile();
    setAt(written, 'publish.qos', 0);
    setAt(written, 'stages[0].target', 4);
    setAt(written, 'devices', 'ten');
    expect(written).toEqual({
      ...profile(),
      devices: 'ten',
      publish: { qos: 0 },
      stages: [
        { duration: '3s', target: 4 },
        { duration: '5s', target: 9 },
      ],
    });
  });

  it('forgets a setting, and an object that is left empty', () => {
    const written = profile();
    setAt(written, 'connect.protocol', undefined);
    setAt(written, 'publish.qos', undefined);
    setAt(written, 'stages[1].target', undefined);
    expect(written).toEqual({ devices: 10, stages: [{ duration: '3s' }, { duration: '5s' }] });
  });

  it('takes numbers where they are meant, and leaves the rest to the check', () => {
    expect(valueOfText(' 12.5 ', 'number')).toBe(12.5);
    expect(valueOfText('many', 'number')).toBe('many');
    expect(valueOfText('30', 'text')).toBe('30');
    expect(valueOfText('  ', 'number')).toBeUndefined();
  });

  it('is an object or nothing', () => {
    expect(parseObject('{"a":1}')).toEqual({ a: 1 });
    for (const text of ['{', '[]', '"x"', 'null', '']) expect(parseObject(text)).toBeUndefined();
  });
});
