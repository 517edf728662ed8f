import Sequencer from '@jest/test-sequencer';

const folders = ['e2e', 'wire', 'unit'];
const rankOf = ({ path }) => folders.findIndex((folder) => path.includes(`/test/${folder}/`));

/** Whole runs first, so that no worker waits for the last of them: what unit tests take divides evenly. */
export default class SlowestFirst extends Sequencer {
  sort(tests) {
    // Within a folder as Jest has them: by how long they took, in a fresh clone by size.
    return [...super.sort(tests)].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
