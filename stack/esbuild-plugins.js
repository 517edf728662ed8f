import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * Maps a dependency's code to its file and no further: line by line it would be nine tenths of a map that Node reads at
 * every cold start. Frames of our own sources are what a stack trace is read for.
 */
const dependenciesByFile = {
  name: 'dependencies-by-file',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\n//# sourceMappingURL=${startOf(basename(path))}`,
      loader: 'js',
    }));
  },
};

/** A source map of one entry: all of it comes from the start of `source`. */
function startOf(source) {
  const map = { version: 3, sources: [source], names: [], mappings: 'AAAA' };
  return `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
}

export default [dependenciesByFile];
