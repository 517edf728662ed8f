import { describe, expect, it } from '@jest/globals';
import { fitLines, row } from '../../../../src/cli/output/plan-text-rows.ts';

describe('lines of a plan that are broken', () => {
  const text = 'one two three four five';

  it('are aligned to the text, whatever the label', () => {
    expect(fitLines([row('passes if', text), row('', text), row('cost', 'one')], 25)).toEqual([
      '  passes if   one two',
      '              three four',
      '              five',
      '              one two',
      '              three four',
      '              five',
      '  cost        one',
    ]);
    expect(fitLines([`     0:05  ${text}`, `  ${text}`], 22)).toEqual([
      '     0:05  one two',
      '           three four',
      '           five',
      '  one two three four',
      '  five',
    ]);
  });

  it('keep their style, each its own', () => {
    const [red, end] = ['\u001b[31m', '\u001b[39m'];
    expect(fitLines([`${red}${row('quotas', text)}${end}`], 25)).toEqual([
      `${red}  quotas      one two${end}`,
      `${red}              three four${end}`,
      `${red}              five${end}`,
    ]);
    expect(fitLines([`  one ${red}two${end} three`], 9)).toEqual(['  one two', '  three']);
  });
});
