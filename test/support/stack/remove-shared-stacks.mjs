import { rm } from 'node:fs/promises';

/** At the end of a run of Jest: what its tests packaged. */
export default function removeSharedStacks() {
  return rm(process.env.TEST_STACKS, { recursive: true, force: true });
}
