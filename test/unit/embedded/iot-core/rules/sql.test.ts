import { describe, expect, it } from '@jest/globals';
import { parseRuleSql, RuleSqlError } from '../../../../../src/embedded/iot-core/rules/sql.ts';
import { deployedSql } from '../../../../support/iot-core/fixture.ts';

describe('parseRuleSql', () => {
  it('reads the deployed rule', () => {
    const { selectsAll, select, from, where } = parseRuleSql(deployedSql);
    expect({ selectsAll, from, where }).toEqual({ selectsAll: false, from: 'stampede/#', where: undefined });
    expect(select.map(({ alias }) => alias)).toEqual([
      'run',
      'slice',
      'deviceGroup',
      'stream',
      'n',
      'device',
      'at',
      'sent',
      'rule',
    ]);
    expect(select[0]).toEqual({ alias: 'run', expression: { kind: 'path', path: ['stampede', 'run'] } });
    expect(select[8]).toMatchObject({
      alias: 'rule',
      expression: { kind: 'call', function: { name: 'timestamp' } },
    });
  });

  it('takes keywords and functions in any case, any space, and the last key for a name', () => {
    expect(parseRuleSql("select a.b ,\n\tTimeStamp() as t  from\n'x/+/#'")).toMatchObject({
      select: [
        { alias: 'b', expression: { kind: 'path', path: ['a', 'b'] } },
        { alias: 't', expression: { kind: 'call', function: { name: 'timestamp' } } },
      ],
      from: 'x/+/#',
    });
  });

  it('binds OR, AND, NOT, comparison, sum, product, sign, each tighter than the one before', () => {
    const { where } = parseRuleSql("SELECT * FROM 'a' WHERE x OR NOT a + 2 * -b >= 3 AND y");
    const path = (name: string) => ({ kind: 'path', path: [name] });
    expect(where).toEqual({
      kind: 'or',
      left: path('x'),
      right: {
        kind: 'and',
        left: {
          kind: 'not',
          operand: {
            kind: 'comparison',
            operator: '>=',
            left: {
              kind: 'arithmetic',
              operator: '+',
              left: path('a'),
              right: {
                kind: 'arithmetic',
                operator: '*',
                left: { kind: 'literal', value: 2 },
                right: { kind: 'negate', operand: path('b') },
              },
            },
            right: { kind: 'literal', value: 3 },
          },
        },
        right: path('y'),
      },
    });
  });

  it.each([
    ['', /its end.*SELECT/],
    ["SET @a = 1 SELECT a FROM 'a'", /unexpected '@'/],
    ["SET a = 1 SELECT a FROM 'a'", /has SET/],
    ["SELECT VALUE a FROM 'a'", /SELECT VALUE/],
    ["SELECT timestamp() FROM 'a'", /timestamp\(\) without AS/],
    ["SELECT a + 1 FROM 'a'", /arithmetic without AS/],
    ["SELECT a AS b.c FROM 'a'", /nested name after AS/],
    ["SELECT a[0] AS x FROM 'a'", /'\[' \(an array/],
    ["SELECT [1] AS x FROM 'a'", /'\[' \(an array/],
    ["SELECT {'a': 1} AS x FROM 'a'", /'{' \(an object/],
    ["SELECT a AS x, b AS x FROM 'a'", /two values as 'x'/],
    ["SELECT a, FROM 'a'", /has FROM where a path/],
    ["SELECT * FROM 'a' WHERE AND", /has AND where a path/],
    ["SELECT * FROM 'a' WHERE a OR or", /has OR where a path/],
    ["SELECT a, * FROM 'a'", /'\*' where a path/],
    ['SELECT a FROM b', /topic filter/],
    ["SELECT a FROM 'a/#/b'", /'a\/#\/b'/],
    ["SELECT a FROM '$share/g/a'", /not a topic filter/],
    ["SELECT a FROM 'a'; DROP", /unexpected ';'/],
    ['SELECT a AS b', /its end.*FROM/],
    ["SELECT a FROM 'a' GROUP", /'GROUP' after FROM/],
    ["SELECT a FROM 'a' WHERE a = 1 b", /'b' after WHERE/],
    ["SELECT a FROM 'a' WHERE a IN (1)", /has IN,/],
    ["SELECT a FROM 'a' WHERE EXISTS (SELECT * FROM b)", /calls EXISTS|has EXISTS/],
    ["SELECT (SELECT v FROM e) AS x FROM 'a'", /has SELECT,/],
    ["SELECT CASE a WHEN 1 THEN 2 END AS x FROM 'a'", /has CASE,/],
    ["SELECT abs(a) AS x FROM 'a'", /calls abs\(\).*supported are timestamp\(\), topic\(\)/],
    ["SELECT mod(a) AS x FROM 'a'", /mod\(\) with 1 arguments instead of 2/],
    ["SELECT topic(1, 2) AS x FROM 'a'", /topic\(\) with 2 arguments instead of 0 to 1/],
    ["SELECT a FROM 'a' WHERE (a = 1", /its end.*'\)'/],
    ['SELECT a FROM \'a\' WHERE a = "b"', /unexpected '"'/],
    ["SELECT a FROM 'a' WHERE a = Undefined", /has UNDEFINED/],
  ])('fails loudly on %s', (sql, message) => {
    expect(() => parseRuleSql(sql)).toThrow(RuleSqlError);
    expect(() => parseRuleSql(sql)).toThrow(message);
  });
});
