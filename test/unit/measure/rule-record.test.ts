import { describe, expect, it } from '@jest/globals';
import { parseRuleRecord } from '../../../src/measure/rule-record.ts';

describe('parseRuleRecord', () => {
  it('reads a record as the rule writes it', () => {
    const record = { run: 'r-1', slice: 1, n: 0, device: 7, at: 1000.25, sent: 1002.5, rule: 1003 };
    expect(parseRuleRecord(JSON.stringify(record))).toEqual({ ...record, deviceGroup: 0, stream: 0 });
    const other = { ...record, deviceGroup: 2, stream: 3 };
    expect(parseRuleRecord(JSON.stringify(other))).toEqual(other);
    expect(parseRuleRecord(JSON.stringify({ ...record, deviceGroup: 51 }))).toBe('noEnvelope');
  });

  it('reads the envelope in a user property, or in what the payload begins with', () => {
    const fields = { run: 'r-1', slice: 1, n: 0, device: 7, at: 1000.25, sent: 1002.5 };
    const record = { ...fields, deviceGroup: 0, stream: 0, rule: 1003 };
    const envelope = JSON.stringify({ stampede: fields });
    const head = (text: string) => Buffer.from(text).toString('base64').slice(0, 400);
    const read = (written: object) => parseRuleRecord(JSON.stringify({ ...written, rule: 1003 }));
    expect(read({ property: [envelope], head: head('{"stampede":{}}') })).toEqual(record);
    expect(read({ head: head(`${envelope}\n\u0000\u0001`) })).toEqual(record);
    expect(read({ head: head(JSON.stringify({ stampede: fields, padding: 'x'.repeat(999) })) })).toEqual(
      record,
    );
    for (const wrong of [
      { head: '' },
      { head: 'AAEC' },
      { head: 7 },
      { property: [] },
      { property: ['x'] },
      { property: 'x' },
    ])
      expect(read(wrong)).toBe('noEnvelope');
  });

  it.each([
    ['', 'notJson'],
    ['hello', 'notJson'],
    [undefined, 'notJson'],
    [{ run: 'r' }, 'notJson'],
    ['null', 'noEnvelope'],
    ['{"rule":1790000000000}', 'noEnvelope'],
    ['{"run":"../../etc","slice":0,"n":0,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":-1,"n":0,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":10000,"n":0,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":0,"stream":100,"n":0,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":0,"stream":null,"n":0,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":0,"n":0.5,"device":0,"at":1,"sent":1,"rule":1}', 'noEnvelope'],
    ['{"run":"r","slice":0,"n":0,"device":0,"at":1e308,"sent":1,"rule":1}', 'noEnvelope'],
  ])('counts %j as %s', (body, wrong) => {
    expect(parseRuleRecord(body)).toBe(wrong);
  });
});
