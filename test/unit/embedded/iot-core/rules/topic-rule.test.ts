import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ColumnCopier } from '../../../../../src/embedded/iot-core/rules/column-copier.ts';
import { maxRecordBytes, RecordBuffer } from '../../../../../src/embedded/iot-core/rules/record-buffer.ts';
import { parseRuleSql } from '../../../../../src/embedded/iot-core/rules/sql.ts';
import { StatementEvaluator } from '../../../../../src/embedded/iot-core/rules/statement-evaluator.ts';
import { TopicRule } from '../../../../../src/embedded/iot-core/rules/topic-rule.ts';
import { randomCases, sizeOf } from '../../../../support/effort.ts';
import { deployedSql } from '../../../../support/iot-core/fixture.ts';

const nowMs = 1_700_000_000_123;

const context = { topic: 'stampede/r/7/telemetry', clientId: 'device-7', nowMs };

function evaluate(sql: string, payload: string | Buffer, { topic, clientId } = context): string {
  const out = new RecordBuffer();
  const bytes = Buffer.concat([Buffer.from('"'), Buffer.from(payload), Buffer.from('"')]);
  const evaluation = new TopicRule('r', sql).evaluate(
    { bytes, start: 1, end: bytes.length - 1, topic, clientId, nowMs },
    out,
  );
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

  it('reads user properties and bytes of any payload, where it names nothing in it', () => {
    const properties = [
      ['a', '1'],
      ['stampede', 'e'],
      ['a', '2'],
    ].map((value) => ({ id: 0x26, value: value as [string, string] }));
    const of = (select: string, payload: Buffer, list = properties) => {
      const out = new RecordBuffer();
      const input = {
        ...context,
        bytes: payload,
        start: 0,
        end: payload.length,
        headers: { properties: list },
      };
      const evaluation = new TopicRule('r', `SELECT ${select} FROM 'x'`).evaluate(input, out);
      return evaluation === 'selected' ? (JSON.parse(out.body.toString()) as unknown) : evaluation;
    };
    const bytes = Buffer.of(0, 1, 2, 254, 255);
    expect(of("get_user_properties('a') AS a, get_user_properties('stampede') AS s", bytes)).toEqual({
      a: ['1', '2'],
      s: ['e'],
    });
    expect(of("get_user_properties('b') AS b, timestamp() AS t", bytes)).toEqual({ t: nowMs });
    expect(of("get_user_properties('a') AS a", bytes, [])).toEqual({});
    expect(of("encode(*, 'base64') AS all", bytes)).toEqual({ all: 'AAEC/v8=' });
    expect(of("substring(encode(*, 'base64'), 0, 4) AS head, substring('012345', 2) AS rest", bytes)).toEqual(
      { head: 'AAEC', rest: '2345' },
    );
    expect(of("substring(encode(*, 'base64'), 0, 400) AS head", Buffer.alloc(0))).toEqual({ head: '' });
    expect(of("encode(*, 'hex') AS x, encode('a', 'base64') AS y, substring(3, 0) AS z", bytes)).toEqual({});
    expect(of("encode(*, 'base64') AS all, a", bytes)).toBe('notJson');
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

  it('is not brought down by what is nested deeper than can be written again', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(evaluate(deployedSql, `{"stampede":{"n":${deep}}}`)).toBe('tooLarge');
    expect(evaluate("SELECT * FROM 'x' WHERE a = b", `{"a":${deep},"b":${deep}}`)).toBe('tooLarge');
  });

  it('comes to the same by the short way and by the general one', () => {
    const statement = parseRuleSql(deployedSql);
    const copier = ColumnCopier.of(statement)!;
    const evaluator = new StatementEvaluator(statement);
    const out = new RecordBuffer();
    const general = (text: string) => {
      const evaluation = evaluator.evaluate({ ...context, payload: Buffer.from(text) }, out);
      return evaluation === 'selected' ? (JSON.parse(out.body.toString()) as unknown) : evaluation;
    };
    let decided = 0;
    const short = (text: string) => {
      const bytes = Buffer.from(text);
      const outcome = copier.copy({ bytes, start: 0, end: bytes.length, nowMs }, out);
      if (outcome !== 'undecided') decided++;
      if (outcome === 'undecided') return general(text);
      return outcome === 'selected' ? (JSON.parse(out.body.toString()) as unknown) : outcome;
    };
    const key = fc.constantFrom('run', 'slice', 'n', 'device', 'at', 'sent', 'other', '__proto__', 'a"b');
    const envelope = fc.oneof(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })), fc.jsonValue());
    const message = fc.record({ stampede: envelope, more: fc.jsonValue() }, { requiredKeys: [] });
    const text = fc
      .tuple(message, fc.boolean(), fc.option(fc.nat(400), { freq: 5 }))
      .map(([value, pretty, cut]) => {
        const whole = JSON.stringify(value, null, pretty ? 1 : undefined);
        return cut === null ? whole : whole.slice(0, cut);
      });
    fc.assert(
      fc.property(text, (written) => {
        expect(short(written)).toEqual(general(written));
      }),
      randomCases(2_000),
    );
    expect(decided).toBeGreaterThan(sizeOf(1_000, 250));
  });

  it('goes the short way where it only copies', () => {
    const goesShort = (sql: string) => ColumnCopier.of(parseRuleSql(sql)) !== undefined;
    expect(goesShort(deployedSql)).toBe(true);
    expect(goesShort("SELECT * FROM 'a'")).toBe(false);
    expect(goesShort("SELECT a, topic(1) AS t FROM 'a'")).toBe(false);
    expect(goesShort("SELECT a FROM 'a' WHERE a = 1")).toBe(false);
  });

  it.each([
    ['*', '{"a":1,"b":[2]}', '{"a":1,"b":[2]}'],
    ['*', '[1,2]', '[1,2]'],
    ['*, timestamp() AS a', '{"a":1,"__proto__":2}', `{"a":${nowMs},"__proto__":2}`],
    ['*, a AS c', '7', '{}'],
    ['topic() AS t, topic(2) AS r, topic(9) AS none', '{}', '{"t":"stampede/r/7/telemetry","r":"r"}'],
    ['clientid() AS id', '{}', '{"id":"device-7"}'],
    ['mod(a, 3) AS m, a % 4 AS p, mod(a, 0) AS z', '{"a":-7}', '{"m":-1,"p":-3}'],
    ['a + 1 AS s, a - 1 AS d, a * 2 AS p, -a AS n', '{"a":2.5}', '{"s":3.5,"d":1.5,"p":5,"n":-2.5}'],
    ['a / 2 AS int, b / 2 AS dec, a / 0 AS none', '{"a":5,"b":5.5}', '{"int":2,"dec":2.75}'],
    ["a + 'x' AS s, 'x' + b AS o, b + 1 AS none", '{"a":5,"b":{"c":1}}', '{"s":"5x","o":"x{\\"c\\":1}"}'],
    ["'2.5' * 2 AS p, 'a' * 2 AS none, NULL AS n, TRUE AS t", '{}', '{"p":5,"n":null,"t":true}'],
    ['(a + 1) * 2 AS x, a + 1 * 2 AS y', '{"a":3}', '{"x":8,"y":5}'],
  ])('SELECT %s of %s is %s', (select, message, expected) => {
    expect(evaluate(`SELECT ${select} FROM 'x'`, message)).toBe(expected);
  });

  it('has no client over HTTP, and no prefix of Basic Ingest', () => {
    const overHttp = { ...context, topic: '$aws/rules/arrivals/stampede/x' };
    const withoutClient = new TopicRule('r', "SELECT clientid() AS id, topic() AS t FROM 'x'");
    const out = new RecordBuffer();
    const bytes = Buffer.from('{}');
    withoutClient.evaluate({ ...overHttp, bytes, start: 0, end: 2, clientId: undefined }, out);
    expect(out.body.toString()).toBe('{"id":"n/a","t":"stampede/x"}');
  });

  it.each<[where: string, message: string, isTrue: boolean]>([
    ['a > 50', '{"a":51}', true],
    ['a > 50', '{"a":50}', false],
    ['a >= 50 AND a <= 50', '{"a":"50"}', true],
    ["a < 'x'", '{"a":1}', false],
    ["state = 'on'", '{"state":"on"}', true],
    ["state <> 'on'", '{"state":1}', true],
    ["state <> 'on'", '{}', false],
    ["NOT state = 'on'", '{}', false],
    ['a = b', '{"a":{"x":1,"y":[2]},"b":{"y":[2],"x":1}}', true],
    ['a = b', '{"a":[1,2],"b":[2,1]}', false],
    ['a = NULL', '{"a":null}', true],
    ["a = 1 OR topic(2) = 'r'", '{"a":2}', true],
    ['a = 1 OR missing', '{"a":1}', false],
    ['flag AND NOT other', '{"flag":"TRUE","other":false}', true],
    ['flag', '{"flag":"true"}', true],
    ['flag', '{"flag":1}', false],
    ['mod(stampede.n, 2) = 0', '{"stampede":{"n":4}}', true],
    ['(a = 1 OR b = 1) AND c = 1', '{"a":1,"c":2}', false],
    ['a - 1 < b * 2', '{"a":4,"b":2}', true],
  ])('WHERE %s of %s is %s', (where, message, isTrue) => {
    expect(evaluate(`SELECT a FROM 'x' WHERE ${where}`, message) !== 'filtered').toBe(isTrue);
  });
});
