import type { SearchMethodName } from '../../profile/search.ts';
import type { SearchMethod } from './method.ts';
import { rampThenBisect } from './ramp-then-bisect.ts';
import { steps } from './steps.ts';

/** By the name that a profile has for it. */
export const searchMethods: Readonly<Record<SearchMethodName, SearchMethod>> = {
  'ramp-then-bisect': rampThenBisect,
  steps,
};
