/**
 * The layers of docs/architecture.md: a file imports its own folder and those before it, type imports included.
 * shared → profile → targets → plan → measure → live → device → report → aws → worker | embedded → cli → ui
 */
const layers = [
  ['shared'],
  ['profile'],
  ['targets'],
  ['plan'],
  ['measure'],
  ['live'],
  ['device'],
  ['report'],
  ['aws'],
  ['worker', 'embedded'],
  ['cli'],
  ['ui'],
];
const pure = 'shared|profile|targets|plan|measure|live';

const layerRules = layers.flatMap((sameRank, rank) => {
  const before = layers.slice(0, rank).flat();
  return sameRank.map((layer) => {
    const allowed = before.filter((name) => !(layer === 'embedded' && name === 'aws'));
    return {
      name: `${layer}-imports-only-layers-before-it`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: '^(src|functions|scripts)/', pathNot: `^src/(${[layer, ...allowed].join('|')})/` },
    };
  });
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'pure-layers-do-no-io',
      comment: 'no sockets, no files, no processes, no SDK; time and randomness are arguments',
      severity: 'error',
      from: { path: `^src/(${pure})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-layers-know-no-sdk',
      severity: 'error',
      from: { path: `^src/(${pure})/` },
      to: { path: 'node_modules/(@aws-sdk|aws-|@influxdata|mqtt)' },
    },
    {
      name: 'functions-only-compose',
      comment: 'what runs on Lambda imports neither the embedded services nor the command line',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^src/(embedded|cli|ui)/|^scripts/' },
    },
    {
      name: 'no-layer-imports-the-roots',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(src/(main|library)\\.ts|functions/|scripts/|test/)' },
    },
    {
      name: 'pages-run-in-a-browser',
      comment:
        'the live page serves its modules as they are: no node: built-ins, no packages, pure layers only',
      severity: 'error',
      from: { path: '^src/ui/page/' },
      to: { path: '^(src|functions|scripts)/', pathNot: `^src/(ui/page|report|${pure})/` },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^(src|functions)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'unknown', 'undetermined'] },
    },
    {
      name: 'effort-in-test-files',
      comment: 'jest.integration.config.mjs finds the tests whose size depends on it by their own imports',
      severity: 'error',
      from: { path: '^test/support/' },
      to: { path: '^test/support/effort' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'a file that nothing imports',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/library' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
