import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  maxRecordBytes,
  RecordBuffer,
  TopicRule,
} from '../../../../src/embedded/iot-core/rules/topic-rule.ts';
import { deployedSql } from '../fixture.ts';

const nowMs = 1_700_000_000_123;

function evaluate(sql: string, payload: string | Buffer): string {
  const out = new RecordBuffer();
  const bytes = Buffer.concat([Buffer.from('"'), Buffer.from(payload), Buffer.from('"')]);
  const evaluation = new TopicRule('r', sql).evaluate(bytes, 1, bytes.length - 1, nowMs, out);
  return evaluation === 'selected' ? out.body.toString() : evaluation;
}

describe('TopicRule', () => {
  it('selects the envelope as it is written', () => {
    const envelope = '"run":"r-1","slice":2,"n":3,"device":4,"at":1700000000000.125,"sent":1700000000000.250';
    expect(evaluate(deployedSql, `{"stampede":{${envelope}},"t":1,"padding":"xxx"}`)).toBe(
      `{${envelope},"rule":${nowMs}}`,
    );
    expect(evaluate(deployedSql, '{"t":1, "stampede": {"n" : 3}}')).toBe(`{"n":3,"rule":${nowMs}}`);
  });

  it('leaves out what the message does not have', () => {
    expect(evaluate(deployedSql, '{"stampede":[{"n":1}]}')).toBe(`{"rule":${nowMs}}`);
    expect(evaluate(deployedSql, '7')).toBe(`{"rule":${nowMs}}`);
    expect(evaluate("SELECT a.b AS c FROM 'x'", '{}')).toBe('{}');
  });

  it('says what is not JSON, and what no queue would take', () => {
    expect(evaluate(deployedSql, '')).toBe('notJson');
    expect(evaluate(deployedSql, '{"stampede":{"n":1}')).toBe('notJson');
    expect(evaluate(deployedSql, `${'['.repeat(50)}${']'.repeat(49)}`)).toBe('notJson');
    expect(
      evaluate("SELECT a AS a, a AS b FROM 'x'", JSON.stringify({ a: 'x'.repeat(maxRecordBytes / 2) })),
    ).toBe('tooLarge');
  });

  it('comes to the same on the plain way', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    );
    const envelope = fc.dictionary(fc.constantFrom('run', 'slice', 'n', 'at', 'other'), value);
    fc.assert(
      fc.property(envelope, fc.boolean(), (stampede, isPretty) => {
        const fast = JSON.stringify({ stampede, more: [] }, null, isPretty ? 2 : undefined);
        // A key with an escape takes the plain way.
        const plain = fast.replace('"more"', '"m\\u006fre"');
        expect(JSON.parse(evaluate(deployedSql, fast))).toEqual(JSON.parse(evaluate(deployedSql, plain)));
      }),
    );
  });
});
