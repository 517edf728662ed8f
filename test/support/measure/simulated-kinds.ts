import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { type SimulatedRun, type SimulationOptions, simulate } from '../device/make-run.ts';
import { planOf } from './run-fixture.ts';

interface Envelope {
  readonly stream?: number;
  readonly n: number;
}

interface SimulatedKinds {
  readonly profile: Readonly<Record<string, unknown>>;
  readonly behaviour?: SimulationOptions['behaviour'];
  readonly script?: SimulationOptions['script'];
  /** How often a message comes to the rule; once, unless said. */
  readonly copiesOf?: (message: Required<Envelope>, topic: string) => number;
  /** What is stored of a slice, and when it died: epoch milliseconds. By default its end. */
  readonly storedOf?: (run: SimulatedRun) => StoredSlice;
}

interface StoredSlice {
  readonly result: SliceResult;
  readonly diedAt?: number;
}

/** Each slice of a plan in virtual time, and what came of it to the rule 40 ms later. */
export async function ledgerOfKinds(run: SimulatedKinds): Promise<{ plan: Plan; ledger: RunLedger }> {
  const {
    profile,
    behaviour = {},
    copiesOf = () => 1,
    storedOf = ({ result }): StoredSlice => ({ result }),
  } = run;
  const plan = planOf({ stages: undefined, duration: '10s', ...profile });
  const ledger = makeLedger(plan);
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const simulated = await simulate({ plan, slice, behaviour, ...(run.script && { script: run.script }) });
    const { result, diedAt } = storedOf(simulated);
    ledger.addSlice(result);
    if (diedAt !== undefined)
      ledger.addDeath({ slice, leg: 0, at: diedAt, failure: { Error: 'Runtime.ExitError' } });
    const Records = simulated.transport.published.flatMap(({ message, topic, atMs }, i) => {
      const { stampede } = JSON.parse(message) as { stampede: Envelope };
      const copies = copiesOf({ stream: 0, ...stampede }, topic);
      return Array.from({ length: copies }, (_, copy) => ({
        messageId: `${slice}-${i}-${copy}`,
        body: JSON.stringify({ ...stampede, rule: Math.floor(atMs + 20) }),
        attributes: { SentTimestamp: String(Math.floor(atMs + 40)) },
      }));
    });
    for (const window of measureArrivals({ Records }, plan.timeline.publishEndAt).windows)
      ledger.addWindow(window);
  }
  return { plan, ledger: ledger.close() };
}

/** Figures of each group and kind that are not 0, by `group/kind`. */
export function figuresOf(ledger: RunLedger): Record<string, Readonly<Record<string, number>>> {
  const imbalances = checkLedger(ledger);
  if (imbalances.length > 0) throw new Error(JSON.stringify(imbalances));
  return Object.fromEntries(
    ledger.groups.flatMap(({ group = '', kinds }) =>
      kinds.map(({ kind, messages, observers, arrivals, latencies }) => {
        const { rule, echo } = observers;
        const figures = {
          ...messages,
          received: rule?.received ?? 0,
          lost: rule?.missing ?? 0,
          duplicates: arrivals - (rule?.received ?? 0),
          samples: latencies.end_to_end_latency.count,
          echoDue: echo?.due ?? 0,
          echoLost: echo?.missing ?? 0,
        };
        const counted = Object.entries(figures).filter(([, count]) => count !== 0);
        return [`${group}/${kind}`, Object.fromEntries(counted)];
      }),
    ),
  );
}
