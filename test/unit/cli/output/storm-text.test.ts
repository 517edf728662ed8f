import { expect, it } from '@jest/globals';
import { renderStormForecasts } from '../../../../src/cli/output/storm-text.ts';
import { plainStyler } from '../../../../src/cli/output/style.ts';
import { forecastStorms } from '../../../../src/plan/storm-forecast.ts';
import { planOf } from '../../../support/measure/run-fixture.ts';

const textOf = (devices: number): string => {
  const plan = planOf({
    devices,
    connect: { backoff: { base: '1s', cap: '30s' } },
    timeline: [{ at: '1s', disconnect: {} }],
  });
  return renderStormForecasts(plan, forecastStorms(plan), { style: plainStyler, columns: 200 }).join('\n');
};

it('rounds the connects that a storm offers, but never to none', () => {
  expect(textOf(4)).toContain(
    '4 devices are disconnected, and in the long run offer less than 1 connect a second;',
  );
  expect(textOf(400)).toMatch(/offer some \d+ connects a second;/);
});
