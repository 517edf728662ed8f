import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** What a bundle of the AWS SDK needs beyond esbuild's own means, for a short cold start: `npm run bench -- cold-start`. */
const leanDependencies = {
  name: 'lean-dependencies',
  setup(build) {
    // Loaded on demand, for operations that stream events; no function calls one. In the bundle it would keep the modules
    // that it shares with every client from being shaken and joined: a tenth of a cold start.
    build.onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const code = path.endsWith('schemas_0.js') ? leanSchemas(path, source) : source;
      return { contents: `${code}\n//# sourceMappingURL=${startOf(basename(path))}`, loader: 'js' };
    });
  },
};

/**
 * Clients whose errors are never distinguished by class. Unregistered, an error comes as the client's base exception,
 * with its name and message, and the classes, more than half of SSM's client, are left out.
 */
const withoutErrorClasses = /[\\/]client-(ssm|lambda)[\\/]/;

function leanSchemas(path, source) {
  const code = withoutComputedKeys(source);
  return withoutErrorClasses.test(path) ? code.replace(/^n0_registry\.registerError\(.*$/gm, '') : code;
}

/**
 * The schemas of every operation that a service has are one file of an SDK client, and of S3's 105 KB the run store needs
 * 17. esbuild keeps them all, because a computed key (`{ [_hE]: 404 }`) might do something when it is evaluated; these are
 * texts, and are put in.
 */
function withoutComputedKeys(source) {
  const texts = new Map(
    [...source.matchAll(/^const (_\w*) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replace(/\[(_\w*)\]:/g, (key, name) => (texts.has(name) ? `${texts.get(name)}:` : key));
}

/**
 * A source map of one entry: all of it comes from the start of `source`. Line by line, dependencies would be nine tenths of
 * a map that Node reads at every cold start; frames of our own sources are what a stack trace is read for.
 */
function startOf(source) {
  const map = { version: 3, sources: [source], names: [], mappings: 'AAAA' };
  return `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
}

export default [leanDependencies];
