import { describe, expect, it } from '@jest/globals';
import { parseRuleSql, RuleSqlError } from '../../../../src/embedded/iot-core/rules/sql.ts';
import { deployedSql } from '../fixture.ts';

describe('parseRuleSql', () => {
  it('reads the deployed rule', () => {
    const { select, from } = parseRuleSql(deployedSql);
    expect(from).toBe('stampede/#');
    expect(select.map(({ alias }) => alias)).toEqual(['run', 'slice', 'n', 'device', 'at', 'sent', 'rule']);
    expect(select[0]).toEqual({ alias: 'run', expression: { kind: 'path', path: ['stampede', 'run'] } });
    expect(select[6]).toEqual({ alias: 'rule', expression: { kind: 'call', name: 'timestamp' } });
  });

  it('takes keywords and functions in any case, any space, and the last key for a name', () => {
    expect(parseRuleSql("select a.b ,\n\tTimeStamp() as t  from\n'x/+/#'")).toEqual({
      select: [
        { alias: 'b', expression: { kind: 'path', path: ['a', 'b'] } },
        { alias: 't', expression: { kind: 'call', name: 'timestamp' } },
      ],
      from: 'x/+/#',
    });
  });

  it.each([
    ['', /its end.*SELECT/],
    ["SELECT * FROM 'a'", /'\*'/],
    ["SELECT a.b AS c FROM 'a' WHERE c > 1", /'WHERE' after FROM/],
    ["SELECT topic(2) AS d FROM 'a'", /topic\(\)/],
    ["SELECT timestamp() FROM 'a'", /without AS/],
    ["SELECT a[0] AS x FROM 'a'", /'\['/],
    ["SELECT a AS x, b AS x FROM 'a'", /two values as 'x'/],
    ["SELECT a, FROM 'a'", /where FROM is expected/],
    ['SELECT a FROM b', /topic filter/],
    ["SELECT a FROM 'a/#/b'", /'a\/#\/b'/],
    ["SELECT a FROM '$share/g/a'", /not a topic filter/],
    ["SELECT a FROM 'a'; DROP", /unexpected ';'/],
    ["SELECT a + 1 AS b FROM 'a'", /'\+'/],
    ['SELECT a AS b', /its end.*FROM/],
  ])('fails loudly on %s', (sql, message) => {
    expect(() => parseRuleSql(sql)).toThrow(RuleSqlError);
    expect(() => parseRuleSql(sql)).toThrow(message);
  });
});
