import type * as globals from '@jest/globals';

/** What a test file gets for `@jest/globals`: the functions of the file that runs, as `native-modules.ts` leaves them. */
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test } =
  globalThis as unknown as typeof globals;
