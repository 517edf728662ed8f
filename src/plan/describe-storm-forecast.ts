import { formatClock, formatElapsed, formatPerSecond, formatPlural } from '../shared/format.ts';
import type { Plan } from './plan.ts';
import type { StormForecast } from './storm-forecast.ts';

/** `At 0:30 of publishing 100,000 devices of meters are disconnected, and in the long run offer some 6,700 connects a second; …` */
export function describeStormForecast(plan: Pick<Plan, 'timeline'>, forecast: StormForecast): string {
  const { storm, offeredPerSecond, grantedPerSecond, leastSeconds, recoverySeconds } = forecast;
  const of = storm.group.group === undefined ? '' : ` of ${storm.group.group}`;
  const at = formatClock(storm.at - plan.timeline.publishAt);
  const [what, offers] =
    storm.devices === 1
      ? ['is disconnected', 'in the long run offers']
      : ['are disconnected', 'in the long run offer'];
  const moves = storm.moves && ` from ${storm.moves.from}, to connect to ${storm.moves.to}`;
  const verbs = `${what}${moves ?? ''}, and ${offers}`;
  const offer = `At ${at} of publishing ${formatPlural(storm.devices, 'device')}${of} ${verbs} ${describeOffered(offeredPerSecond)}`;
  const need =
    grantedPerSecond === undefined
      ? 'no quota of the target’s is known'
      : `at ${formatPerSecond(grantedPerSecond)} they need at least ${formatElapsed(leastSeconds * 1_000)}`;
  const recovery =
    recoverySeconds === null
      ? 'Publishing ends before 99 % of the group are connected again.'
      : `99 % of the group are connected again after some ${formatElapsed(recoverySeconds * 1_000)}.`;
  return `${offer}; ${need}. ${recovery}`;
}

function describeOffered(perSecond: number): string {
  const rounded = twoDigits(perSecond);
  return rounded === 0 ? 'less than 1 connect a second' : `some ${formatPlural(rounded, 'connect')} a second`;
}

/** An order of magnitude, no more: `6,667` → `6,700`. */
function twoDigits(value: number): number {
  return value < 100 ? Math.round(value) : Number(value.toPrecision(2));
}
