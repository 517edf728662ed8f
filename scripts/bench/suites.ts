import type { Suite } from './suite.ts';
import { broker } from './suites/broker.ts';
import { coldStart } from './suites/cold-start.ts';
import { connections } from './suites/connections.ts';
import { endToEnd } from './suites/end-to-end.ts';
import { generator } from './suites/generator.ts';
import { measure } from './suites/measure.ts';
import { network } from './suites/network.ts';
import { plan } from './suites/plan.ts';
import { punctuality } from './suites/punctuality.ts';
import { scale } from './suites/scale.ts';
import { targets } from './suites/targets.ts';
import { templates } from './suites/templates.ts';

/** In the order in which they run. */
export const suites: readonly Suite[] = [
  generator,
  connections,
  punctuality,
  broker,
  measure,
  plan,
  templates,
  scale,
  coldStart,
  endToEnd,
  targets,
  network,
];
